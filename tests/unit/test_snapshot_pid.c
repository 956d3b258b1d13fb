/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots of one process, by the id of any of its threads. */
#include "machine.h"

static const struct task tasks[] = {
	{ .tgid = 1, .name = "init", .rss_kib = 4, .allowed = "ff", .active = "01", .last_cpu = 0 },
	{ .tgid = 2, .name = "kthreadd", .allowed = "ff" },
	{ .tgid = 50, .name = "gone", .state = 'Z', .allowed = "ff" },
	{ .tgid = 60, .name = "many", .threads = 2, .rss_kib = 4, .allowed = "01", .active = "02", .last_cpu = 1 },
	{ .tgid = 60,
	  .tid = 61,
	  .name = "other",
	  .threads = 2,
	  .rss_kib = 4,
	  .allowed = "04",
	  .active = "02",
	  .last_cpu = 2 },
	{ .tgid = 70, .name = "lead", .state = 'Z', .threads = 2, .allowed = "ff" },
	{ .tgid = 70, .tid = 71, .threads = 2, .rss_kib = 12, .allowed = "06", .active = "22", .last_cpu = 5 },
};

static const char *const both[] = { "procfs", "sched" };

static struct machine open_with_tasks(const struct tree *tree, const char *backend)
{
	write_machine(tree);
	for (size_t i = 0; i < NR(tasks); i++)
		write_task(tree, &tasks[i]);
	write_status(tree, "proc/61", &tasks[4]); /* readdir() does not show it, but a lookup finds it */
	write_status(tree, "proc/71", &tasks[6]);
	return machine_open(tree, backend);
}

static int take_pid(struct machine *machine, int32_t pid, uint32_t fields)
{
	struct mmcpus_reason why = { 0 };
	int err = mmcpus_source_snapshot_pid(machine->src, pid, fields, &machine->snap, &why);
	char number[16];

	if (!err)
		return 0;
	snprintf(number, sizeof(number), "%d", pid);
	check(strstr(why.what, number), "PID %d: '%s' does not name it", pid, why.what);
	return err;
}

static void reads_only_that_process(void **state)
{
	static const int pids[] = { 1, 60, 61, 60 };

	for (size_t b = 0; b < NR(both); b++) {
		struct machine machine = open_with_tasks(*state, both[b]);

		for (size_t i = 0; i < NR(pids); i++) {
			int32_t expected = pids[i] == 61 ? 60 : pids[i];

			assert_int_equal(take_pid(&machine, pids[i], MMCPUS_FIELD_COMM), 0);
			assert_int_equal(mmcpus_snapshot_count(machine.snap), 1);
			assert_int_equal(mmcpus_mm_pid(mmcpus_snapshot_mm(machine.snap, 0)), expected);
			assert_string_equal(mmcpus_mm_comm(mmcpus_snapshot_mm(machine.snap, 0)),
					    expected == 1 ? "init" : "many");
		}
		machine_close(&machine);
	}
}

static void brings_the_whole_process(void **state)
{
	struct machine machine = open_with_tasks(*state, "procfs");
	const struct mmcpus_mm *mm;

	assert_int_equal(take_pid(&machine, 61, MMCPUS_FIELD_ALLOWED), 0);
	mm = mmcpus_snapshot_mm(machine.snap, 0);
	assert_mm_set(&machine, mm, MMCPUS_SET_ACTIVE, "1");
	assert_mm_set(&machine, mm, MMCPUS_SET_ALLOWED, "0,2");
	machine_close(&machine);
}

static void finds_the_mm_of_an_exited_leader(void **state)
{
	static const char *const active[] = { "1,5", "5" };
	static const int pids[] = { 70, 71 };

	for (size_t b = 0; b < NR(both); b++) {
		struct machine machine = open_with_tasks(*state, both[b]);

		for (size_t i = 0; i < NR(pids); i++) {
			assert_int_equal(take_pid(&machine, pids[i], 0), 0);
			assert_int_equal(mmcpus_mm_pid(mmcpus_snapshot_mm(machine.snap, 0)), 70);
			assert_mm_set(&machine, mmcpus_snapshot_mm(machine.snap, 0), MMCPUS_SET_ACTIVE, active[b]);
		}
		machine_close(&machine);
	}
}

static void says_what_is_not_there(void **state)
{
	static const int32_t pids[] = { 0, -1, 3, 62, 4194304, INT32_MAX, INT32_MIN };

	for (size_t b = 0; b < NR(both); b++) {
		struct machine machine = open_with_tasks(*state, both[b]);

		for (size_t i = 0; i < NR(pids); i++)
			check(take_pid(&machine, pids[i], 0) == -ESRCH, "%s, PID %d", both[b], pids[i]);
		assert_int_equal(mmcpus_source_snapshot_pid(machine.src, 3, 0, &machine.snap, NULL), -ESRCH);
		machine_close(&machine);
	}
}

static void says_what_has_no_mm(void **state)
{
	for (size_t b = 0; b < NR(both); b++) {
		struct machine machine = open_with_tasks(*state, both[b]);

		assert_int_equal(take_pid(&machine, 2, MMCPUS_FIELDS_ALL), -ENODATA);
		assert_int_equal(take_pid(&machine, 50, MMCPUS_FIELDS_ALL), -ENODATA);
		assert_int_equal(take_pid(&machine, 1, 0), 0); /* the source is of use still */
		machine_close(&machine);
	}
}

/* It has an address space, only its mask cannot be read: that is no kernel thread. */
static void a_mask_that_cannot_be_read_is_another_error(void **state)
{
	static const struct task hidden = { .tgid = 80, .rss_kib = 4, .allowed = "ff" };
	static const struct task broken = { .tgid = 81, .rss_kib = 4, .allowed = "ff", .active = "x" };
	static const struct task leader = { .tgid = 82, .state = 'Z', .threads = 2, .allowed = "ff" };
	static const struct task thread = {
		.tgid = 82, .tid = 83, .threads = 2, .rss_kib = 4, .allowed = "ff", .active = "x"
	};
	struct machine machine = open_with_tasks(*state, "procfs");
	int err;

	write_task(*state, &hidden);
	write_task(*state, &broken);
	write_task(*state, &leader);
	write_task(*state, &thread);
	err = take_pid(&machine, 80, 0);
	check(err < 0 && err != -ENODATA && err != -ESRCH, "without the line: %d", err);
	err = take_pid(&machine, 81, 0);
	check(err < 0 && err != -ENODATA && err != -ESRCH, "malformed: %d", err);
	err = take_pid(&machine, 82, 0);
	check(err < 0 && err != -ENODATA && err != -ESRCH, "malformed, of a thread: %d", err);
	machine_close(&machine);
}

static void refuses_a_status_without_tgid(void **state)
{
	struct machine machine = open_with_tasks(*state, "procfs");

	tree_write(*state, "proc/90/status", "Name:\tx\n");
	assert_int_equal(take_pid(&machine, 90, 0), -EBADMSG);
	tree_write_bytes(*state, "proc/91/status", "Tgid:\t91\0\n", 10);
	assert_int_equal(take_pid(&machine, 91, 0), -EBADMSG);
	machine_close(&machine);
}

/* Sharers cannot be told from one process. */
static void has_no_sharers(void **state)
{
	struct machine machine = open_with_tasks(*state, "procfs");
	size_t nr;

	assert_int_equal(take_pid(&machine, 1, MMCPUS_FIELDS_ALL), 0);
	assert_int_equal(mmcpus_mm_nr_sharers(mmcpus_snapshot_mm(machine.snap, 0), &nr), -ENODATA);
	assert_false(mmcpus_snapshot_fields(machine.snap) & MMCPUS_FIELD_SHARERS);
	machine_close(&machine);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(reads_only_that_process),
		tree_test(brings_the_whole_process),
		tree_test(finds_the_mm_of_an_exited_leader),
		tree_test(says_what_is_not_there),
		tree_test(says_what_has_no_mm),
		tree_test(a_mask_that_cannot_be_read_is_another_error),
		tree_test(refuses_a_status_without_tgid),
		tree_test(has_no_sharers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
