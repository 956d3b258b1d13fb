/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel does to memory on its own, as a captured machine tells: NUMA balancing, khugepaged, KSM. */
#include "machine.h"

#define THP "sys/kernel/mm/transparent_hugepage/"

static void check_text(const struct tree *tree, enum mmcpus_system_text which, const char *expected, const char *about)
{
	struct mmcpus_system *sys;
	struct mmcpus_reason why = { 0 };
	const char *text;

	check(mmcpus_system_open(tree->root, &sys, &why) == 0, "%s", why.what);
	text = mmcpus_system_text(sys, which);
	check(expected ? text && strcmp(text, expected) == 0 : !text, "%s: '%s' instead of '%s'", about,
	      text ? text : "(unknown)", expected ? expected : "(unknown)");
	mmcpus_system_close(sys);
}

static void reads_switches(void **state)
{
	static const struct {
		const char *content;
		const char *expected;
	} cases[] = {
		{ "0\n", "0" }, { "1\n", "1" },   { "2\n", "2" },   { "3", "3" },
		{ "\n", NULL }, { "on\n", NULL }, { "-1\n", NULL }, { "99999999999\n", NULL },
	};

	write_machine(*state);
	for (size_t i = 0; i < NR(cases); i++) {
		tree_write(*state, "proc/sys/kernel/numa_balancing", cases[i].content);
		tree_write(*state, "sys/kernel/mm/ksm/run", cases[i].content);
		check_text(*state, MMCPUS_SYSTEM_NUMA_BALANCING, cases[i].expected, cases[i].content);
		check_text(*state, MMCPUS_SYSTEM_KSM, cases[i].expected, cases[i].content);
	}
}

static void reads_khugepaged(void **state)
{
	static const struct {
		const char *enabled;
		const char *shmem;
		const char *expected;
	} cases[] = {
		{ "always madvise [never]\n", "always within_size advise [never] deny force\n", "never" },
		{ "always [madvise] never\n", "always within_size advise [never] deny force\n", "madvise" },
		{ "[always] madvise never\n", "always within_size advise [never] deny force\n", "always" },
		{ "always madvise [never]\n", "always within_size [advise] never deny force\n", "madvise" },
		{ "always [madvise] never\n", "always [within_size] advise never deny force\n", "always" },
		{ "always madvise [never]\n", "always within_size advise never deny [force]\n", "always" },
		{ "always madvise [never]\n", "always within_size advise never [deny] force\n", "never" },
		{ "always madvise [never]\n", "", "never" },
		{ "always madvise never\n", "[always]\n", NULL },
		{ "always madvise [sometimes]\n", "[never]\n", NULL },
		{ "always [madvise\n", "[never]\n", NULL },
		{ "", "[never]\n", NULL },
	};

	write_machine(*state);
	for (size_t i = 0; i < NR(cases); i++) {
		tree_write(*state, THP "enabled", cases[i].enabled);
		tree_write(*state, THP "shmem_enabled", cases[i].shmem);
		check_text(*state, MMCPUS_SYSTEM_KHUGEPAGED, cases[i].expected, cases[i].enabled);
	}
}

/* The files for the size that khugepaged makes have the last word, if they do not leave it to the others. */
static void the_size_decides(void **state)
{
	static const struct {
		const char *all;
		const char *of_size;
		const char *expected;
	} cases[] = {
		{ "[always] madvise never\n", "always [inherit] madvise never\n", "always" },
		{ "[always] madvise never\n", "always inherit madvise [never]\n", "never" },
		{ "always madvise [never]\n", "always inherit [madvise] never\n", "madvise" },
		{ "always madvise [never]\n", "always [inherit] madvise never\n", "never" },
		{ "always madvise [never]\n", "nonsense\n", "never" },
	};

	write_machine(*state);
	tree_write(*state, THP "hpage_pmd_size", "2097152\n");
	tree_write(*state, THP "hugepages-64kB/enabled", "[always] inherit madvise never\n");
	for (size_t i = 0; i < NR(cases); i++) {
		tree_write(*state, THP "enabled", cases[i].all);
		tree_write(*state, THP "hugepages-2048kB/enabled", cases[i].of_size);
		check_text(*state, MMCPUS_SYSTEM_KHUGEPAGED, cases[i].expected, cases[i].of_size);
	}
}

/* That a file is missing says that the kernel has no such feature only where its neighbours are seen. */
static void tells_absent_from_unknown(void **state)
{
	write_machine(*state);
	check_text(*state, MMCPUS_SYSTEM_NUMA_BALANCING, NULL, "not captured");
	check_text(*state, MMCPUS_SYSTEM_KHUGEPAGED, NULL, "nothing captured");
	check_text(*state, MMCPUS_SYSTEM_KSM, NULL, "nothing captured");
	tree_write(*state, "sys/kernel/mm/ksm/run", "1\n");
	check_text(*state, MMCPUS_SYSTEM_KHUGEPAGED, "never", "no huge pages");
	check_text(*state, MMCPUS_SYSTEM_KSM, "1", "KSM");
	assert_int_equal(unlink(tree_path(*state, "sys/kernel/mm/ksm/run")), 0);
	assert_int_equal(rmdir(tree_path(*state, "sys/kernel/mm/ksm")), 0);
	check_text(*state, MMCPUS_SYSTEM_KSM, "0", "no KSM");
	tree_mkdir(*state, THP "khugepaged");
	check_text(*state, MMCPUS_SYSTEM_KHUGEPAGED, NULL, "huge pages, of which nothing is known");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(reads_switches),
		tree_test(reads_khugepaged),
		tree_test(the_size_decides),
		tree_test(tells_absent_from_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
