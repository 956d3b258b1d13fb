/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CPUs a captured machine keeps isolated: by its command line, and by cpuset partitions of old and new kernels. */
#include "machine.h"

#define CGROUP "sys/fs/cgroup"

static void assert_isolation(const struct tree *tree, enum mmcpus_system_set which, const char *expected)
{
	struct mmcpus_system *sys;
	const struct mmcpus_cpuset *set;

	assert_int_equal(mmcpus_system_open(tree->root, &sys, NULL), 0);
	set = mmcpus_system_set(sys, which);
	if (expected)
		assert_set(set, expected);
	else
		assert_null(set);
	mmcpus_system_close(sys);
}

static void write_partition(const struct tree *tree, const char *cgroup, const char *kind, const char *cpus)
{
	char path[512];

	snprintf(path, sizeof(path), CGROUP "/%s/cpuset.cpus.partition", cgroup);
	tree_write(tree, path, kind);
	snprintf(path, sizeof(path), CGROUP "/%s/cpuset.cpus.effective", cgroup);
	tree_write(tree, path, cpus);
}

static void reads_the_command_line(void **state)
{
	write_machine(*state);
	tree_write(*state, "sys/devices/system/cpu/nohz_full", "5-6\n");
	assert_isolation(*state, MMCPUS_SYSTEM_ISOLCPUS, "4-5");
	assert_isolation(*state, MMCPUS_SYSTEM_NOHZ_FULL, "5-6");
	assert_isolation(*state, MMCPUS_SYSTEM_PARTITIONS, NULL);
	assert_isolation(*state, MMCPUS_SYSTEM_ISOLATED, "4-6");
}

/* 6.1 prints " (null)" where nohz_full= was not given. */
static void null_is_an_empty_set(void **state)
{
	write_machine(*state);
	tree_write(*state, "sys/devices/system/cpu/nohz_full", " (null)\n");
	assert_isolation(*state, MMCPUS_SYSTEM_NOHZ_FULL, "");
	assert_isolation(*state, MMCPUS_SYSTEM_ISOLATED, "4-5");
}

static void empty_is_known(void **state)
{
	write_machine(*state);
	tree_write(*state, "sys/devices/system/cpu/isolated", "\n");
	assert_isolation(*state, MMCPUS_SYSTEM_ISOLCPUS, "");
	assert_isolation(*state, MMCPUS_SYSTEM_ISOLATED, "");
}

static void malformed_is_unknown(void **state)
{
	write_machine(*state);
	tree_write(*state, "sys/devices/system/cpu/isolated", "4-\n");
	tree_write(*state, "sys/devices/system/cpu/nohz_full", "0-99\n");
	assert_isolation(*state, MMCPUS_SYSTEM_ISOLCPUS, NULL);
	assert_isolation(*state, MMCPUS_SYSTEM_NOHZ_FULL, NULL);
	assert_isolation(*state, MMCPUS_SYSTEM_ISOLATED, NULL);
}

static void missing_is_unknown(void **state)
{
	write_machine(*state);
	assert_int_equal(unlink(tree_path(*state, "sys/devices/system/cpu/nohz_full")), 0);
	assert_isolation(*state, MMCPUS_SYSTEM_NOHZ_FULL, NULL);
	assert_isolation(*state, MMCPUS_SYSTEM_ISOLATED, "4-5");
}

static void reads_isolated_partitions(void **state)
{
	write_machine(*state);
	tree_write(*state, CGROUP "/cgroup.controllers", "cpuset cpu io memory\n");
	tree_write(*state, CGROUP "/cpuset.cpus.isolated", "6-7\n");
	write_partition(*state, "ignored", "isolated\n", "1\n"); /* the kernel has summed up already */
	assert_isolation(*state, MMCPUS_SYSTEM_PARTITIONS, "6-7");
	assert_isolation(*state, MMCPUS_SYSTEM_ISOLATED, "4-7");
}

static void walks_partitions_of_older_kernels(void **state)
{
	write_machine(*state);
	tree_write(*state, CGROUP "/cgroup.controllers", "cpuset cpu io memory\n");
	write_partition(*state, "rt", "isolated\n", "2\n");
	write_partition(*state, "rt/nested", "isolated\n", "3\n");
	write_partition(*state, "dpdk", "root\n", "6-7\n"); /* a partition, but its CPUs balance load among them */
	write_partition(*state, "dpdk/poll", "isolated\n", "7\n");
	write_partition(*state, "broken", "isolated invalid (Cpu list in cpuset.cpus not exclusive)\n", "1\n");
	write_partition(*state, "invalid", "root invalid\n", "1\n");
	write_partition(*state, "invalid/below", "isolated\n", "1\n");
	write_partition(*state, "plain", "member\n", "0-7\n");
	write_partition(*state, "plain/below", "isolated\n", "0\n"); /* no such thing below a member */
	write_partition(*state, "unreadable", "isolated\n", "x\n");
	tree_mkdir(*state, CGROUP "/no-cpuset");
	assert_isolation(*state, MMCPUS_SYSTEM_PARTITIONS, "2-3,7");
	assert_isolation(*state, MMCPUS_SYSTEM_ISOLATED, "2-5,7");
}

static void no_partitions_is_known(void **state)
{
	write_machine(*state);
	tree_write(*state, CGROUP "/cgroup.controllers", "cpuset cpu\n");
	write_partition(*state, "plain", "member\n", "0-7\n");
	assert_isolation(*state, MMCPUS_SYSTEM_PARTITIONS, "");
}

/* cpuset belongs to v1 here, which knows no partitions. */
static void controller_elsewhere_means_none(void **state)
{
	write_machine(*state);
	tree_write(*state, CGROUP "/unified/cgroup.controllers", "\n");
	write_partition(*state, "unified/x", "isolated\n", "1\n");
	assert_isolation(*state, MMCPUS_SYSTEM_PARTITIONS, "");
}

static void finds_v2_beside_v1(void **state)
{
	write_machine(*state);
	tree_write(*state, CGROUP "/unified/cgroup.controllers", "cpuset\n");
	tree_write(*state, CGROUP "/unified/cpuset.cpus.isolated", "1\n");
	assert_isolation(*state, MMCPUS_SYSTEM_PARTITIONS, "1");
}

/* A directory tree that links to itself has no end. */
static void partitions_in_circles_end(void **state)
{
	write_machine(*state);
	tree_write(*state, CGROUP "/cgroup.controllers", "cpuset\n");
	write_partition(*state, "a", "isolated\n", "1\n");
	tree_link(*state, CGROUP "/a/again", "../a");
	alarm(20);
	assert_isolation(*state, MMCPUS_SYSTEM_PARTITIONS, "1");
	alarm(0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(reads_the_command_line),
		tree_test(null_is_an_empty_set),
		tree_test(empty_is_known),
		tree_test(malformed_is_unknown),
		tree_test(missing_is_unknown),
		tree_test(reads_isolated_partitions),
		tree_test(walks_partitions_of_older_kernels),
		tree_test(no_partitions_is_known),
		tree_test(controller_elsewhere_means_none),
		tree_test(finds_v2_beside_v1),
		tree_test(partitions_in_circles_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
