// SPDX-License-Identifier: LGPL-2.1-or-later
/* The threads of a process, one by one, with where each may run: what the union ALLOWED does not tell. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "proc_dir.h"
#include "proc_status.h"
#include "system.h"

struct mmcpus_threads {
	struct root process; /* its directory: a later process of the same number is not found below it */
	struct pid_list tids;
	size_t next;
	struct text status;
	int32_t tid;
	struct mmcpus_cpuset *allowed;
};

static int list_threads(const struct mmcpus_system *sys, int32_t pid, struct mmcpus_threads *threads)
{
	char path[32];
	int err;

	snprintf(path, sizeof(path), "proc/%d", pid);
	err = root_enter(&sys->root, path, &threads->process);
	if (!err)
		err = proc_dir_list_threads(&threads->process, &threads->tids);
	return err == -ENOENT || err == -EPERM || err == -EACCES ? -ESRCH : err;
}

int mmcpus_threads_open(const struct mmcpus_system *sys, int32_t pid, struct mmcpus_threads **ret)
{
	struct mmcpus_threads *threads = calloc(1, sizeof(*threads));
	int err;

	if (!threads)
		return -ENOMEM;
	threads->process.fd = -1;
	threads->allowed = mmcpus_cpuset_create(mmcpus_system_nr_cpus(sys));
	err = threads->allowed ? list_threads(sys, pid, threads) : -ENOMEM;
	if (err) {
		mmcpus_threads_close(threads);
		return err;
	}
	*ret = threads;
	return 0;
}

void mmcpus_threads_close(struct mmcpus_threads *threads)
{
	if (!threads)
		return;
	if (threads->process.fd >= 0)
		root_deinit(&threads->process);
	pid_list_deinit(&threads->tids);
	text_deinit(&threads->status);
	mmcpus_cpuset_destroy(threads->allowed);
	free(threads);
}

/* 1; 0: the thread has exited, and has no address space any more; -errno. */
static int read_thread(struct mmcpus_threads *threads)
{
	struct proc_status status;
	char path[48];
	int err;

	snprintf(path, sizeof(path), "task/%d/status", threads->tid);
	err = root_read(&threads->process, path, &threads->status);
	if (err)
		return err == -ENOENT || err == -ESRCH ? 0 : err;
	proc_status_parse(threads->status.data, &status);
	if (!(status.lines & STATUS_RSS))
		return 0;
	if (!(status.lines & STATUS_ALLOWED))
		return -ENODATA;
	return mmcpus_cpuset_parse_mask(threads->allowed, status.allowed_mask, NULL) ? -ENODATA : 1;
}

int mmcpus_threads_next(struct mmcpus_threads *threads)
{
	int found = 0;

	while (!found && threads->next < threads->tids.nr) {
		threads->tid = threads->tids.pids[threads->next++];
		found = read_thread(threads);
	}
	return found;
}

int32_t mmcpus_threads_tid(const struct mmcpus_threads *threads)
{
	return threads->tid;
}

const struct mmcpus_cpuset *mmcpus_threads_allowed(const struct mmcpus_threads *threads)
{
	return threads->allowed;
}
