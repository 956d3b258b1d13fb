/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/status: lines that may be missing, malformed, or made up by whoever named the process. */
#include "unit.h"

#include "proc_status.h"

#define LINES_ALL                                                                                              \
	(STATUS_NAME | STATUS_TGID | STATUS_PPID | STATUS_UID | STATUS_THREADS | STATUS_RSS | STATUS_ALLOWED | \
	 STATUS_ACTIVE)

/* Of Linux 6.12 with the patch, 6 possible CPUs. */
static const char patched[] = "Name:\tpostgres\n"
			      "Umask:\t0022\n"
			      "State:\tS (sleeping)\n"
			      "Tgid:\t1213\n"
			      "Ngid:\t0\n"
			      "Pid:\t1214\n"
			      "PPid:\t7\n"
			      "TracerPid:\t0\n"
			      "Uid:\t1000\t1001\t1002\t1003\n"
			      "Gid:\t2000\t2000\t2000\t2000\n"
			      "FDSize:\t256\n"
			      "Groups:\t4 24 27 \n"
			      "NStgid:\t1213\n"
			      "NSpid:\t1214\n"
			      "Kthread:\t0\n"
			      "VmPeak:\t    3060 kB\n"
			      "VmHWM:\t    9999 kB\n"
			      "VmRSS:\t    1616 kB\n"
			      "RssAnon:\t     112 kB\n"
			      "Threads:\t3\n"
			      "SigQ:\t0/96365\n"
			      "Cpus_allowed:\t3f\n"
			      "Cpus_allowed_list:\t0-5\n"
			      "Cpus_active_mm:\t05\n"
			      "Cpus_active_mm_list:\t0,2\n"
			      "Mems_allowed:\t00000000,00000001\n"
			      "Mems_allowed_list:\t0\n"
			      "voluntary_ctxt_switches:\t0\n";

static const char kthread[] = "Name:\tkworker/0:1-events\n"
			      "State:\tI (idle)\n"
			      "Tgid:\t2\n"
			      "Pid:\t2\n"
			      "PPid:\t0\n"
			      "Uid:\t0\t0\t0\t0\n"
			      "Groups:\t \n"
			      "Kthread:\t1\n"
			      "Threads:\t1\n"
			      "Cpus_allowed:\t1\n"
			      "Cpus_allowed_list:\t0\n";

static void parse(const char *text, struct proc_status *ret)
{
	static char copy[4096];

	assert_true(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	proc_status_parse(copy, ret);
}

static void reads_a_patched_kernel(void **state)
{
	struct proc_status status;

	(void)state;
	parse(patched, &status);
	assert_int_equal(status.lines, LINES_ALL);
	assert_string_equal(status.name, "postgres");
	assert_int_equal(status.tgid, 1213);
	assert_int_equal(status.ppid, 7);
	assert_int_equal(status.uid, 1001);
	assert_int_equal(status.threads, 3);
	assert_int_equal(status.rss_kib, 1616);
	assert_string_equal(status.allowed_mask, "3f");
	assert_string_equal(status.active_mask, "05");
}

static void reads_a_kernel_thread(void **state)
{
	struct proc_status status;

	(void)state;
	parse(kthread, &status);
	assert_int_equal(status.lines, LINES_ALL & ~(STATUS_RSS | STATUS_ACTIVE));
	assert_string_equal(status.name, "kworker/0:1-eve"); /* 15 bytes */
	assert_int_equal(status.uid, 0);
	assert_int_equal(status.ppid, 0);
	assert_null(status.active_mask);
}

static void nothing_is_nothing(void **state)
{
	static const char *const texts[] = { "", "\n", "\n\n\n", "\r\n", ":", ":\t", ":\n:\t\n", "Name", "Tgid 5" };

	(void)state;
	for (size_t i = 0; i < NR(texts); i++) {
		struct proc_status status;

		memset(&status, 0xff, sizeof(status));
		parse(texts[i], &status);
		check(status.lines == 0, "'%s': lines 0x%x", texts[i], status.lines);
		assert_string_equal(status.name, "");
		assert_null(status.allowed_mask);
		assert_null(status.active_mask);
	}
}

static void each_line_alone(void **state)
{
	static const struct {
		const char *text;
		uint32_t line; /* 0: counts as absent */
	} cases[] = {
		{ "Tgid:\t1\n", STATUS_TGID },
		{ "Tgid:\t1", STATUS_TGID }, /* cut off */
		{ "Tgid:\t2147483647\n", STATUS_TGID },
		{ "Tgid:\t2147483648\n", 0 },
		{ "Tgid:\t0\n", 0 },
		{ "Tgid:\t-1\n", 0 },
		{ "Tgid:\tx\n", 0 },
		{ "Tgid:\t\n", 0 },
		{ "Tgid:1\n", 0 },
		{ "Tgid:12\n", 0 },
		{ "Tgid: 12\n", 0 },
		{ "Tgid:", 0 },
		{ "Tgid 1\n", 0 },
		{ " Tgid:\t1\n", 0 },
		{ "tgid:\t1\n", 0 },
		{ "Tgid\t:\t1\n", 0 },
		{ "NStgid:\t1\n", 0 },
		{ "PPid:\t0\n", STATUS_PPID },
		{ "PPid:\t-1\n", 0 },
		{ "Pid:\t5\n", 0 },
		{ "Uid:\t0\t0\t0\t0\n", STATUS_UID },
		{ "Uid:\t0\t4294967295\n", STATUS_UID },
		{ "Uid:\t0\t4294967296\n", 0 },
		{ "Uid:\t0\n", 0 },
		{ "Uid:\t0\tx\n", 0 },
		{ "Gid:\t0\t0\t0\t0\n", 0 },
		{ "VmRSS:\t       0 kB\n", STATUS_RSS },
		{ "VmRSS:\t kB\n", STATUS_RSS },
		{ "VmHWM:\t     100 kB\n", 0 },
		{ "Threads:\t1\n", STATUS_THREADS },
		{ "Threads:\t-1\n", 0 },
		{ "Threads:\t4294967296\n", 0 },
		{ "Cpus_allowed:\tff\n", STATUS_ALLOWED },
		{ "Cpus_allowed_list:\t0-7\n", 0 },
		{ "Cpus_active_mm:\tff\n", STATUS_ACTIVE },
		{ "Cpus_active_mm_list:\t0-7\n", 0 },
		{ "Cpus_active:\tff\n", 0 },
		{ "Cpus_active_mm:\t\n", STATUS_ACTIVE }, /* whoever reads the mask will refuse it */
		{ "Name:\t\n", STATUS_NAME },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct proc_status status;

		parse(cases[i].text, &status);
		check(status.lines == cases[i].line, "'%s': lines 0x%x", cases[i].text, status.lines);
	}
}

/* Each known line missing: the others are read all the same. */
static void one_line_missing(void **state)
{
	static const struct {
		const char *start;
		uint32_t line;
	} lines[] = {
		{ "Name:", STATUS_NAME },
		{ "Tgid:", STATUS_TGID },
		{ "PPid:", STATUS_PPID },
		{ "Uid:", STATUS_UID },
		{ "VmRSS:", STATUS_RSS },
		{ "Threads:", STATUS_THREADS },
		{ "Cpus_allowed:", STATUS_ALLOWED },
		{ "Cpus_active_mm:", STATUS_ACTIVE },
	};

	(void)state;
	for (size_t i = 0; i < NR(lines); i++) {
		struct proc_status status;
		char text[sizeof(patched)];

		strcpy(text, patched);
		strstr(text, lines[i].start)[0] = '#';
		parse(text, &status);
		check(status.lines == (LINES_ALL & ~lines[i].line), "without %s: 0x%x", lines[i].start, status.lines);
	}
}

static void unescapes_names(void **state)
{
	static const struct {
		const char *written; /* by the kernel */
		const char *name;
	} cases[] = {
		{ "a b", "a b" },
		{ " a ", " a " },
		{ "a\tb", "a\tb" },
		{ "(sd-pam)", "(sd-pam)" },
		{ ")(", ")(" },
		{ "a:b", "a:b" },
		{ "a\\nb", "a\nb" },
		{ "a\\\\b", "a\\b" },
		{ "a\\\\nb", "a\\nb" }, /* a backslash and an n */
		{ "\\\\\\n", "\\\n" },
		{ "a\\", "a\\" },   /* no kernel writes these … */
		{ "a\\x", "a\\x" }, /* … but they lose nothing */
		{ "\x1b[31m", "\x1b[31m" },
		{ "\xff\xfe\xc3", "\xff\xfe\xc3" },
		{ "\"'`$", "\"'`$" },
		{ "x\\nUid:\t0\t0", "x\nUid:\t0\t0" },
		{ "\\nTgid:\t1", "\nTgid:\t1" },
		{ "Name:\tx", "Name:\tx" },
		{ "123456789012345", "123456789012345" },
		{ "1234567890123456", "123456789012345" },
		{ "\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\", "\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\" },
		{ "\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n", "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n" },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct proc_status status;
		char text[256];

		snprintf(text, sizeof(text), "Name:\t%s\nTgid:\t77\nUid:\t5\t6\t7\t8\n", cases[i].written);
		parse(text, &status);
		check(strcmp(status.name, cases[i].name) == 0, "'%s': '%s'", cases[i].written, status.name);
		assert_int_equal(status.lines, STATUS_NAME | STATUS_TGID | STATUS_UID);
		assert_int_equal(status.tgid, 77); /* the name was no line of its own */
		assert_int_equal(status.uid, 6);
	}
}

static void first_of_equal_lines_counts(void **state)
{
	struct proc_status status;

	(void)state;
	parse("Tgid:\t5\nTgid:\t6\nCpus_active_mm:\t1\nCpus_active_mm:\t2\n", &status);
	assert_int_equal(status.tgid, 5);
	assert_string_equal(status.active_mask, "1");
	parse("Tgid:\tx\nTgid:\t6\n", &status); /* a malformed one is as good as absent */
	assert_int_equal(status.tgid, 6);
}

static void survives_line_ends_of_others(void **state)
{
	struct proc_status status;

	(void)state;
	parse("Name:\tcat\r\nTgid:\t5\r\nUid:\t1\t2\t3\t4\r\nVmRSS:\t  8 kB\r\nCpus_allowed:\tf\r\n\r\n", &status);
	assert_int_equal(status.lines, STATUS_NAME | STATUS_TGID | STATUS_UID | STATUS_RSS | STATUS_ALLOWED);
	assert_int_equal(status.tgid, 5);
	assert_int_equal(status.uid, 2);
	parse("Name:\tcat\rTgid:\t5\r", &status);
	assert_int_equal(status.lines, STATUS_NAME);
}

/* 65,536 supplementary groups, the limit of the kernel. */
static void reads_past_many_groups(void **state)
{
	size_t size = 65536 * 11 + 1024;
	char *text = malloc(size);
	struct proc_status status;
	int length;

	(void)state;
	assert_non_null(text);
	length = sprintf(text, "Name:\tx\nTgid:\t9\nGroups:\t");
	for (int i = 0; i < 65536; i++)
		length += sprintf(text + length, "%u ", 4294901760u + (unsigned int)i);
	assert_true(length > 700 * 1024);
	sprintf(text + length, "\nThreads:\t2\nCpus_allowed:\tf\n");
	proc_status_parse(text, &status);
	assert_int_equal(status.lines, STATUS_NAME | STATUS_TGID | STATUS_THREADS | STATUS_ALLOWED);
	assert_int_equal(status.threads, 2);
	assert_string_equal(status.allowed_mask, "f");
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_patched_kernel),
		cmocka_unit_test(reads_a_kernel_thread),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(each_line_alone),
		cmocka_unit_test(one_line_missing),
		cmocka_unit_test(unescapes_names),
		cmocka_unit_test(first_of_equal_lines_counts),
		cmocka_unit_test(survives_line_ends_of_others),
		cmocka_unit_test(reads_past_many_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
