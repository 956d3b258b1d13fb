/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: what each CPU is doing, which those that it interrupts read. */
#ifndef MMCPUS_BPF_SHOOTDOWN_CPU_H
#define MMCPUS_BPF_SHOOTDOWN_CPU_H

#include "kernel.h"
#include "shootdown_record.h"

/*
 * A hit, and by how much it has made the sender wait longer. Not on the stack: where that is read by its address, the verifier
 * of 6.1 takes what it has seen there once for what is there always.
 */
struct hit {
	uint64_t stolen_ns;
	uint64_t wait_ns;     /* 0: not longer than before, as the next */
	uint64_t wait_before; /* 0: it is the first of the flush */
};

/* The number of a flush: it begins with its sender's CPU. */
#define ID_CPU_SHIFT 48

static __always_inline uint32_t sender_of(uint64_t flush_id)
{
	return (uint32_t)(flush_id >> ID_CPU_SHIFT);
}

/*
 * What a CPU is doing: the flush that it sends, and the one that it carries out for another. Each CPU that it interrupts takes
 * the first line from its cache. While these read it, the sender has no need to: what it compares the next flush with is
 * further on. And what they write is in a line that the sender does not look at, but for a batch or with a filter. Two
 * neighbours are fetched together, so that some are left empty.
 */
struct cpu_state {
	uint64_t info; /* address of its flush_tlb_info while a flush that it describes is under way, or was the last */
	uint64_t mm;   /* of the flush that it sent last */
	uint64_t end;
	uint64_t sent_ns;
	uint64_t id;
	uint32_t row;
	uint32_t kind;
	uint32_t is_coarse; /* it was sent some time in the tick of sent_ns: how long it is waited for can't be told */
	uint32_t reserved_published[19];

	uint64_t last_info; /* the same of that flush, for the sender itself */
	uint64_t last_mm;
	uint64_t last_id;
	uint64_t info_at; /* address of its flush_tlb_info; 0: unknown */
	uint64_t start;
	uint64_t preempt_at;      /* address of its preemption count; 0: unknown */
	uint64_t scratch;         /* through which a pointer becomes a number */
	uint64_t requested;       /* the first word of those CPUs, without its own; others have a map */
	uint32_t knows_requested; /* all CPUs that it is requested of, from the sending on */
	uint32_t memo_way;        /* of the last stack that was known again, modulo MEMO_WAYS */
	uint64_t last_call_id;    /* of the calls that it sent */
	uint64_t task_stack;      /* of the current task: through which its address becomes a number */

	/* Where the flush is seen for each CPU that it is queued for. */
	uint64_t sending;     /* what its runs have in common: sending_of() */
	uint32_t next_target; /* the lowest that may follow */
	uint32_t reserved_target;
	uint64_t tick; /* jiffies when sent_ns was read, as long as that is coarse */
	uint64_t reserved_sender[2];

	/* Written by others. */
	uint64_t wait;         /* until the end of the latest hit so far, with the flush that it is of: wait_of() */
	uint32_t is_uncounted; /* set by the sender where it is to be counted with its first hit, which clears it */
	int32_t nr_unfinished; /* of a batch: CPUs that it was seen for and that have not finished */
	uint32_t
		reschedule_row; /* 1 more than the row of who made this CPU reschedule, until it comes to that; 0: nobody has */
	uint32_t reserved_row;
	uint64_t reserved_others[13];

	uint64_t hit_ns;
	uint64_t hit_token; /* what tells the end of this hit from others'; 0: none is under way */
	uint64_t hit_info;  /* what it was handed: of a flush, the address of its flush_tlb_info */
	uint64_t call_ns;
	uint64_t call_token; /* as hit_token */
	uint64_t call_id;    /* of the call that it carries out; 0: unknown */
	uint32_t call_row;   /* that the call which it carries out is counted in */
	uint32_t nr_unseen;  /* tasks woken together with its first that were not seen when they were queued */
	struct hit hit;
	uint32_t hit_from; /* the CPU that may have sent it: the key of the look-up, which is not to be on the stack */
	uint32_t reserved_from;
	uint64_t reserved_hit[5];
};

/* All that it has, and the library's view of that. */
struct cpu {
	union {
		struct shootdown_cpu shared;
		struct {
			uint8_t of_library[sizeof(struct shootdown_cpu) - sizeof(struct cpu_state)];
			struct cpu_state state;
		};
	};
};

_Static_assert(sizeof(struct cpu_state) == sizeof(((struct shootdown_cpu *)0)->of_programs), "part of the contract");
_Static_assert(__builtin_offsetof(struct cpu_state, sent_ns) == __builtin_offsetof(struct shootdown_last, sent_ns),
	       "part of the contract");
_Static_assert(__builtin_offsetof(struct cpu_state, row) == __builtin_offsetof(struct shootdown_last, row),
	       "part of the contract");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* begins with a page, and so with a cache line */
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct cpu));
	__uint(max_entries, 1); /* set before loading, to the number of CPUs */
} cpus SEC(".maps");

static __always_inline struct cpu *find_cpu(uint32_t cpu)
{
	return bpf_map_lookup_elem(&cpus, &cpu);
}

static __always_inline struct cpu_state *find_state(uint32_t cpu)
{
	struct cpu *found = find_cpu(cpu);

	if (!found)
		return NULL;
	barrier_var(found); /* or clang adds before it compares, which the verifier refuses */
	return &found->state;
}

/* token: what begin and end of a call have in common. One of the two may be missing, where the kernel left it out. */
static __always_inline void note_begin(struct cpu_state *own, uint64_t info, uint64_t token)
{
	own->hit_info = info;
	own->hit_token = token;
	own->hit_ns = bpf_ktime_get_ns();
}

/* A pointer becomes a plain number through memory, which must not be another CPU's as well. */
static __always_inline uint64_t number_of(const void *pointer, uint64_t *through)
{
	*(const void *volatile *)through = pointer;
	return *(volatile uint64_t *)through;
}

#endif
