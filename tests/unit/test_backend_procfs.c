/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backend procfs on a captured machine whose kernel has the patch. */
#include "machine.h"

static const struct task plain = {
	.tgid = 42, .ppid = 1, .uid = 1000, .name = "cat", .rss_kib = 8, .allowed = "3f", .active = "85"
};

static void reads_a_process(void **state)
{
	const struct tree *tree = *state;
	struct machine machine;
	const struct mmcpus_mm *mm;
	uint64_t id;

	write_machine(tree);
	write_task(tree, &plain);
	machine = machine_open(tree, "procfs");
	assert_string_equal(mmcpus_source_backend(machine.src), "procfs");
	assert_int_equal(mmcpus_source_quality(machine.src), MMCPUS_EXACT);
	take_snapshot(&machine, 0);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), 1);
	assert_int_equal(mmcpus_snapshot_dropped(machine.snap), 0);
	assert_int_equal(mmcpus_snapshot_fields(machine.snap), 0);
	assert_null(mmcpus_snapshot_mm(machine.snap, 1));
	mm = mmcpus_snapshot_mm(machine.snap, 0);
	assert_int_equal(mmcpus_mm_pid(mm), 42);
	assert_int_equal(mmcpus_mm_quality(machine.snap, mm), MMCPUS_EXACT);
	assert_mm_set(&machine, mm, MMCPUS_SET_ACTIVE, "0,2,7");
	assert_set(mmcpus_mm_active(machine.snap, mm), "0,2,7");
	assert_int_equal(mmcpus_cpuset_width(mmcpus_mm_active(machine.snap, mm)), 8);
	assert_int_equal(mmcpus_mm_id(mm, &id), -ENODATA);
	machine_close(&machine);
}

static void reads_all_fields(void **state)
{
	const struct tree *tree = *state;
	struct machine machine;
	const struct mmcpus_mm *mm;
	char cgroup[64];
	uint32_t number;
	uint64_t bytes;
	int32_t ppid;
	size_t nr;

	write_machine(tree);
	write_task(tree, &plain);
	tree_write(tree, "proc/42/cgroup", "0::/user.slice/a b\n");
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELDS_ALL);
	/* a file does not tell which CPU a thread is on right now, nor whose mm is whose */
	assert_int_equal(mmcpus_snapshot_fields(machine.snap),
			 MMCPUS_FIELDS_ALL & ~(MMCPUS_FIELD_RUNNING | MMCPUS_FIELD_SHARERS | MMCPUS_FIELD_RESIDENCY |
					       MMCPUS_FIELD_FLUSH));
	mm = find_mm(&machine, 42);
	assert_non_null(mm);
	assert_string_equal(mmcpus_mm_comm(mm), "cat");
	assert_int_equal(mmcpus_mm_ppid(mm, &ppid), 0);
	assert_int_equal(ppid, 1);
	assert_int_equal(mmcpus_mm_uid(mm, &number), 0);
	assert_int_equal(number, 1000);
	assert_int_equal(mmcpus_mm_threads(mm, &number), 0);
	assert_int_equal(number, 1);
	assert_int_equal(mmcpus_mm_rss_bytes(mm, &bytes), 0);
	assert_int_equal(bytes, 8192);
	assert_int_equal(mmcpus_mm_cgroup(machine.snap, mm, cgroup, sizeof(cgroup)), 15);
	assert_string_equal(cgroup, "/user.slice/a b");
	assert_int_equal(mmcpus_mm_cgroup(machine.snap, mm, cgroup, 16), 15);
	assert_int_equal(mmcpus_mm_cgroup(machine.snap, mm, cgroup, 15), -ENAMETOOLONG);
	assert_int_equal(mmcpus_mm_cgroup(machine.snap, mm, cgroup, 0), -ENAMETOOLONG);
	assert_int_equal(mmcpus_mm_nr_sharers(mm, &nr), -ENODATA);
	assert_mm_set(&machine, mm, MMCPUS_SET_ACTIVE, "0,2,7");
	assert_mm_set(&machine, mm, MMCPUS_SET_ALLOWED, "0-5");
	assert_mm_set(&machine, mm, MMCPUS_SET_RUNNING, NULL);
	assert_mm_set(&machine, mm, MMCPUS_SET_STRAY, "7");
	assert_mm_set(&machine, mm, MMCPUS_SET_EXPOSED, ""); /* isolated are 4-5 */
	assert_int_equal(mmcpus_mm_quality(machine.snap, mm), MMCPUS_PARTIAL);
	machine_close(&machine);
}

/* What was not asked for is unknown, not zero. */
static void fields_not_wanted_are_unknown(void **state)
{
	const struct tree *tree = *state;
	struct machine machine;
	const struct mmcpus_mm *mm;
	char cgroup[64];
	uint32_t number;
	uint64_t bytes;
	int32_t ppid;
	size_t nr;

	write_machine(tree);
	write_task(tree, &plain);
	tree_write(tree, "proc/42/cgroup", "0::/x\n");
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, 0);
	mm = find_mm(&machine, 42);
	assert_non_null(mm);
	assert_null(mmcpus_mm_comm(mm));
	assert_int_equal(mmcpus_mm_ppid(mm, &ppid), -ENODATA);
	assert_int_equal(mmcpus_mm_uid(mm, &number), -ENODATA);
	assert_int_equal(mmcpus_mm_threads(mm, &number), -ENODATA);
	assert_int_equal(mmcpus_mm_rss_bytes(mm, &bytes), -ENODATA);
	assert_int_equal(mmcpus_mm_cgroup(machine.snap, mm, cgroup, sizeof(cgroup)), -ENODATA);
	assert_int_equal(mmcpus_mm_nr_sharers(mm, &nr), -ENODATA);
	assert_mm_set(&machine, mm, MMCPUS_SET_ALLOWED, NULL);
	assert_mm_set(&machine, mm, MMCPUS_SET_RUNNING, NULL);
	assert_mm_set(&machine, mm, MMCPUS_SET_STRAY, NULL);
	assert_mm_set(&machine, mm, MMCPUS_SET_EXPOSED, "");
	machine_close(&machine);
}

static void leaves_out_what_has_no_mm(void **state)
{
	static const struct task tasks[] = {
		{ .tgid = 2, .name = "kthreadd", .allowed = "ff" },
		{ .tgid = 50, .name = "gone", .state = 'Z', .allowed = "ff" },
	};
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	write_task(tree, &plain);
	for (size_t i = 0; i < NR(tasks); i++)
		write_task(tree, &tasks[i]);
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELDS_ALL);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), 1);
	assert_int_equal(mmcpus_snapshot_dropped(machine.snap), 0); /* nothing was lost */
	assert_non_null(find_mm(&machine, 42));
	machine_close(&machine);
}

static void unites_allowed_of_threads(void **state)
{
	static const struct task tasks[] = {
		{ .tgid = 60, .threads = 3, .rss_kib = 4, .allowed = "03", .active = "e1" },
		{ .tgid = 60, .tid = 61, .threads = 3, .rss_kib = 4, .allowed = "40", .active = "e1" },
		{ .tgid = 60, .tid = 62, .threads = 3, .rss_kib = 4, .allowed = "02", .active = "e1" },
	};
	const struct tree *tree = *state;
	struct machine machine;
	const struct mmcpus_mm *mm;
	uint32_t threads;

	write_machine(tree);
	for (size_t i = 0; i < NR(tasks); i++)
		write_task(tree, &tasks[i]);
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELD_ALLOWED | MMCPUS_FIELD_THREADS);
	mm = find_mm(&machine, 60);
	assert_mm_set(&machine, mm, MMCPUS_SET_ALLOWED, "0-1,6");
	assert_mm_set(&machine, mm, MMCPUS_SET_ACTIVE, "0,5-7");
	assert_mm_set(&machine, mm, MMCPUS_SET_STRAY, "5,7");
	assert_mm_set(&machine, mm, MMCPUS_SET_EXPOSED, "5");
	assert_int_equal(mmcpus_mm_threads(mm, &threads), 0);
	assert_int_equal(threads, 3);
	assert_int_equal(mmcpus_mm_quality(machine.snap, mm), MMCPUS_EXACT);
	machine_close(&machine);
}

/* The status of an exited leader has neither Vm* nor Cpus_active_mm; a thread that lives on has them. */
static void finds_the_mm_of_an_exited_leader(void **state)
{
	static const struct task tasks[] = {
		{ .tgid = 70, .name = "lead", .state = 'Z', .threads = 2, .allowed = "ff" },
		{ .tgid = 70,
		  .tid = 71,
		  .name = "worker",
		  .threads = 2,
		  .rss_kib = 12,
		  .allowed = "06",
		  .active = "22" },
	};
	const struct tree *tree = *state;
	struct machine machine;
	const struct mmcpus_mm *mm;
	uint64_t bytes;

	write_machine(tree);
	for (size_t i = 0; i < NR(tasks); i++)
		write_task(tree, &tasks[i]);
	write_task(tree, &plain); /* its line tells that the kernel has the patch */
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELD_COMM | MMCPUS_FIELD_RSS | MMCPUS_FIELD_ALLOWED);
	mm = find_mm(&machine, 70);
	assert_non_null(mm);
	assert_string_equal(mmcpus_mm_comm(mm), "lead");
	assert_mm_set(&machine, mm, MMCPUS_SET_ACTIVE, "1,5");
	assert_mm_set(&machine, mm, MMCPUS_SET_ALLOWED, "1-2"); /* the dead leader runs nowhere */
	assert_int_equal(mmcpus_mm_rss_bytes(mm, &bytes), 0);
	assert_int_equal(bytes, 12 * 1024);
	assert_int_equal(mmcpus_snapshot_dropped(machine.snap), 0);
	machine_close(&machine);
}

static void counts_masks_that_it_cannot_read(void **state)
{
	static const char *const masks[] = { "", "x", "100", "1,", "ffffffff,ffffffff", "123456789", "(null)" };
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	write_task(tree, &plain);
	for (size_t i = 0; i < NR(masks); i++) {
		struct task task = { .tgid = 100 + (int)i, .rss_kib = 4, .allowed = "ff", .active = masks[i] };

		write_task(tree, &task);
	}
	write_task(tree, &(struct task){ .tgid = 200, .rss_kib = 4, .allowed = "ff" }); /* not shown to us */
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, 0);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), 1);
	assert_non_null(find_mm(&machine, 42));
	assert_int_equal(mmcpus_snapshot_dropped(machine.snap), NR(masks) + 1);
	take_snapshot(&machine, 0); /* the count is of one snapshot, not of all */
	assert_int_equal(mmcpus_snapshot_dropped(machine.snap), NR(masks) + 1);
	machine_close(&machine);
}

static void allowed_may_be_unreadable(void **state)
{
	static const char *const masks[] = { NULL, "x", "1ff" };
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	for (size_t i = 0; i < NR(masks); i++) {
		struct task task = { .tgid = 300 + (int)i, .rss_kib = 4, .allowed = masks[i], .active = "3" };

		write_task(tree, &task);
	}
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELD_ALLOWED);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), NR(masks));
	for (size_t i = 0; i < NR(masks); i++) {
		const struct mmcpus_mm *mm = find_mm(&machine, 300 + (int32_t)i);

		assert_mm_set(&machine, mm, MMCPUS_SET_ACTIVE, "0-1");
		assert_mm_set(&machine, mm, MMCPUS_SET_ALLOWED, NULL);
		assert_mm_set(&machine, mm, MMCPUS_SET_STRAY, NULL);
		assert_int_equal(mmcpus_mm_quality(machine.snap, mm), MMCPUS_PARTIAL);
	}
	machine_close(&machine);
}

/* One thread whose line cannot be read: the union would be too small, so there is none. */
static void allowed_of_one_thread_unreadable(void **state)
{
	static const struct task tasks[] = {
		{ .tgid = 80, .threads = 2, .rss_kib = 4, .allowed = "03", .active = "0f" },
		{ .tgid = 80, .tid = 81, .threads = 2, .rss_kib = 4, .allowed = "zz", .active = "0f" },
	};
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	for (size_t i = 0; i < NR(tasks); i++)
		write_task(tree, &tasks[i]);
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELD_ALLOWED);
	assert_mm_set(&machine, find_mm(&machine, 80), MMCPUS_SET_ALLOWED, NULL);
	machine_close(&machine);
}

/* All threads vanish between the look at the leader and the look at them: not known to be allowed anywhere. */
static void allowed_without_threads_is_unknown(void **state)
{
	static const struct task task = { .tgid = 90, .threads = 2, .rss_kib = 4, .allowed = "0f", .active = "01" };
	const struct tree *tree = *state;
	struct machine machine;
	const struct mmcpus_mm *mm;

	write_machine(tree);
	write_task(tree, &task);
	assert_int_equal(unlink(tree_path(tree, "proc/90/task/90/status")), 0);
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELD_ALLOWED);
	mm = find_mm(&machine, 90);
	if (mm) /* or left out as a process that is gone */
		assert_mm_set(&machine, mm, MMCPUS_SET_ALLOWED, NULL);
	machine_close(&machine);
}

/* The line says that there is an mm; how large it is, it does not. */
static void a_malformed_size_is_unknown(void **state)
{
	static const char *const sizes[] = { "x kB", "", "18446744073709551616 kB", "18446744073709551615 kB" };
	const struct tree *tree = *state;
	struct machine machine;
	uint64_t bytes;

	write_machine(tree);
	for (size_t i = 0; i < NR(sizes); i++) {
		char path[64];
		char text[256];

		snprintf(path, sizeof(path), "proc/%zu/status", i + 1);
		snprintf(text, sizeof(text), "Name:\tx\nTgid:\t%zu\nVmRSS:\t%s\nThreads:\t1\nCpus_active_mm:\t1\n",
			 i + 1, sizes[i]);
		tree_write(tree, path, text);
	}
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELD_RSS);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), NR(sizes));
	for (size_t i = 0; i < NR(sizes); i++) {
		const struct mmcpus_mm *mm = mmcpus_snapshot_mm(machine.snap, i);

		check(mmcpus_mm_rss_bytes(mm, &bytes) == -ENODATA, "'%s'", sizes[i]);
		assert_int_equal(mmcpus_mm_quality(machine.snap, mm), MMCPUS_PARTIAL);
	}
	machine_close(&machine);
}

static void names_stay_raw(void **state)
{
	const struct tree *tree = *state;
	struct task task = plain;
	struct machine machine;

	task.name = "\\n\x1b[2J)\\\\\xff \t";
	write_machine(tree);
	write_task(tree, &task);
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELD_COMM);
	assert_string_equal(mmcpus_mm_comm(find_mm(&machine, 42)), "\n\x1b[2J)\\\xff \t");
	machine_close(&machine);
}

static void entries_are_in_order_and_only_of_processes(void **state)
{
	static const int pids[] = { 1000, 9, 77, 100 };
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	for (size_t i = 0; i < NR(pids); i++) {
		struct task task = { .tgid = pids[i], .rss_kib = 4, .allowed = "ff", .active = "01" };

		write_task(tree, &task);
	}
	tree_link(tree, "proc/self", "77");
	tree_mkdir(tree, "proc/irq/5");
	tree_mkdir(tree, "proc/5x");
	tree_mkdir(tree, "proc/99999999999");
	tree_mkdir(tree, "proc/88"); /* exits while it is read */
	tree_write(tree, "proc/89", "a file");
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELD_SHARERS);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), 4);
	assert_int_equal(mmcpus_mm_pid(mmcpus_snapshot_mm(machine.snap, 0)), 9);
	assert_int_equal(mmcpus_mm_pid(mmcpus_snapshot_mm(machine.snap, 1)), 77);
	assert_int_equal(mmcpus_mm_pid(mmcpus_snapshot_mm(machine.snap, 2)), 100);
	assert_int_equal(mmcpus_mm_pid(mmcpus_snapshot_mm(machine.snap, 3)), 1000);
	assert_int_equal(mmcpus_snapshot_dropped(machine.snap), 0);
	machine_close(&machine);
}

/* The next snapshot is of the machine as it is then. */
static void a_second_snapshot_starts_anew(void **state)
{
	const struct tree *tree = *state;
	struct task task = plain;
	struct machine machine;

	write_machine(tree);
	write_task(tree, &plain);
	write_task(tree, &(struct task){ .tgid = 43, .rss_kib = 4, .allowed = "ff", .active = "ff" });
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELDS_ALL);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), 2);
	task.active = "10";
	task.allowed = "01";
	write_task(tree, &task);
	write_task(tree, &(struct task){ .tgid = 43, .allowed = "ff" }); /* exited */
	take_snapshot(&machine, MMCPUS_FIELD_ALLOWED);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), 1);
	assert_mm_set(&machine, find_mm(&machine, 42), MMCPUS_SET_ACTIVE, "4");
	assert_mm_set(&machine, find_mm(&machine, 42), MMCPUS_SET_ALLOWED, "0");
	assert_mm_set(&machine, find_mm(&machine, 42), MMCPUS_SET_EXPOSED, "4");
	assert_null(mmcpus_mm_comm(find_mm(&machine, 42)));
	machine_close(&machine);
}

/* 1,500 processes with three sets of 8,192 CPUs each take 4.6 MiB: many blocks of records. */
static void reads_many_processes_of_a_wide_machine(void **state)
{
	const struct tree *tree = *state;
	static char mask[256 * 9];
	struct machine machine;

	for (int i = 0; i < 256; i++)
		strcat(mask, i ? ",00000001" : "80000001");
	write_machine(tree);
	tree_write(tree, "sys/devices/system/cpu/possible", "0-8191\n");
	for (int pid = 1; pid <= 1500; pid++) {
		char dir[64];
		struct task task = { .tgid = pid, .rss_kib = 4, .allowed = "1", .active = "1" };

		snprintf(dir, sizeof(dir), "proc/%d", pid);
		write_status(tree, dir, &task);
	}
	/* its mask alone is longer than what write_status() has room for */
	tree_write(tree, "proc/1501/status", "VmRSS:\t4 kB\nThreads:\t1\nCpus_active_mm:\t");
	{
		FILE *file = fopen(tree_path(tree, "proc/1501/status"), "a");

		assert_non_null(file);
		fprintf(file, "%s\n", mask);
		fclose(file);
	}
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELD_ALLOWED);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), 1501);
	for (int pid = 1; pid <= 1500; pid++) {
		const struct mmcpus_mm *mm = mmcpus_snapshot_mm(machine.snap, (size_t)pid - 1);

		assert_int_equal(mmcpus_mm_pid(mm), pid);
		assert_mm_set(&machine, mm, MMCPUS_SET_ACTIVE, "0");
		assert_mm_set(&machine, mm, MMCPUS_SET_ALLOWED, "0");
	}
	assert_int_equal(mmcpus_mm_set(machine.snap, find_mm(&machine, 1501), MMCPUS_SET_ACTIVE, machine.set), 0);
	assert_int_equal(mmcpus_cpuset_count(machine.set), 257);
	assert_true(mmcpus_cpuset_has(machine.set, 8191));
	machine_close(&machine);
}

static void masks_of_some_architectures_mean_nothing(void **state)
{
	const struct tree *tree = *state;
	struct machine machine;
	const struct mmcpus_mm *mm;

	write_machine(tree);
	tree_write(tree, "proc/sys/kernel/arch", "aarch64\n");
	write_task(tree, &plain);
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELD_ALLOWED);
	mm = find_mm(&machine, 42);
	assert_non_null(mm);
	assert_null(mmcpus_mm_active(machine.snap, mm));
	assert_mm_set(&machine, mm, MMCPUS_SET_ACTIVE, NULL);
	assert_mm_set(&machine, mm, MMCPUS_SET_STRAY, NULL);
	assert_mm_set(&machine, mm, MMCPUS_SET_EXPOSED, NULL);
	assert_mm_set(&machine, mm, MMCPUS_SET_ALLOWED, "0-5");
	assert_int_equal(mmcpus_mm_quality(machine.snap, mm), MMCPUS_PARTIAL);
	machine_close(&machine);
}

static void exposed_is_unknown_without_isolation(void **state)
{
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	assert_int_equal(unlink(tree_path(tree, "sys/devices/system/cpu/isolated")), 0);
	assert_int_equal(unlink(tree_path(tree, "sys/devices/system/cpu/nohz_full")), 0);
	write_task(tree, &plain);
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, 0);
	assert_null(mmcpus_system_set(machine.sys, MMCPUS_SYSTEM_ISOLATED));
	assert_int_equal(mmcpus_mm_set(machine.snap, find_mm(&machine, 42), MMCPUS_SET_EXPOSED, machine.set), -ENODATA);
	machine_close(&machine);
}

static void fifo_in_place_of_a_file_does_not_hang(void **state)
{
	const struct tree *tree = *state;
	struct machine machine;

	write_machine(tree);
	write_task(tree, &plain);
	tree_fifo(tree, "proc/10/status");
	tree_fifo(tree, "proc/42/cgroup");
	alarm(20);
	machine = machine_open(tree, "procfs");
	take_snapshot(&machine, MMCPUS_FIELDS_ALL);
	alarm(0);
	assert_int_equal(mmcpus_snapshot_count(machine.snap), 1);
	machine_close(&machine);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(reads_a_process),
		tree_test(reads_all_fields),
		tree_test(fields_not_wanted_are_unknown),
		tree_test(leaves_out_what_has_no_mm),
		tree_test(unites_allowed_of_threads),
		tree_test(finds_the_mm_of_an_exited_leader),
		tree_test(counts_masks_that_it_cannot_read),
		tree_test(allowed_may_be_unreadable),
		tree_test(allowed_of_one_thread_unreadable),
		tree_test(allowed_without_threads_is_unknown),
		tree_test(a_malformed_size_is_unknown),
		tree_test(names_stay_raw),
		tree_test(entries_are_in_order_and_only_of_processes),
		tree_test(a_second_snapshot_starts_anew),
		tree_test(reads_many_processes_of_a_wide_machine),
		tree_test(masks_of_some_architectures_mean_nothing),
		tree_test(exposed_is_unknown_without_isolation),
		tree_test(fifo_in_place_of_a_file_does_not_hang),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
