/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes for a machine made of files, and that machine opened through the public interface. */
#ifndef MMCPUS_TESTS_MACHINE_H
#define MMCPUS_TESTS_MACHINE_H

#include "tree.h"

struct task {
	int tgid;
	int tid; /* 0: the leader */
	const char *name;
	char state; /* 0: S */
	int ppid;
	unsigned int uid; /* effective */
	int threads;      /* 0: 1 */
	int rss_kib;      /* 0: has no mm */
	const char *allowed;
	const char *active;    /* mask of a patched kernel; NULL: no such line */
	unsigned int last_cpu; /* field 39 of stat */
};

static inline void write_status(const struct tree *tree, const char *dir, const struct task *task)
{
	char path[128];
	char text[2048];
	int length;

	snprintf(path, sizeof(path), "%s/status", dir);
	length = sprintf(text, "Name:\t%s\nState:\t%c\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nUid:\t9999\t%u\t9999\t9999\n",
			 task->name ? task->name : "test", task->state ? task->state : 'S', task->tgid,
			 task->tid ? task->tid : task->tgid, task->ppid, task->uid);
	if (task->rss_kib)
		length += sprintf(text + length, "VmRSS:\t%8d kB\n", task->rss_kib);
	length += sprintf(text + length, "Threads:\t%d\n", task->threads ? task->threads : 1);
	if (task->allowed)
		length += sprintf(text + length, "Cpus_allowed:\t%s\n", task->allowed);
	if (task->active)
		length += sprintf(text + length, "Cpus_active_mm:\t%s\nCpus_active_mm_list:\t?\n", task->active);
	sprintf(text + length, "Mems_allowed:\t1\n");
	tree_write(tree, path, text);
}

static inline void write_stat(const struct tree *tree, const char *dir, const struct task *task)
{
	char path[128];
	char text[512];

	snprintf(path, sizeof(path), "%s/stat", dir);
	snprintf(text, sizeof(text),
		 "%d (%s) %c %d 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 %d 23 24 25 26 27 28 29 30 31 32 33 34 "
		 "35 36 37 17 %u 40 41 42 43 44 45 46 47 48 49 50 51 0\n",
		 task->tid ? task->tid : task->tgid, task->name ? task->name : "test", task->state ? task->state : 'S',
		 task->ppid, 1000 + task->tgid, task->last_cpu);
	tree_write(tree, path, text);
}

/* A leader appears in /proc and among its threads; another thread there, and in /proc where only lookups find it. */
static inline void write_task(const struct tree *tree, const struct task *task)
{
	char dir[64];

	if (!task->tid) {
		snprintf(dir, sizeof(dir), "proc/%d", task->tgid);
		write_status(tree, dir, task);
		write_stat(tree, dir, task);
	}
	snprintf(dir, sizeof(dir), "proc/%d/task/%d", task->tgid, task->tid ? task->tid : task->tgid);
	write_status(tree, dir, task);
	write_stat(tree, dir, task);
}

/* x86-64 with 8 CPUs in two nodes. */
static inline void write_machine(const struct tree *tree)
{
	tree_mkdir(tree, "proc");
	tree_write(tree, "proc/sys/kernel/arch", "x86_64\n");
	tree_write(tree, "proc/sys/kernel/osrelease", "6.12.0-test\n");
	tree_write(tree, "sys/devices/system/cpu/possible", "0-7\n");
	tree_write(tree, "sys/devices/system/cpu/online", "0-5\n");
	tree_write(tree, "sys/devices/system/cpu/isolated", "4-5\n");
	tree_write(tree, "sys/devices/system/cpu/nohz_full", "\n");
	tree_write(tree, "sys/devices/system/node/online", "0-1\n");
	tree_write(tree, "sys/devices/system/node/node0/cpulist", "0-3\n");
	tree_write(tree, "sys/devices/system/node/node1/cpulist", "4-7\n");
}

struct machine {
	struct mmcpus_system *sys;
	struct mmcpus_source *src;
	struct mmcpus_cpuset *set; /* room for a copy */
	const struct mmcpus_snapshot *snap;
};

static inline struct machine machine_open(const struct tree *tree, const char *backend)
{
	struct machine machine = { 0 };
	struct mmcpus_reason why = { 0 };
	int err = mmcpus_system_open(tree->root, &machine.sys, &why);

	check(!err, "system: %d, %s", err, why.what);
	err = mmcpus_source_open(machine.sys, backend, &machine.src, &why);
	check(!err, "source: %d, %s", err, why.what);
	machine.set = mmcpus_cpuset_create(MMCPUS_CPUS_MAX);
	assert_non_null(machine.set);
	return machine;
}

static inline void machine_close(struct machine *machine)
{
	mmcpus_cpuset_destroy(machine->set);
	mmcpus_source_close(machine->src);
	mmcpus_system_close(machine->sys);
}

static inline void take_snapshot(struct machine *machine, uint32_t fields)
{
	struct mmcpus_reason why = { 0 };
	int err = mmcpus_source_snapshot(machine->src, fields, &machine->snap, &why);

	check(!err, "snapshot: %d, %s", err, why.what);
}

/* The entry of a process; NULL if it has none. */
static inline const struct mmcpus_mm *find_mm(const struct machine *machine, int32_t pid)
{
	for (size_t i = 0; i < mmcpus_snapshot_count(machine->snap); i++) {
		const struct mmcpus_mm *mm = mmcpus_snapshot_mm(machine->snap, i);

		if (mmcpus_mm_pid(mm) == pid)
			return mm;
	}
	return NULL;
}

/* Compare a set of an entry with a list; NULL: it has to be unknown. */
static inline void assert_mm_set(const struct machine *machine, const struct mmcpus_mm *mm, enum mmcpus_mm_set which,
				 const char *expected)
{
	int err;

	assert_non_null(mm);
	err = mmcpus_mm_set(machine->snap, mm, which, machine->set);
	if (!expected) {
		check(err == -ENODATA, "set %d of %d is not unknown: %d", which, mmcpus_mm_pid(mm), err);
		return;
	}
	check(!err, "set %d of %d: %d", which, mmcpus_mm_pid(mm), err);
	assert_set(machine->set, expected);
}

#endif
