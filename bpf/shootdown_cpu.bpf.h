/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: what each CPU is doing, which those that it interrupts read. */
#ifndef MMCPUS_BPF_SHOOTDOWN_CPU_H
#define MMCPUS_BPF_SHOOTDOWN_CPU_H

#include "kernel.h"

/*
 * What a CPU is doing: the flush that it sends, and the one that it carries out for another. What the CPUs that it interrupts
 * need is in one cache line, which each of them takes from it.
 */
struct cpu_state {
	uint64_t info; /* address of its flush_tlb_info while a flush that it describes is under way, or was the last */
	uint64_t mm;   /* of the flush that it sent last */
	uint64_t end;
	uint64_t sent_ns;
	uint64_t wait_ns; /* until the end of the latest hit so far */
	uint64_t id;
	uint32_t row;
	uint32_t is_counted; /* as sent */
	uint32_t kind;
	uint32_t knows_requested; /* all CPUs that it is requested of, from the sending on */

	uint64_t info_at; /* address of its flush_tlb_info; 0: unknown */
	uint64_t start;
	uint64_t preempt_at;   /* address of its preemption count; 0: unknown */
	uint64_t scratch;      /* through which a pointer becomes a number */
	uint64_t requested;    /* the first word of those CPUs, without its own; others have a map */
	uint64_t last_call_id; /* of the calls that it sent */

	/* Where the flush is seen for each CPU that it is queued for. */
	uint64_t sending;      /* what its runs have in common: sending_of() */
	uint32_t next_target;  /* the lowest that may follow */
	int32_t nr_unfinished; /* of a batch: CPUs that it was seen for and that have not finished; they write this */

	uint64_t hit_ns;
	uint64_t hit_token; /* what tells the end of this hit from others'; 0: none is under way */
	uint64_t hit_info;  /* address of the flush_tlb_info that it was handed, if it is one */
	uint64_t call_ns;
	uint64_t call_token; /* as hit_token */
	uint64_t call_id;    /* of the call that it carries out; 0: unknown */
	uint32_t call_row;   /* that the call which it carries out is counted in */
	uint32_t nr_unseen;  /* tasks woken together with its first that were not seen when they were queued */

	/* Written by others: 1 more than the row of who made this CPU reschedule, until it comes to that; 0: nobody has. */
	uint32_t reschedule_row;
	uint32_t reserved_last;
};

_Static_assert(sizeof(struct cpu_state) == 192, "whole cache lines");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* begins with a page, and so with a cache line */
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct cpu_state));
	__uint(max_entries, 1); /* set before loading, to the number of CPUs */
} cpu_states SEC(".maps");

/* A pointer becomes a plain number through memory, which must not be another CPU's as well. */
static __always_inline uint64_t number_of(const void *pointer, uint64_t *through)
{
	*(const void *volatile *)through = pointer;
	return *(volatile uint64_t *)through;
}

#endif
