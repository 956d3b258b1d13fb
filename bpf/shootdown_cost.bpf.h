/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel side: what counting takes. The kernel's own statistics of BPF programs read a clock twice for each run, which is
 * most of what a flush that is sent to nobody costs, and to switch them on interrupts every CPU. So the programs take their
 * time themselves: each CPU's first runs after a look of the library, and then one of several, which stands for those after it.
 */
#ifndef MMCPUS_BPF_SHOOTDOWN_COST_H
#define MMCPUS_BPF_SHOOTDOWN_COST_H

#include "kernel.h"
#include "shootdown_record.h"

/* A prime number: the programs take turns on a CPU in some order, which must not be in step with it. */
#define COST_STRIDE 61

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct shootdown_cost));
	__uint(max_entries, 1); /* set before loading, to the number of CPUs */
} costs SEC(".maps");

/* A run under way. */
struct run {
	struct shootdown_cost *cost; /* NULL: it is not timed */
	uint64_t weight;
	uint64_t begin_ns;
};

static __always_inline struct run begin_run(uint32_t cpu)
{
	struct run run = { .cost = bpf_map_lookup_elem(&costs, &cpu), .weight = 1 };

	if (!run.cost)
		return run;
	if (run.cost->nr_skip) {
		run.cost->nr_skip--;
		run.cost = NULL;
		return run;
	}
	if (run.cost->nr_first) {
		run.cost->nr_first--;
	} else {
		run.cost->nr_skip = COST_STRIDE - 1;
		run.weight = COST_STRIDE;
	}
	run.begin_ns = bpf_ktime_get_ns();
	return run;
}

static __always_inline void end_run(const struct run *run)
{
	if (run->cost)
		__sync_fetch_and_add(&run->cost->ns, (bpf_ktime_get_ns() - run->begin_ns) * run->weight);
}

#endif
