/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backend sched on a captured machine: the last CPU of each thread, an estimate. */
#include "machine.h"

static void estimates_a_process(void **state)
{
	static const struct task task = { .tgid = 42, .name = "cat", .rss_kib = 8, .allowed = "3f", .last_cpu = 6 };
	const struct tree *tree = *state;
	struct machine machine;
	const struct mmcpus_mm *mm;

	write_machine(tree);
	write_task(tree, &task);
	machine = machine_open(tree, "sched");
	assert_int_equal(mmcpus_source_quality(machine.src), MMCPUS_ESTIMATE);
	take_snapshot(&machine, MMCPUS_FIELD_COMM | MMCPUS_FIELD_ALLOWED);
	mm = find_mm(&machine, 42);
	assert_mm_set(&machine, mm, MMCPUS_SET_ACTIVE, "6");
	assert_mm_set(&machine, mm, MMCPUS_SET_ALLOWED, "0-5");
	assert_mm_set(&machine, mm, MMCPUS_SET_STRAY, "6");
	assert_string_equal(mmcpus_mm_comm(mm), "cat");
	assert_int_equal(mmcpus_mm_quality(machine.snap, mm), MMCPUS_ESTIMATE);
	machine_close(&machine);
}

static void takes_each_thread(void **state)
{
	static const struct task tasks[] = {
		{ .tgid = 60, .threads = 3, .rss_kib = 4, .allowed = "ff", .last_cpu = 1 },
		{ .tgid = 60, .tid = 61, .threads = 3, .rss_kib = 4, .allowed = "ff", .last_cpu = 7 },
		{ .tgid = 60, .tid = 62, .threads = 3, .rss_kib = 4, .allowed = "ff", .last_cpu = 1 },
	};
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	for (size_t i = 0; i < NR(tasks); i++)
		write_task(tree, &tasks[i]);
	machine = machine_open(tree, "sched");
	take_snapshot(&machine, 0);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), 1);
	assert_mm_set(&machine, find_mm(&machine, 60), MMCPUS_SET_ACTIVE, "1,7");
	machine_close(&machine);
}

/* Another process must not inherit what was read for the one before. */
static void sets_do_not_leak(void **state)
{
	static const struct task tasks[] = {
		{ .tgid = 10, .threads = 2, .rss_kib = 4, .allowed = "ff", .last_cpu = 1 },
		{ .tgid = 10, .tid = 11, .threads = 2, .rss_kib = 4, .allowed = "ff", .last_cpu = 2 },
		{ .tgid = 20, .rss_kib = 4, .allowed = "ff", .last_cpu = 3 },
		{ .tgid = 30, .threads = 2, .rss_kib = 4, .allowed = "ff", .last_cpu = 4 },
		{ .tgid = 30, .tid = 31, .threads = 2, .rss_kib = 4, .allowed = "ff", .last_cpu = 5 },
	};
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	for (size_t i = 0; i < NR(tasks); i++)
		write_task(tree, &tasks[i]);
	machine = machine_open(tree, "sched");
	take_snapshot(&machine, 0);
	assert_mm_set(&machine, find_mm(&machine, 10), MMCPUS_SET_ACTIVE, "1-2");
	assert_mm_set(&machine, find_mm(&machine, 20), MMCPUS_SET_ACTIVE, "3");
	assert_mm_set(&machine, find_mm(&machine, 30), MMCPUS_SET_ACTIVE, "4-5");
	machine_close(&machine);
}

static void leaves_out_what_has_no_mm(void **state)
{
	static const struct task tasks[] = {
		{ .tgid = 2, .name = "kthreadd", .allowed = "ff", .last_cpu = 1 },
		{ .tgid = 50, .name = "gone", .state = 'Z', .allowed = "ff", .last_cpu = 2 },
		/* dead, but its last thread has not been reaped */
		{ .tgid = 51, .name = "gone", .state = 'Z', .threads = 2, .allowed = "ff", .last_cpu = 2 },
		{ .tgid = 51, .tid = 52, .name = "gone", .state = 'X', .threads = 2, .allowed = "ff", .last_cpu = 3 },
	};
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	for (size_t i = 0; i < NR(tasks); i++)
		write_task(tree, &tasks[i]);
	machine = machine_open(tree, "sched");
	take_snapshot(&machine, 0);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), 0);
	assert_int_equal(mmcpus_snapshot_dropped(machine.snap), 0);
	assert_null(mmcpus_snapshot_mm(machine.snap, 0));
	machine_close(&machine);
}

static void passes_over_an_exited_leader(void **state)
{
	static const struct task tasks[] = {
		{ .tgid = 70, .state = 'Z', .threads = 2, .allowed = "ff", .last_cpu = 1 },
		{ .tgid = 70, .tid = 71, .threads = 2, .rss_kib = 12, .allowed = "0c", .last_cpu = 3 },
	};
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	for (size_t i = 0; i < NR(tasks); i++)
		write_task(tree, &tasks[i]);
	machine = machine_open(tree, "sched");
	take_snapshot(&machine, MMCPUS_FIELD_ALLOWED);
	assert_mm_set(&machine, find_mm(&machine, 70), MMCPUS_SET_ACTIVE, "3");
	assert_mm_set(&machine, find_mm(&machine, 70), MMCPUS_SET_ALLOWED, "2-3");
	machine_close(&machine);
}

static void counts_lines_that_it_cannot_read(void **state)
{
	static const struct task odd = {
		.tgid = 80, .rss_kib = 4, .allowed = "ff", .last_cpu = 8
	}; /* there is no CPU 8 */
	static const struct task bad = { .tgid = 81, .rss_kib = 4, .allowed = "ff" };
	static const struct task fine = { .tgid = 82, .rss_kib = 4, .allowed = "ff", .last_cpu = 2 };
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	write_task(tree, &odd);
	write_task(tree, &bad);
	write_task(tree, &fine);
	tree_write(tree, "proc/81/stat", "81 (test) S 1 2 3\n");
	machine = machine_open(tree, "sched");
	take_snapshot(&machine, 0);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), 1);
	assert_mm_set(&machine, find_mm(&machine, 82), MMCPUS_SET_ACTIVE, "2");
	assert_int_equal(mmcpus_snapshot_dropped(machine.snap), 2);
	machine_close(&machine);
}

static void names_with_parentheses(void **state)
{
	static const struct task task = {
		.tgid = 42, .name = "a) R 1 (b", .rss_kib = 8, .allowed = "3f", .last_cpu = 5
	};
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	write_task(tree, &task);
	machine = machine_open(tree, "sched");
	take_snapshot(&machine, 0);
	assert_mm_set(&machine, find_mm(&machine, 42), MMCPUS_SET_ACTIVE, "5");
	machine_close(&machine);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(estimates_a_process),
		tree_test(takes_each_thread),
		tree_test(sets_do_not_leak),
		tree_test(leaves_out_what_has_no_mm),
		tree_test(passes_over_an_exited_leader),
		tree_test(counts_lines_that_it_cannot_read),
		tree_test(names_with_parentheses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
