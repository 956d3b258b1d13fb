/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the memory of processes of a captured machine is, by their numa_maps. */
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"

#include "mappings.h"
#include "root.h"
#include "system.h"

#define NUMA_MAPS "proc/10/numa_maps"

static struct mmcpus_system *open_machine(const struct tree *tree)
{
	static const struct task task = { .tgid = 10, .rss_kib = 4, .allowed = "0f" };
	struct mmcpus_system *sys;
	struct mmcpus_reason why = { 0 };

	write_machine(tree);
	write_task(tree, &task);
	check(mmcpus_system_open(tree->root, &sys, &why) == 0, "%s", why.what);
	return sys;
}

static int count(const struct tree *tree, const char *numa_maps, struct mmcpus_memory **ret, struct mmcpus_reason *why)
{
	struct mmcpus_system *sys = open_machine(tree);
	int err;

	if (numa_maps)
		tree_write(tree, NUMA_MAPS, numa_maps);
	err = mmcpus_memory_count(sys, 10, NULL, ret, why);
	mmcpus_system_close(sys);
	return err;
}

static void counts(void **state)
{
	struct mmcpus_memory *memory;
	struct mmcpus_cpuset *nodes = mmcpus_cpuset_create(8);
	struct mmcpus_share share;

	assert_int_equal(count(*state,
			       "1000 default\n2000 default N0=25 N1=50 kernelpagesize_kB=4\n"
			       "3000 default anon=25 N0=25 kernelpagesize_kB=4\n",
			       &memory, NULL),
			 0);
	share = mmcpus_memory_share(memory, 1);
	assert_true(share.share == 0.5 && share.low == 0.5 && share.high == 0.5);
	share = mmcpus_memory_share(memory, 2);
	assert_true(share.share == 0 && share.low == 0 && share.high == 0);
	assert_true(mmcpus_memory_error(memory) == 0);
	assert_int_equal(mmcpus_memory_resident_bytes(memory), 400 * 1024);
	assert_int_equal(mmcpus_memory_nr_asked(memory), 0);
	mmcpus_memory_nodes(memory, nodes);
	assert_set(nodes, "0-1");
	mmcpus_cpuset_destroy(nodes);
	mmcpus_memory_destroy(memory);
}

static void counts_nothing(void **state)
{
	struct mmcpus_cpuset *nodes = set_of(8, "3");
	struct mmcpus_cpuset *cpus = set_of(8, "0-7");
	struct mmcpus_system *sys;
	struct mmcpus_memory *memory;

	assert_int_equal(count(*state, "1000 default\n", &memory, NULL), 0);
	assert_int_equal(mmcpus_memory_resident_bytes(memory), 0);
	mmcpus_memory_nodes(memory, nodes);
	assert_set(nodes, "");
	sys = open_machine(*state);
	assert_int_equal(mmcpus_memory_remote(memory, sys, cpus, 0.05, nodes), 0);
	assert_set(nodes, "");
	mmcpus_system_close(sys);
	mmcpus_cpuset_destroy(cpus);
	mmcpus_cpuset_destroy(nodes);
	mmcpus_memory_destroy(memory);
}

/* The leader has exited: its file is empty. */
static void counts_what_threads_have(void **state)
{
	static const struct task other = { .tgid = 10, .tid = 11, .threads = 2, .rss_kib = 4, .allowed = "0f" };
	struct mmcpus_memory *memory;

	write_task(*state, &other);
	tree_write(*state, "proc/10/task/10/numa_maps", "");
	tree_write(*state, "proc/10/task/11/numa_maps", "1000 default N1=3 kernelpagesize_kB=4\n");
	assert_int_equal(count(*state, "", &memory, NULL), 0);
	assert_int_equal(mmcpus_memory_resident_bytes(memory), 12 * 1024);
	mmcpus_memory_destroy(memory);
}

static void says_why_it_cannot(void **state)
{
	struct mmcpus_memory *memory = NULL;
	struct mmcpus_reason why;
	struct mmcpus_system *sys;

	assert_int_equal(count(*state, NULL, &memory, &why), -EOPNOTSUPP);
	assert_string_equal(why.what, "this captured machine has no numa_maps");
	assert_int_equal(count(*state, "", &memory, &why), -ESRCH);
	assert_int_equal(count(*state, "1000 default N0=1\n", &memory, &why), -EBADMSG);
	assert_int_equal(count(*state, "1000 default N0=9\n", &memory, NULL), -EBADMSG);
	sys = open_machine(*state);
	assert_int_equal(mmcpus_memory_count(sys, 77, NULL, &memory, &why), -ESRCH);
	assert_int_equal(mmcpus_memory_sample(sys, 10, NULL, &memory, &why), -EOPNOTSUPP);
	assert_string_equal(why.what, "the pages of a captured machine can't be asked");
	assert_null(memory);
	mmcpus_system_close(sys);
}

static void counts_no_longer_than_wanted(void **state)
{
	static const struct mmcpus_memory_limit little = { .time_ns = 100 }; /* for a page */
	static const struct mmcpus_memory_limit enough = { .time_ns = UINT64_MAX };
	struct mmcpus_system *sys = open_machine(*state);
	struct mmcpus_memory *memory = NULL;
	struct mmcpus_reason why;

	tree_write(*state, NUMA_MAPS, "1000 default N0=1 kernelpagesize_kB=4\n");
	assert_int_equal(mmcpus_memory_count(sys, 10, &little, &memory, &why), -ENODATA);
	assert_non_null(strstr(why.what, "before all of its memory was counted"));
	assert_null(memory);
	assert_int_equal(mmcpus_memory_count(sys, 10, &enough, &memory, &why), 0);
	mmcpus_memory_destroy(memory);
	mmcpus_system_close(sys);
}

/* What the kernel does in one go is not stopped by a clock. */
static void does_not_begin_what_takes_too_long(void **state)
{
	static const struct mmcpus_memory_limit limit = { .time_ns = 50000000 };
	static const struct {
		int rss_kib;
		int err;
	} cases[] = { { 2000000, 0 }, { 2000004, -ENODATA }, { 100000000, -ENODATA }, { 0, 0 } };

	for (size_t i = 0; i < NR(cases); i++) {
		const struct task task = { .tgid = 10, .rss_kib = cases[i].rss_kib, .allowed = "0f" };
		struct mmcpus_system *sys = open_machine(*state);
		struct mmcpus_memory *memory = NULL;
		struct mmcpus_reason why = { 0 };

		write_task(*state, &task);
		tree_write(*state, NUMA_MAPS, "1000 default N0=1 kernelpagesize_kB=4\n");
		check(mmcpus_memory_count(sys, 10, &limit, &memory, &why) == cases[i].err, "case %zu: %s", i, why.what);
		check(!cases[i].err || strstr(why.what, "would take longer"), "case %zu: %s", i, why.what);
		mmcpus_memory_destroy(memory);
		assert_int_equal(mmcpus_memory_count(sys, 10, NULL, &memory, NULL), 0);
		mmcpus_memory_destroy(memory);
		mmcpus_system_close(sys);
	}
}

/* CPUs 0-3 are node 0, 4-7 are node 1; 5 % on node 1. */
static void compares_with_cpus(void **state)
{
	static const struct {
		const char *cpus;
		double share;
		const char *remote;
	} cases[] = {
		{ "0-7", 0.051, "4-7" }, { "0-7", 0.05, "" }, { "2,5", 0.06, "5" },
		{ "0-3", 0.06, "" },     { "", 0.06, "" },    { "0-7", 1, "0-7" },
	};
	struct mmcpus_cpuset *remote = mmcpus_cpuset_create(8);
	struct mmcpus_memory *memory;
	struct mmcpus_system *sys = open_machine(*state);

	assert_int_equal(count(*state, "1 default N0=95 N1=5 kernelpagesize_kB=4\n", &memory, NULL), 0);
	for (size_t i = 0; i < NR(cases); i++) {
		struct mmcpus_cpuset *cpus = set_of(8, cases[i].cpus);

		assert_int_equal(mmcpus_memory_remote(memory, sys, cpus, cases[i].share, remote), 0);
		assert_set(remote, cases[i].remote);
		mmcpus_cpuset_destroy(cpus);
	}
	mmcpus_cpuset_destroy(remote);
	mmcpus_memory_destroy(memory);
	mmcpus_system_close(sys);
}

/* ------------------------------------------------------------------------------------------------ what is preferred -- */

static void assert_preferred(const struct mmcpus_system *sys, int32_t pid, int err, const char *nodes)
{
	struct mmcpus_cpuset *set = set_of(1024, "7");
	int got = mmcpus_process_preferred_nodes(sys, pid, set);

	check(got == err, "%d instead of %d", got, err);
	assert_set(set, nodes);
	mmcpus_cpuset_destroy(set);
}

/* What is listed, and gone when it is opened. */
/* It is there: that it may not be looked at is no end. */
static void what_may_not_be_seen_has_not_ended(void **state)
{
	struct mmcpus_system *sys;
	uid_t before = geteuid();

	tree_write(*state, "proc/sys/kernel/numa_balancing", "1\n");
	sys = open_machine(*state);
	tree_write(*state, "proc/10/task/10/sched", "a (10, #threads: 1)\nnuma_preferred_nid : 3\n");
	assert_int_equal(fchmodat(sys->root.fd, "proc/10", 0, 0), 0);
	if (before == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_preferred(sys, 10, -EACCES, "");
	assert_int_equal(seteuid(before), 0);
	assert_int_equal(fchmodat(sys->root.fd, "proc/10", 0755, 0), 0);
	assert_preferred(sys, 10, 0, "3");
	mmcpus_system_close(sys);
}

static void tree_replace_by_dangling(const struct tree *tree, const char *path)
{
	char *full = tree_path(tree, path);

	assert_int_equal(rmdir(full), 0);
	assert_int_equal(symlink("gone", full), 0);
}

static void unites_what_threads_prefer(void **state)
{
	static const struct task other = { .tgid = 10, .tid = 11, .threads = 2, .rss_kib = 4, .allowed = "0f" };
	struct mmcpus_system *sys = open_machine(*state);

	write_task(*state, &other);
	assert_preferred(sys, 10, -ENODATA, ""); /* nobody says that the kernel balances */
	mmcpus_system_close(sys);
	tree_write(*state, "proc/sys/kernel/numa_balancing", "1\n");
	sys = open_machine(*state);
	assert_preferred(sys, 77, -ESRCH, "");
	assert_preferred(sys, 10, -ENODATA, "");
	tree_write(*state, "proc/10/task/10/sched", "a (10, #threads: 2)\nnuma_preferred_nid : -1\n");
	tree_write(*state, "proc/10/task/11/sched", "a (11, #threads: 2)\nnuma_preferred_nid : -1\n");
	assert_preferred(sys, 10, 0, "");
	tree_write(*state, "proc/10/task/11/sched", "a (11, #threads: 2)\nnuma_preferred_nid : 1\n");
	assert_preferred(sys, 10, 0, "1");
	tree_write(*state, "proc/10/task/10/sched", "a (10, #threads: 2)\nnuma_preferred_nid : 3\n");
	assert_preferred(sys, 10, 0, "1,3");
	tree_mkdir(*state, "proc/10/task/9"); /* there is no such file in this kernel, or the thread has ended */
	assert_preferred(sys, 10, -ENODATA, "");
	tree_replace_by_dangling(*state, "proc/10/task/9");
	assert_preferred(sys, 10, 0, "1,3");
	mmcpus_system_close(sys);
	tree_write(*state, "proc/sys/kernel/numa_balancing", "2\n"); /* it moves pages between tiers only */
	sys = open_machine(*state);
	assert_preferred(sys, 10, -ENODATA, "");
	mmcpus_system_close(sys);
}

/* -------------------------------------------------------------------------------------------------- what is mapped -- */

static const struct deadline never = { UINT64_MAX, UINT64_MAX };

static int read_mappings(const struct tree *tree, const char *maps, const struct deadline *deadline,
			 struct population *ret)
{
	struct root root;
	struct root process;
	int err;

	tree_write(tree, "proc/10/maps", maps);
	assert_int_equal(root_init(&root, tree->root, NULL), 0);
	assert_int_equal(root_enter(&root, "proc/10", &process), 0);
	err = mappings_read(&process, 4096, deadline, ret);
	root_deinit(&process);
	root_deinit(&root);
	return err;
}

static void lists_what_may_be_accessed(void **state)
{
	struct population mapped = { 0 };

	assert_int_equal(read_mappings(*state,
				       "1000-3000 rw-p 0 0:0 0\n3000-5000 r--p 0 0:0 0\n5000-9000 ---p 0 0:0 0\n"
				       "a000-b000 --xp 0 0:0 0\nffffffffff600000-ffffffffff601000 --xp 0 0:0 0\n",
				       &never, &mapped),
			 0);
	assert_int_equal(mapped.nr_pages, 5);
	assert_int_equal(mapped.nr_ranges, 2);
	assert_int_equal(mapped.ranges[0].first, 1);
	assert_int_equal(mapped.ranges[1].first, 10);
	population_deinit(&mapped);
}

/* Mappings that were merged, or grew downwards, between two portions of the file. */
static void counts_no_page_twice(void **state)
{
	static const struct {
		const char *maps;
		uint64_t nr_pages;
	} cases[] = {
		{ "1000-3000 rw-p\n1000-6000 rw-p\n", 5 },
		{ "1000-3000 rw-p\n2000-4000 rw-p\n8000-9000 rw-p\n", 4 },
		{ "1000-3000 rw-p\n1000-3000 rw-p\n", 2 },
		{ "2000-3000 rw-p\n1000-2000 rw-p\n", 1 },
	};
	struct population mapped = { 0 };

	for (size_t i = 0; i < NR(cases); i++) {
		population_clear(&mapped);
		assert_int_equal(read_mappings(*state, cases[i].maps, &never, &mapped), 0);
		check(mapped.nr_pages == cases[i].nr_pages, "case %zu: %" PRIu64 " pages", i, mapped.nr_pages);
		assert_int_equal(mapped.ranges[0].first, cases[i].maps[0] - '0');
	}
	population_deinit(&mapped);
}

static void stops_listing(void **state)
{
	static const struct deadline over = { 0, UINT64_MAX };
	static const struct deadline waited = { UINT64_MAX, 0 };
	struct population mapped = { 0 };
	char maps[64 * 32];
	size_t length = 0;

	assert_int_equal(read_mappings(*state, "nonsense\n", &never, &mapped), -EBADMSG);
	for (int i = 1; i <= 63; i++)
		length += (size_t)sprintf(maps + length, "%x000-%x000 rw-p\n", 2 * i, 2 * i + 1);
	population_clear(&mapped);
	assert_int_equal(read_mappings(*state, maps, &over, &mapped), -ETIME);
	population_clear(&mapped);
	assert_int_equal(read_mappings(*state, maps, &waited, &mapped), -ETIME);
	population_deinit(&mapped);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(counts),
		tree_test(counts_nothing),
		tree_test(counts_what_threads_have),
		tree_test(says_why_it_cannot),
		tree_test(counts_no_longer_than_wanted),
		tree_test(does_not_begin_what_takes_too_long),
		tree_test(compares_with_cpus),
		tree_test(unites_what_threads_prefer),
		tree_test(what_may_not_be_seen_has_not_ended),
		tree_test(lists_what_may_be_accessed),
		tree_test(counts_no_page_twice),
		tree_test(stops_listing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
