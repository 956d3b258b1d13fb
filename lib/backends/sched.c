// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Backend sched: no kernel tells the unprivileged where an mm is active, but every kernel tells where each thread runs
 * or ran last. That is a guess at the mask and not a bound: earlier CPUs are missing, and under the eager rule a CPU
 * may have dropped the mm since.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../proc_snapshot.h"
#include "../proc_stat.h"
#include "../reason.h"

static int add_last_cpu(struct proc_reader *rd, const struct proc_process *process, const char *path,
			struct mmcpus_cpuset *ret)
{
	struct proc_stat stat;
	int err = root_read(&process->dir, path, &rd->thread);

	if (!err)
		err = proc_stat_parse(rd->thread.data, &stat);
	if (err)
		return err;
	if (stat.state == 'Z' || stat.state == 'X')
		return -ENODATA;
	return mmcpus_cpuset_add(ret, stat.last_cpu);
}

static int read_last_cpus(struct proc_reader *rd, const struct proc_process *process, struct mmcpus_cpuset *ret)
{
	char path[48];

	if (!process->has_mm && rd->tids.nr < 2)
		return -ENODATA;
	mmcpus_cpuset_clear(ret);
	if (rd->tids.nr == 0)
		return add_last_cpu(rd, process, "stat", ret);
	for (size_t i = 0; i < rd->tids.nr; i++) {
		snprintf(path, sizeof(path), "task/%d/stat", rd->tids.pids[i]);
		add_last_cpu(rd, process, path, ret);
	}
	return mmcpus_cpuset_is_empty(ret) ? -ENODATA : 0;
}

static int sched_read(void *state, const struct snapshot_request *request, struct mmcpus_snapshot *snap,
		      struct mmcpus_reason *why)
{
	static const struct proc_active active = { read_last_cpus };

	return proc_snapshot_read(state, &active, request, snap, why);
}

static int sched_open(const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why)
{
	*ret = proc_reader_create(sys);
	return *ret ? 0 : reason_set(why, -ENOMEM, "%s", strerror(ENOMEM));
}

static void sched_close(void *state)
{
	proc_reader_destroy(state);
}

const struct backend_ops backend_sched = {
	.name = "sched",
	.summary = "the last CPU of each thread in /proc/PID/task/TID/stat: a guess",
	.quality = MMCPUS_ESTIMATE,
	.open = sched_open,
	.close = sched_close,
	.read = sched_read,
};
