/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of a process and where each may run; when a process started. */
#include "machine.h"

#define MANY 300

static struct mmcpus_system *open_system(const struct tree *tree)
{
	struct mmcpus_system *sys;
	struct mmcpus_reason why = { 0 };

	check(mmcpus_system_open(tree->root, &sys, &why) == 0, "%s", why.what);
	return sys;
}

static struct mmcpus_threads *open_threads(const struct mmcpus_system *sys, int32_t pid)
{
	struct mmcpus_threads *threads = NULL;

	assert_int_equal(mmcpus_threads_open(sys, pid, &threads), 0);
	return threads;
}

static void assert_next(struct mmcpus_threads *threads, int32_t tid, const char *allowed)
{
	assert_int_equal(mmcpus_threads_next(threads), 1);
	assert_int_equal(mmcpus_threads_tid(threads), tid);
	assert_set(mmcpus_threads_allowed(threads), allowed);
}

static void visits_threads(void **state)
{
	static const struct task tasks[] = {
		{ .tgid = 10, .threads = 3, .rss_kib = 4, .allowed = "0f" },
		{ .tgid = 10, .tid = 11, .threads = 3, .rss_kib = 4, .allowed = "f0" },
		{ .tgid = 10, .tid = 9, .threads = 3, .rss_kib = 4, .allowed = "01" },
		{ .tgid = 20, .rss_kib = 4, .allowed = "ff" },
	};
	struct mmcpus_threads *threads;
	struct mmcpus_system *sys;

	write_machine(*state);
	for (size_t i = 0; i < NR(tasks); i++)
		write_task(*state, &tasks[i]);
	sys = open_system(*state);
	threads = open_threads(sys, 10);
	assert_next(threads, 9, "0");
	assert_next(threads, 10, "0-3");
	assert_next(threads, 11, "4-7");
	assert_int_equal(mmcpus_threads_next(threads), 0);
	assert_int_equal(mmcpus_threads_next(threads), 0);
	mmcpus_threads_close(threads);
	threads = open_threads(sys, 20);
	assert_next(threads, 20, "0-7");
	assert_int_equal(mmcpus_threads_next(threads), 0);
	mmcpus_threads_close(threads);
	mmcpus_threads_close(NULL);
	mmcpus_system_close(sys);
}

/* The leader is a zombie without an address space; a thread vanishes between the listing and the reading. */
static void leaves_out_who_is_gone(void **state)
{
	static const struct task tasks[] = {
		{ .tgid = 10, .threads = 3, .state = 'Z', .allowed = "ff" },
		{ .tgid = 10, .tid = 11, .threads = 3, .rss_kib = 4, .allowed = "02" },
		{ .tgid = 10, .tid = 12, .threads = 3, .rss_kib = 4, .allowed = "04" },
	};
	struct mmcpus_threads *threads;
	struct mmcpus_system *sys;

	write_machine(*state);
	for (size_t i = 0; i < NR(tasks); i++)
		write_task(*state, &tasks[i]);
	sys = open_system(*state);
	threads = open_threads(sys, 10);
	assert_int_equal(unlink(tree_path(*state, "proc/10/task/11/status")), 0);
	assert_next(threads, 12, "2");
	assert_int_equal(mmcpus_threads_next(threads), 0);
	mmcpus_threads_close(threads);
	mmcpus_system_close(sys);
}

static void says_what_it_cannot_read(void **state)
{
	static const char *const masks[] = { NULL, "", "x", "1,00000000,00000000,00000000" };
	struct mmcpus_threads *threads;
	struct mmcpus_system *sys;

	write_machine(*state);
	for (size_t i = 0; i < NR(masks); i++) {
		struct task task = { .tgid = 10, .rss_kib = 4, .allowed = masks[i] };

		write_task(*state, &task);
		sys = open_system(*state);
		threads = open_threads(sys, 10);
		check(mmcpus_threads_next(threads) == -ENODATA, "mask '%s'", masks[i] ? masks[i] : "(none)");
		mmcpus_threads_close(threads);
		assert_int_equal(mmcpus_threads_open(sys, 77, &threads), -ESRCH);
		mmcpus_system_close(sys);
	}
}

static void visits_many(void **state)
{
	struct mmcpus_threads *all;
	struct mmcpus_system *sys;
	int nr = 0;

	write_machine(*state);
	for (int i = 0; i < MANY; i++) {
		struct task task = {
			.tgid = 1000, .tid = i ? 1000 + i : 0, .threads = MANY, .rss_kib = 4, .allowed = "08"
		};

		write_task(*state, &task);
	}
	sys = open_system(*state);
	all = open_threads(sys, 1000);
	while (mmcpus_threads_next(all) == 1)
		assert_int_equal(mmcpus_threads_tid(all), 1000 + nr++);
	assert_int_equal(nr, MANY);
	mmcpus_threads_close(all);
	mmcpus_system_close(sys);
}

static void tells_when_a_process_started(void **state)
{
	static const struct task task = { .tgid = 10, .rss_kib = 4, .allowed = "ff" };
	uint64_t ns_per_tick = UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK);
	struct mmcpus_system *sys;
	uint64_t start = 0;

	write_machine(*state);
	write_task(*state, &task);
	sys = open_system(*state);
	assert_int_equal(mmcpus_process_start_ns(sys, 10, &start), 0);
	assert_int_equal(start, (1000 + 10) * ns_per_tick); /* as write_stat() does */
	assert_int_equal(mmcpus_process_start_ns(sys, 77, &start), -ESRCH);
	tree_write(*state, "proc/10/stat", "no such line\n");
	assert_int_equal(mmcpus_process_start_ns(sys, 10, &start), -EBADMSG);
	tree_write(*state, "proc/10/stat",
		   "10 (x) S 1 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 "
		   "18446744073709551615 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 17 0 40\n");
	assert_int_equal(mmcpus_process_start_ns(sys, 10, &start), -EBADMSG);
	mmcpus_system_close(sys);
}

static void a_capture_is_whole(void **state)
{
	struct mmcpus_system *sys;

	write_machine(*state);
	sys = open_system(*state);
	assert_true(mmcpus_system_sees_all_pids(sys));
	mmcpus_system_close(sys);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(visits_threads), tree_test(leaves_out_who_is_gone),       tree_test(says_what_it_cannot_read),
		tree_test(visits_many),    tree_test(tells_when_a_process_started), tree_test(a_capture_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
