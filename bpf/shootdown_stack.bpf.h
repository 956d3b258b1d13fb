/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel side: the stacks of a sender. They are kept with its row, in memory that the library reads: what can be unwound is not
 * lost where the row is not, and when the row is free, so is their place. In the key of the row they are one number, their hash.
 */
#ifndef MMCPUS_BPF_SHOOTDOWN_STACK_H
#define MMCPUS_BPF_SHOOTDOWN_STACK_H

#include "shootdown_rows.bpf.h"

#define STACK_BYTES sizeof(struct shootdown_stack)

/* Of the kernel, for each row that has some in its key; the others' places hold what has been there before. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, STACK_BYTES);
	__uint(max_entries, SHOOTDOWN_NR_ROWS);
} row_stacks SEC(".maps");

/* The same of user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, STACK_BYTES);
	__uint(max_entries, 1); /* set before loading, to the number of rows if they are wanted */
} row_user_stacks SEC(".maps");

/*
 * Who takes stacks: one of these may interrupt another on a CPU, but none itself. What sends flushes of the kernel's own range
 * is either not interrupted by what sends the others, or has a program of its own, which queues other calls as well.
 */
enum taker {
	TAKER_FLUSH,
	TAKER_QUEUE,
	TAKER_RESCHEDULE,
	NR_TAKERS,
};

/* The stacks that a program was called on, until it is done with them. */
struct taken_stacks {
	struct shootdown_stack kernel;
	struct shootdown_stack user;
	uint64_t has_kernel; /* 0: it was known again, and not looked at */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct taken_stacks));
	__uint(max_entries, 1); /* set before loading, to SHOOTDOWN_NR_TAKERS for each CPU */
} stacks_taken SEC(".maps");

_Static_assert(NR_TAKERS == SHOOTDOWN_NR_TAKERS, "part of the contract");

static __always_inline struct taken_stacks *begin_stacks(uint32_t cpu, enum taker taker)
{
	uint32_t index = cpu * NR_TAKERS + taker;
	struct taken_stacks *taken = bpf_map_lookup_elem(&stacks_taken, &index);

	if (taken)
		taken->has_kernel = 0;
	return taken;
}

static __always_inline uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0xd6e8feb86659fd93ull;
	return hash ^ hash >> 32;
}

/* Never 0, which is the number of no stack. */
static __always_inline uint64_t number_of_stack(const struct shootdown_stack *stack)
{
	uint64_t hash = 0;

	rolled_for(uint32_t i = 0; i < SHOOTDOWN_STACK_FRAMES; i++) {
		uint64_t frame = stack->frames[i];

		if (!frame)
			break;
		hash = mix(hash, frame);
	}
	return hash | 1;
}

/* Mostly, the kernel fills what is not used with 0, also where there is no stack. */
static __always_inline void unwind(void *ctx, struct taken_stacks *taken)
{
	taken->kernel.frames[0] = 0;
	bpf_get_stack(ctx, &taken->kernel, STACK_BYTES, 0);
	taken->has_kernel = 1;
}

/* 0: there is none. */
static __always_inline uint64_t take_kernel_stack(void *ctx, struct taken_stacks *taken)
{
	unwind(ctx, taken);
	return taken->kernel.frames[0] ? number_of_stack(&taken->kernel) : 0;
}

/* The number of both, never 0 if there is one: of the kernel's, which is known, and that of user space, if it is wanted. */
static __always_inline uint64_t add_user_stack(void *ctx, struct taken_stacks *taken, uint64_t kernel, int32_t cause)
{
	if (settings.with_stacks != SHOOTDOWN_STACKS_BOTH)
		return kernel;
	taken->user.frames[0] = 0;
	if (cause == SHOOTDOWN_CAUSE_KTHREAD || cause == SHOOTDOWN_CAUSE_INTERRUPT)
		return kernel;
	bpf_get_stack(ctx, &taken->user, STACK_BYTES, BPF_F_USER_STACK);
	return taken->user.frames[0] ? mix(kernel, number_of_stack(&taken->user)) | 1 : kernel;
}

/* With its cause, the key must be complete. NULL: none are wanted. */
static __always_inline struct taken_stacks *take_stacks(void *ctx, struct shootdown_key *key, uint32_t cpu,
							enum taker taker)
{
	struct taken_stacks *taken = settings.with_stacks ? begin_stacks(cpu, taker) : NULL;

	if (taken)
		key->stack = add_user_stack(ctx, taken, take_kernel_stack(ctx, taken), key->cause);
	return taken;
}

/* With a new row, before it is entered. taken: NULL if its key has none. */
static __always_inline void keep_stacks(uint32_t row, const struct taken_stacks *taken)
{
	struct shootdown_stack *kernel = bpf_map_lookup_elem(&row_stacks, &row);
	struct shootdown_stack *user = bpf_map_lookup_elem(&row_user_stacks, &row);

	if (taken && kernel)
		*kernel = taken->kernel;
	if (taken && user)
		*user = taken->user;
}

#endif
