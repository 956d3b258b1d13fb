/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of /proc/interrupts, as kernels write them and as they don't. */
#include "unit.h"

#include "interrupts.h"
#include "lines.h"

static const char wide[] = "           CPU0       CPU2       \n"
			   "  0:         44          0   IO-APIC   2-edge      timer\n"
			   "RES:          1          2   Rescheduling interrupts\n"
			   "TLB:         40      50000   TLB shootdowns\n"
			   "ERR:          0\n";
static const char narrow[] = "     CPU0 CPU2\n   0:   44    0 IO-APIC 2-edge timer\n TLB:   40 50000 TLB shootdowns\n";

static int sum_lines(const char *text, size_t length, const char *name, const struct mmcpus_cpuset *cpus,
		     struct interrupts_row *ret)
{
	struct line_reader lines = lines_of(text, length, INTERRUPTS_LINE_MAX);
	int err = interrupts_sum(&lines, name, cpus, ret);

	line_reader_deinit(&lines);
	return err;
}

static int sum(const char *text, const char *name, const struct mmcpus_cpuset *cpus, uint64_t *ret)
{
	struct interrupts_row row = { 0 };
	int err = sum_lines(text, strlen(text), name, cpus, &row);

	*ret = row.sum;
	return err;
}

static void sums_a_row(void **state)
{
	uint64_t nr;

	(void)state;
	assert_int_equal(sum(wide, "TLB", NULL, &nr), 0);
	assert_int_equal(nr, 50040);
	assert_int_equal(sum(narrow, "TLB", NULL, &nr), 0);
	assert_int_equal(nr, 50040);
	assert_int_equal(sum(wide, "0", NULL, &nr), 0);
	assert_int_equal(nr, 44);
}

static void sums_the_columns_of_a_set(void **state)
{
	struct mmcpus_cpuset *cpus = set_of(4, "1-2");
	uint64_t nr;

	(void)state;
	assert_int_equal(sum(wide, "TLB", cpus, &nr), 0);
	assert_int_equal(nr, 50000);
	mmcpus_cpuset_destroy(cpus);
}

static void tells_columns_apart(void **state)
{
	static const char some[] = "CPU0 CPU1\nTLB: 1 2\n";
	static const char others[] = "CPU0 CPU2\nTLB: 1 2\n";
	static const char same[] = " CPU0  CPU1 \nTLB: 3 4\n";
	struct interrupts_row rows[3];

	(void)state;
	assert_int_equal(sum_lines(some, strlen(some), "TLB", NULL, &rows[0]), 0);
	assert_int_equal(sum_lines(others, strlen(others), "TLB", NULL, &rows[1]), 0);
	assert_int_equal(sum_lines(same, strlen(same), "TLB", NULL, &rows[2]), 0);
	assert_true(rows[0].columns != rows[1].columns);
	assert_true(rows[0].columns == rows[2].columns);
}

/* As many as a kernel can be built for, and a row for each of many queues: some megabytes of text. */
static void sums_a_row_of_a_large_machine(void **state)
{
	enum {
		NR_CPUS = 8192,
		NR_ROWS = 40,
		COLUMN = 11
	};
	char *text = malloc((NR_ROWS + 2) * (64 + (size_t)NR_CPUS * COLUMN));
	struct mmcpus_cpuset *last = set_of(NR_CPUS, "8191");
	struct interrupts_row row;
	char *at = text;

	(void)state;
	assert_non_null(text);
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		at += sprintf(at, "    CPU%-4d", cpu);
	for (int i = 0; i <= NR_ROWS; i++) {
		at += sprintf(at, i < NR_ROWS ? "\n%3d:" : "\nTLB:", i);
		for (int cpu = 0; cpu < NR_CPUS; cpu++)
			at += sprintf(at, "%10u ", i < NR_ROWS ? 1u : 1000000000u + (unsigned)cpu);
		at += sprintf(at, "  some description of what it is");
	}
	assert_int_equal(sum_lines(text, (size_t)(at - text), "TLB", last, &row), 0);
	assert_int_equal(row.sum, 1000008191);
	mmcpus_cpuset_destroy(last);
	free(text);
}

static void says_what_is_wrong(void **state)
{
	uint64_t nr;

	(void)state;
	assert_int_equal(sum(wide, "CAL", NULL, &nr), -ENODATA);
	assert_int_equal(sum(wide, "ERR", NULL, &nr), -EBADMSG);
	assert_int_equal(sum("", "TLB", NULL, &nr), -EBADMSG);
	assert_int_equal(sum("TLB: 1\n", "TLB", NULL, &nr), -EBADMSG);
	assert_int_equal(sum("CPU0 CPU1\nTLB: 1 TLB shootdowns\n", "TLB", NULL, &nr), -EBADMSG);
	assert_int_equal(sum("CPU0 CPU1\n", "TLB", NULL, &nr), -ENODATA);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_a_row),          cmocka_unit_test(sums_the_columns_of_a_set),
		cmocka_unit_test(tells_columns_apart), cmocka_unit_test(sums_a_row_of_a_large_machine),
		cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
