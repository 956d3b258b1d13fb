/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots from files under /proc: the part that the backends procfs and sched have in common. */
#ifndef MMCPUS_LIB_PROC_SNAPSHOT_H
#define MMCPUS_LIB_PROC_SNAPSHOT_H

#include "backend.h"
#include "proc_dir.h"
#include "proc_status.h"

/* Buffers that are kept from one process, and one snapshot, to the next. */
struct proc_reader {
	const struct mmcpus_system *sys;
	struct text status;
	struct text thread;
	struct pid_list pids;
	struct pid_list tids;
};

struct proc_process {
	struct root dir; /* /proc/PID: a later process of the same number is not found below it */
	int32_t pid;
	struct proc_status status; /* of the leader */
	bool has_mm;               /* the leader has; else a thread may */
};

struct proc_active {
	/*
	 * Fill the ACTIVE set of a process. 0; -ENODATA: it has no mm; any other error: it has one, but its set cannot
	 * be read.
	 */
	int (*read)(struct proc_reader *rd, const struct proc_process *process, struct mmcpus_cpuset *ret);
};

/* Visit the threads of a process, which the caller has to list first: 1 the status of one that has an mm, 0 the end. */
int proc_next_thread(struct proc_reader *rd, const struct proc_process *process, size_t *index,
		     struct proc_status *ret);

/* As backend_ops: read all processes, or the one that is wanted, into records. */
int proc_snapshot_read(struct proc_reader *rd, const struct proc_active *active, const struct snapshot_request *request,
		       struct mmcpus_snapshot *snap, struct mmcpus_reason *why);

/* State of a backend that needs nothing else. */
struct proc_reader *proc_reader_create(const struct mmcpus_system *sys);
void proc_reader_destroy(struct proc_reader *rd);

#endif
