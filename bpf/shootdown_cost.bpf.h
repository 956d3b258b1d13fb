/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel side: what counting takes. The kernel's own statistics of BPF programs read a clock twice for each run, which is
 * most of what a flush that is sent to nobody costs, and to switch them on interrupts every CPU. So the programs take their
 * time themselves: each CPU's first runs after a look of the library, and then one of several, which stands for those after it.
 */
#ifndef MMCPUS_BPF_SHOOTDOWN_COST_H
#define MMCPUS_BPF_SHOOTDOWN_COST_H

#include "shootdown_cpu.bpf.h"
#include "shootdown_record.h"

/* A prime number: the programs take turns on a CPU in some order, which must not be in step with it. */
#define COST_STRIDE 61

/* A run under way. */
struct run {
	uint64_t begin_ns;
	uint64_t weight; /* 0: it is not timed */
};

static __always_inline uint32_t choose_weight(struct shootdown_cost *cost)
{
	if (cost->nr_first) {
		cost->nr_first--;
		return 1;
	}
	if (cost->nr_skip) { /* may be left over of an interval before, too */
		cost->nr_skip--;
		return 0;
	}
	cost->nr_skip = COST_STRIDE - 1;
	return COST_STRIDE;
}

/*
 * Through memory, what was chosen becomes a number that the verifier does not know. It looked at all of a program once for
 * each choice otherwise.
 */
static __always_inline struct run begin_run(struct cpu *own)
{
	struct shootdown_cost *cost;
	struct run run = {};
	uint32_t weight;

	if (!own)
		return run;
	cost = &own->shared.cost;
	weight = choose_weight(cost);
	if (weight)
		*(volatile uint64_t *)&cost->begin_ns = bpf_ktime_get_ns();
	*(volatile uint32_t *)&cost->weight = weight;
	run.weight = *(volatile uint32_t *)&cost->weight;
	run.begin_ns = *(volatile uint64_t *)&cost->begin_ns;
	return run;
}

static __always_inline void end_run(struct cpu *own, const struct run *run)
{
	if (own && run->weight)
		__sync_fetch_and_add(&own->shared.cost.ns, (bpf_ktime_get_ns() - run->begin_ns) * run->weight);
}

#endif
