/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel side: where each CPU's unit of per-CPU memory is, without a symbol. The elements of a per-CPU map lie as far apart
 * as the units do, and every task has a timer that points into a variable whose offset is known: hrtimer_bases.
 */
#ifndef MMCPUS_BPF_PERCPU_UNITS_H
#define MMCPUS_BPF_PERCPU_UNITS_H

#include "kernel.h"

/* Nothing is ever in it: of interest is where its elements are. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(uint64_t));
	__uint(max_entries, 1);
} ruler SEC(".maps");

/* Address of a CPU's unit is that of the map's element there plus this. */
static uint64_t unit_less_ruler;

/* Through memory, a pointer becomes a plain number. */
static volatile uint64_t element_address;

/* 0: there is no such CPU. 5.19: 07343110b293 ("bpf: add bpf_map_lookup_percpu_elem for percpu map") */
static __always_inline uint64_t ruler_on(uint32_t cpu)
{
	uint32_t zero = 0;

	element_address = (uint64_t)bpf_map_lookup_percpu_elem(&ruler, &zero, cpu);
	return element_address;
}

/*
 * Find the units from any task: whatever its policy, its timer for deadlines was given a base when it was made.
 * anchor_offset: of hrtimer_bases in the section of per-CPU variables.
 */
static __always_inline bool find_units(const struct task_struct *task, uint64_t anchor_offset)
{
	struct hrtimer_clock_base *clock_base;
	struct hrtimer_cpu_base *cpu_base;
	uint64_t element;
	uint32_t cpu;

	if (!bpf_core_field_exists(struct hrtimer_cpu_base, cpu) ||
	    !bpf_core_field_exists(struct sched_dl_entity, dl_timer) || !READ(clock_base, task->dl.dl_timer.base) ||
	    !READ(cpu_base, clock_base->cpu_base) || !READ(cpu, cpu_base->cpu))
		return false;
	element = ruler_on(cpu);
	unit_less_ruler = (uint64_t)cpu_base - anchor_offset - element;
	return element != 0;
}

#endif
