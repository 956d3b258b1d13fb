/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of /proc/interrupts, as kernels write them and as they don't. */
#include "unit.h"

#include "interrupts.h"

static const char wide[] = "           CPU0       CPU2       \n"
			   "  0:         44          0   IO-APIC   2-edge      timer\n"
			   "RES:          1          2   Rescheduling interrupts\n"
			   "TLB:         40      50000   TLB shootdowns\n"
			   "ERR:          0\n";
static const char narrow[] = "     CPU0 CPU2\n   0:   44    0 IO-APIC 2-edge timer\n TLB:   40 50000 TLB shootdowns\n";

static int sum(const char *text, const char *name, const struct mmcpus_cpuset *cpus, uint64_t *ret)
{
	struct interrupts_row row = { 0 };
	char *copy = strdup(text);
	int err;

	assert_non_null(copy);
	err = interrupts_sum(copy, name, cpus, &row);
	*ret = row.sum;
	free(copy);
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
	char some[] = "CPU0 CPU1\nTLB: 1 2\n";
	char others[] = "CPU0 CPU2\nTLB: 1 2\n";
	char same[] = " CPU0  CPU1 \nTLB: 3 4\n";
	struct interrupts_row rows[3];

	(void)state;
	assert_int_equal(interrupts_sum(some, "TLB", NULL, &rows[0]), 0);
	assert_int_equal(interrupts_sum(others, "TLB", NULL, &rows[1]), 0);
	assert_int_equal(interrupts_sum(same, "TLB", NULL, &rows[2]), 0);
	assert_true(rows[0].columns != rows[1].columns);
	assert_true(rows[0].columns == rows[2].columns);
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
		cmocka_unit_test(sums_a_row),
		cmocka_unit_test(sums_the_columns_of_a_set),
		cmocka_unit_test(tells_columns_apart),
		cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
