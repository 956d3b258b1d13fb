/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: the number of a task as the reader sees it, in its own pid namespace. */
#ifndef MMCPUS_BPF_PID_VIEW_H
#define MMCPUS_BPF_PID_VIEW_H

#include "kernel.h"

/* Which pid numbers a reader sees. Level 0 is the initial namespace, which sees all by their global numbers. */
struct pid_view {
	uint32_t level;
	uint32_t reserved;
	uint64_t ns; /* address of the kernel's struct pid_namespace */
};

/*
 * The number of a task in the namespace that is level levels below the initial one. Read as plain memory: to a pointer
 * that it knows, the verifier lets no unknown level be added.
 */
static __always_inline bool read_upid(const struct task_struct *task, uint32_t level, struct upid *ret)
{
	const struct pid *pid;
	uint32_t deepest;

	if (bpf_core_read(&pid, sizeof(pid), &task->thread_pid) || !pid ||
	    bpf_core_read(&deepest, sizeof(deepest), &pid->level) || level > deepest)
		return false;
	return !bpf_probe_read_kernel(ret, sizeof(*ret), (const struct upid *)&pid->numbers + level);
}

/* See the pid namespace as @reader sees it: with the number and the namespace of its deepest level. */
static __always_inline void pid_view_init(struct pid_view *view, const struct task_struct *reader)
{
	struct upid own = {};
	const struct pid *pid;

	view->level = 0;
	if (bpf_core_read(&pid, sizeof(pid), &reader->thread_pid) == 0)
		bpf_core_read(&view->level, sizeof(view->level), &pid->level);
	read_upid(reader, view->level, &own);
	view->ns = (uint64_t)own.ns;
}

/* Number of @task in the reader's namespace, where @number is the one in the initial; 0 if the reader doesn't see it. */
static __always_inline int32_t number_seen(const struct task_struct *task, int32_t number, const struct pid_view *view)
{
	struct upid upid;

	barrier_var(number); /* or clang joins its load with one from the stack, which the verifier refuses */
	if (view->level == 0)
		return number;
	return read_upid(task, view->level, &upid) && (uint64_t)upid.ns == view->ns ? upid.nr : 0;
}

/* Number of the process of @task, a leader. */
static __always_inline int32_t pid_seen(const struct task_struct *task, const struct pid_view *view)
{
	return number_seen(task, task->tgid, view);
}

#endif
