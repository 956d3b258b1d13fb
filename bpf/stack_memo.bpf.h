/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel side: knows a kernel stack again without unwinding it, which takes microseconds.
 *
 * Remembered are, for each CPU, some stacks: the number of each, and where its return addresses stand. If the same addresses
 * stand at the same places again, it is the same stack. Why it can't be another that only looks alike: the unwinder goes
 * from frame to frame, from within outwards, and begins at the same place, the context that this program is given. How far
 * it is from one return address to the next is told by the return address alone, for a function of the kernel takes the same
 * room on the stack at each of its calls. So each step leads to a place that is compared, and finds there what it found
 * before. There is one exception: the function that the entry code calls may move the stack by chance, for each system call
 * anew. Where that returns to is the last address, right below the registers of user space, and is compared there. A
 * function that aligns its frame, or an exception within the kernel, may leave a gap of another size as well: then what is
 * further out has moved, and does not stand where it is compared.
 *
 * What is below the context is how the program came to run, which is not compared: with BPF statistics, the kernel calls it
 * at another place of the same function. The library leaves these frames out.
 *
 * Which places the unwinder reads is not told, only what it finds there. So all places are compared that had any of these
 * addresses when the stack was unwound: those that it reads are among them. The others, left behind by what was called
 * before, are found out when the same stack is unwound again and they have something else. If one of the addresses stands
 * nowhere, since the kernel has put another in its place (return probes), the stack is not remembered.
 */
#ifndef MMCPUS_BPF_STACK_MEMO_H
#define MMCPUS_BPF_STACK_MEMO_H

#include "cast_read.bpf.h"
#include "shootdown_cpu.bpf.h"
#include "shootdown_entry.bpf.h"
#include "shootdown_record.h"
#include "shootdown_stack.bpf.h"

#define MEMO_PLACES 40   /* most stacks that flush have a dozen addresses */
#define MEMO_FRAMES 48   /* that are looked for: all that a stack's number stands for, and what this program adds */
#define MEMO_WORDS  1024 /* of the stack that are looked through */
#define MEMO_WAYS   2

/* All code of a kernel for x86-64 is in the last 2 GiB. */
#define TEXT_BEGIN 0xffffffff80000000ull

/* Misses in a row after which another stack is remembered, which takes as long as to unwind several. */
#define PATIENCE_MIN  2
#define PATIENCE_MAX  1024
#define MEMO_IS_WORTH 16 /* hits; if it brought less, the next is waited for twice as long */

/*
 * Set before loading. Where stacks are taken now and then only, it does not pay: the verifier would look at all of this, which
 * takes several times as long as at the rest.
 */
const volatile bool with_memos;

struct memo_place {
	uint64_t value;
	uint64_t frames; /* a bit for each that has this address */
	uint64_t offset; /* from the program's context */
};

struct stack_memo {
	uint64_t last;        /* right below the registers of user space */
	uint64_t last_frames; /* as memo_place.frames */
	uint64_t number;      /* as take_kernel_stack() gives it */
	uint32_t nr_places;   /* 0: nothing is remembered */
	uint32_t nr_hits;
	uint32_t nr_misses; /* in a row */
	uint32_t patience;
	uint32_t nr_frames;
	struct memo_place places[MEMO_PLACES];

	/* While the stack is looked through. */
	uint64_t here;    /* its innermost word */
	uint64_t word;    /* under work */
	uint64_t matches; /* as memo_place.frames */
	uint64_t frames[MEMO_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct stack_memo));
	__uint(max_entries, 1); /* set before loading, to SHOOTDOWN_STACK_MEMOS for each CPU */
} stack_memos SEC(".maps");

/* ------------------------------------------------------------------------------------------------------- recognizing -- */

/* here: the innermost word of the stack, end: the registers of user space. Only behind can_cast. */
static __always_inline bool stands(const struct stack_memo *memo, uint64_t here, uint64_t end)
{
	uint32_t nr = memo->nr_places;

	if (!nr || cast_word(end - sizeof(uint64_t)) != memo->last)
		return false;
	rolled_for(uint32_t i = 0; i < MEMO_PLACES && i < nr; i++) {
		if (cast_word(here + memo->places[i].offset) != memo->places[i].value)
			return false;
	}
	return true;
}

/* ------------------------------------------------------------------------------------------------------- remembering -- */

static __always_inline bool is_complete(const struct stack_memo *memo)
{
	uint64_t all = (1ull << memo->nr_frames % 64) - 1;
	uint32_t nr = memo->nr_places;
	uint64_t missing = all & ~memo->last_frames;

	for (uint32_t i = 0; i < MEMO_PLACES && i < nr; i++)
		missing &= ~memo->places[i].frames;
	/* The innermost are of this program, and do not stand above its context. All after them must. */
	return missing != all && !(missing & (missing + 1));
}

/* Which of the stack's addresses is it? For bpf_loop(). */
static long match_frame(uint32_t index, struct stack_memo **at)
{
	struct stack_memo *memo = *at;

	if (index < MEMO_FRAMES && memo->frames[index] == memo->word)
		memo->matches |= 1ull << index % 64;
	return 0;
}

static __always_inline uint64_t frames_of(struct stack_memo *memo, uint64_t word)
{
	struct stack_memo *at = memo;

	memo->word = word;
	memo->matches = 0;
	bpf_loop(memo->nr_frames, match_frame, &at, 0);
	return memo->matches;
}

/* Note the place if what stands there is one of the stack's addresses. For bpf_loop(). */
static long note_place(uint32_t index, struct stack_memo **at)
{
	struct stack_memo *memo = *at;
	uint64_t offset = index * sizeof(uint64_t);
	uint64_t word = read_word(memo->here + offset);
	uint32_t nr = memo->nr_places;
	struct memo_place *place;

	if (word < TEXT_BEGIN)
		return 0;
	barrier_var(nr);
	if (nr >= MEMO_PLACES) {
		memo->nr_places = 0;
		return 1;
	}
	place = &memo->places[nr];
	place->value = word;
	place->offset = offset;
	place->frames = frames_of(memo, word);
	if (place->frames)
		memo->nr_places = nr + 1;
	return 0;
}

/* Global functions: the verifier looks at each once, and not at each call. */

/* Of nr_words from here on. */
__noinline int look_through(struct stack_memo *memo, uint64_t here, uint32_t nr_words)
{
	struct stack_memo *at = memo;

	if (!memo)
		return 0;
	memo->here = here;
	memo->last_frames = frames_of(memo, memo->last);
	bpf_loop(nr_words, note_place, &at, 0);
	if (!is_complete(memo))
		memo->nr_places = 0;
	return 0;
}

/*
 * The stack is the one that is remembered, and yet it did not look so: what stands elsewhere now was never read by the
 * unwinder. Has anything been found out?
 */
__noinline int refine(struct stack_memo *memo, uint64_t here)
{
	uint32_t nr_before;

	if (!memo)
		return 0;
	nr_before = memo->nr_places;
	memo->nr_places = 0;
	for (uint32_t i = 0; i < MEMO_PLACES && i < nr_before; i++) {
		uint32_t nr = *(volatile uint32_t *)&memo->nr_places;

		if (read_word(here + memo->places[i].offset) != memo->places[i].value || nr >= MEMO_PLACES)
			continue;
		memo->places[nr] = memo->places[i];
		memo->nr_places = nr + 1;
	}
	if (memo->nr_places == nr_before)
		return 0;
	if (!is_complete(memo))
		memo->nr_places = 0;
	return 1;
}

/* ------------------------------------------------------------------------------------------------------------ the use -- */

/* Has the remembered stack been given up by what is there? If it brought little, not so soon. */
static __always_inline bool is_due(struct stack_memo *memo)
{
	if (++memo->nr_misses < memo->patience)
		return false;
	if (!memo->patience || memo->nr_hits >= MEMO_IS_WORTH)
		memo->patience = PATIENCE_MIN;
	else if (memo->patience < PATIENCE_MAX)
		memo->patience *= 2;
	memo->nr_hits = 0;
	memo->nr_misses = 0;
	return true;
}

/* Nothing is remembered of a stack that is too deep. */
static __always_inline void remember(void *ctx, struct stack_memo *memo, uint64_t number, uint64_t here, uint64_t end)
{
	uint64_t nr_words = (end - here) / sizeof(uint64_t) - 1; /* the last is compared apart */
	long bytes;

	memo->number = number;
	memo->nr_places = 0;
	memo->last = read_word(end - sizeof(uint64_t));
	bytes = nr_words <= MEMO_WORDS ? bpf_get_stack(ctx, memo->frames, sizeof(memo->frames), 0) : 0;
	if (bytes <= 0)
		return;
	memo->nr_frames = bytes / sizeof(uint64_t);
	look_through(memo, here, nr_words);
}

/* The stacks of one cause differ in which of the ways they are, if they do. */
static __always_inline struct stack_memo *find_memo(uint32_t cpu, uint32_t set, uint32_t way)
{
	uint32_t index = cpu * SHOOTDOWN_STACK_MEMOS + (set * MEMO_WAYS + way % MEMO_WAYS) % SHOOTDOWN_STACK_MEMOS;

	return bpf_map_lookup_elem(&stack_memos, &index);
}

static __always_inline bool use_memo(struct stack_memo *memo, uint64_t here, uint64_t end)
{
	if (!memo || !stands(memo, here, end))
		return false;
	memo->nr_hits++;
	memo->nr_misses = 0;
	return true;
}

/*
 * The number of the stack that the program is called on; 0: there is none. set: some number that different stacks mostly have
 * different ones of.
 */
static __always_inline uint64_t kernel_stack(void *ctx, struct taken_stacks *taken, struct cpu *own,
					     const struct task_struct *task, uint32_t cpu, uint32_t set)
{
	uint64_t here = number_of(ctx, &own->state.scratch);
	uint64_t end = registers_at(task, own);
	uint64_t stack = end - own->shared.registers_offset;
	bool is_on_it = here >= stack && here < end; /* not on that of an interrupt */
	uint32_t way = own->state.memo_way;
	struct stack_memo *memo = is_on_it ? find_memo(cpu, set, way) : NULL;
	uint64_t number;

	if (!can_cast || !with_memos)
		return take_kernel_stack(ctx, taken);
	if (use_memo(memo, here, end))
		return memo->number;
	memo = is_on_it ? find_memo(cpu, set, ++way) : NULL;
	if (use_memo(memo, here, end)) {
		own->state.memo_way = way;
		return memo->number;
	}
	number = take_kernel_stack(ctx, taken);
	memo = is_on_it && number ? find_memo(cpu, set, (uint32_t)(number >> 1))
				  : NULL; /* the last bit is always set */

	if (!memo)
		return number;
	if (memo->number == number && memo->nr_places && refine(memo, here))
		return number;
	if (is_due(memo))
		remember(ctx, memo, number, here, end);
	return number;
}

#endif
