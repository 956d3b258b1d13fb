// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where automatic NUMA balancing wants the threads of a process to be. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proc_dir.h"
#include "proc_sched.h"
#include "system.h"

/* NUMA_BALANCING_NORMAL of include/linux/sched/sysctl.h; the other mode moves pages between tiers of memory. */
#define BALANCES_NODES 1

/* It costs a file for each. */
#define THREADS_MAX 1024

int mmcpus_system_balances_nodes(const struct mmcpus_system *sys)
{
	const char *mode = mmcpus_system_text(sys, MMCPUS_SYSTEM_NUMA_BALANCING);

	return mode ? (strtoul(mode, NULL, 10) & BALANCES_NODES) != 0 : -ENODATA;
}

/* Or is it only the file that is missing? */
static bool has_ended(const struct root *process, int32_t tid)
{
	char path[32];

	snprintf(path, sizeof(path), "task/%d", tid);
	return faccessat(process->fd, path, F_OK, 0) != 0;
}

/* A thread that has ended meanwhile prefers nothing. */
static int add_preferred(const struct root *process, int32_t tid, struct text *text, struct mmcpus_cpuset *ret)
{
	int32_t node = -1;
	char path[48];
	int err;

	snprintf(path, sizeof(path), "task/%d/sched", tid);
	err = root_read(process, path, text);
	if (err == -ESRCH || (err == -ENOENT && has_ended(process, tid)))
		return 0;
	if (!err)
		err = proc_sched_parse_preferred(text->data, &node);
	if (!err && node >= 0)
		err = mmcpus_cpuset_add(ret, (uint32_t)node);
	if (err == -EPERM || err == -EACCES)
		return -EACCES;
	return err ? -ENODATA : 0;
}

static int add_threads(const struct root *process, struct mmcpus_cpuset *ret)
{
	struct pid_list tids = { 0 };
	struct text text = { 0 };
	int err = proc_dir_list_threads(process, &tids);

	if (!err && tids.nr > THREADS_MAX)
		err = -ENODATA;
	for (size_t i = 0; i < tids.nr && !err; i++)
		err = add_preferred(process, tids.pids[i], &text, ret);
	text_deinit(&text);
	pid_list_deinit(&tids);
	return err;
}

int mmcpus_process_preferred_nodes(const struct mmcpus_system *sys, int32_t pid, struct mmcpus_cpuset *ret)
{
	struct root process;
	char path[32];
	int err;

	mmcpus_cpuset_clear(ret);
	if (mmcpus_system_balances_nodes(sys) <= 0)
		return -ENODATA;
	snprintf(path, sizeof(path), "proc/%d", pid);
	err = root_enter(&sys->root, path, &process);
	if (!err) {
		err = add_threads(&process, ret);
		root_deinit(&process);
	}
	if (err == -EPERM)
		return -EACCES;
	return err == -ENOENT ? -ESRCH : err;
}
