// SPDX-License-Identifier: GPL-2.0-only
/* The walk alone: visit every process, or every thread, and look at none. What no snapshot can be faster than. */
#include "kernel.h"

uint32_t visit_threads;
uint64_t visited;

SEC("syscall")
int walk_nothing(void *unused __attribute__((unused)))
{
	struct bpf_iter_task tasks;

	visited = 0;
	bpf_rcu_read_lock();
	bpf_iter_task_new(&tasks, 0, visit_threads ? ITER_ALL_THREADS : ITER_ALL_PROCESSES);
	while (bpf_iter_task_next(&tasks))
		visited++;
	bpf_iter_task_destroy(&tasks);
	bpf_rcu_read_unlock();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
