/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel side: the CPUs that a flush is requested of, without the sender's own. Not all of them are hit: those that are
 * lazy are left out, unless page tables are freed.
 */
#ifndef MMCPUS_BPF_SHOOTDOWN_REQUESTED_H
#define MMCPUS_BPF_SHOOTDOWN_REQUESTED_H

#include "cast_read.bpf.h"
#include "mm_mask.bpf.h"
#include "shootdown_cpu.bpf.h"
#include "shootdown_flush.bpf.h"
#include "shootdown_rows.bpf.h"

/*
 * Sets of more than 64 CPUs, but for their first words, which are in the CPU's state: of the flush that each CPU sends, and behind
 * all of these, of the flush of the kernel's own range that it sends.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(uint64_t));
	__uint(max_entries, 1); /* set before loading, to two sets for each CPU */
} requested SEC(".maps");

static __always_inline uint32_t requested_of(uint32_t cpu, uint32_t kind)
{
	return kind == SHOOTDOWN_KIND_KERNEL ? settings.nr_cpus + cpu : cpu;
}

static __always_inline uint64_t *requested_word(uint32_t set, uint32_t word)
{
	uint32_t index = set * settings.nr_words + word;

	return bpf_map_lookup_elem(&requested, &index);
}

/* mask: address of a set of the kernel's. Its word, without that CPU. */
static __always_inline uint64_t read_mask_word(uint64_t mask, uint32_t index, uint32_t cpu)
{
	uint64_t address = mask + index * sizeof(uint64_t);
	uint64_t own = index == cpu / 64 ? 1ull << cpu % 64 : 0;
	uint64_t word = 0;

	if (can_cast)
		return read_word(address) & ~own;
	bpf_probe_read_kernel(&word, sizeof(word), (const void *)address);
	return word & ~own;
}

/* What is done to the words of a set from the second on. */
struct words {
	uint64_t mask; /* address of the kernel's set, if it is to be kept */
	uint32_t cpu;  /* the sender's */
	uint32_t set;
	uint32_t row;
	uint32_t nr;     /* CPUs that are kept */
	bool is_to_keep; /* or to be counted */
};

/* One for both: a light skeleton has room for 32 programs and functions. */
static long do_next_word(uint32_t index, struct words *words)
{
	uint32_t word = index + 1;
	uint64_t *kept = requested_word(words->set, word);

	if (!kept)
		return 0;
	if (words->is_to_keep) {
		*kept = read_mask_word(words->mask, word, words->cpu);
		words->nr += __builtin_popcountll(*kept);
	} else {
		add_word_to_set(words->row, SHOOTDOWN_SET_REQUESTED, word, *kept);
	}
	return 0;
}

/*
 * A global function: what calls it need not be looked at for each way through it. By a call for each word: the verifier looks at
 * it once, and not at each length.
 */
__noinline int do_next_words(uint64_t mask, uint32_t cpu, uint32_t set, uint32_t row, uint32_t is_to_keep)
{
	struct words words = { .mask = mask, .cpu = cpu, .set = set, .row = row, .is_to_keep = is_to_keep };

	bpf_loop(settings.nr_words - 1, do_next_word, &words, 0);
	return (int)words.nr;
}

/*
 * Keep what is in the kernel's set, which may change while its CPUs carry the flush out. mask: its address; 0: unknown, then
 * none is kept. How many are, but for those in the first word?
 */
static __always_inline int keep_requested(struct cpu_state *sender, uint64_t mask, uint32_t cpu, uint32_t set)
{
	sender->requested = read_mask_word(mask, 0, cpu);
	if (settings.nr_words <= 1)
		return 0;
	return do_next_words(number_of((const void *)mask, &sender->scratch), cpu, set, 0, true);
}

/* Add what is kept to a row. */
static __always_inline void count_requested(const struct cpu_state *sender, uint32_t row, uint32_t set)
{
	add_word_to_set(row, SHOOTDOWN_SET_REQUESTED, 0, sender->requested);
	if (settings.nr_words > 1)
		do_next_words(0, 0, set, row, false);
}

/* One more CPU, where each is seen by itself. */
static __always_inline void add_requested(struct cpu_state *sender, uint32_t set, uint32_t cpu)
{
	uint64_t *kept = cpu < 64 ? &sender->requested : requested_word(set, cpu / 64);

	if (kept)
		*kept |= 1ull << cpu % 64;
}

/* What the kernel will ask for that flush, by the description: mm_cpumask, or the set that a batch has gathered. 0: unknown. */
static __always_inline uint64_t mask_of_flush(const struct flush *flush, uint32_t kind)
{
	const struct task_struct *task;

	if (kind == SHOOTDOWN_KIND_UNKNOWN)
		return 0;
	if (kind != SHOOTDOWN_KIND_BATCH)
		return has_mm_mask() ? flush->mm + mm_mask_offset() : 0;
	task = (const void *)bpf_get_current_task();
	if (!bpf_core_field_exists(task->tlb_ubc.arch.cpumask))
		return 0;
	return (uint64_t)task + bpf_core_field_offset(struct task_struct, tlb_ubc.arch.cpumask);
}

#endif
