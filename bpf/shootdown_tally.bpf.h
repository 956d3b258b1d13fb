/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel side: what each CPU counts on its own, until the library takes it to the rows. A flush that hits a hundred CPUs had
 * all of them wait for each other at its row otherwise; and after a flush, on a virtual machine, each page that is touched may
 * be one more to be translated anew.
 *
 * Each tally is of one row at a time. What is of another is counted there, and the tally goes over to it sooner or later.
 */
#ifndef MMCPUS_BPF_SHOOTDOWN_TALLY_H
#define MMCPUS_BPF_SHOOTDOWN_TALLY_H

#include "shootdown_cpu.bpf.h"
#include "shootdown_rows.bpf.h"

/* Hits of other rows in a row, after which the tally goes over: that takes as long as to count some ten in their row. */
#define TALLY_PATIENCE 8

/* ------------------------------------------------------------------------------------------------------ the sending -- */

/* False: the library is at work there, or a program that this one has interrupted. */
static __always_inline bool begin_sent(struct shootdown_sent_tally *tally)
{
	return !__sync_lock_test_and_set(&tally->is_busy, 1);
}

static __always_inline void end_sent(struct shootdown_sent_tally *tally)
{
	asm volatile("" ::: "memory");
	*(volatile uint32_t *)&tally->is_busy = 0;
}

/* The row of that key, if the tally is of it; 0: it is not. A flush is counted there if that is wanted. */
static __always_inline uint32_t tally_sent(struct shootdown_sent_tally *tally, const struct shootdown_key *key,
					   bool is_to_count, uint64_t pages, uint64_t requested)
{
	uint32_t row;

	if (!begin_sent(tally))
		return 0;
	row = is_same_key(&tally->key, key) ? tally->row : 0;
	if (row && is_to_count) {
		tally->sent++;
		tally->pages += pages;
		tally->requested |= requested;
	}
	end_sent(tally);
	return row;
}

static __always_inline void move_sent(struct shootdown_sent_tally *tally, uint32_t cpu)
{
	uint32_t index = tally->row;
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (row && tally->sent) {
		__sync_fetch_and_add(&row->counts.sent, tally->sent);
		__sync_fetch_and_add(&row->counts.pages, tally->pages);
		add_to_set(index, SHOOTDOWN_SET_SENDERS, cpu);
		add_word_to_set(index, SHOOTDOWN_SET_REQUESTED, 0, tally->requested);
	}
	tally->sent = 0;
	tally->pages = 0;
	tally->requested = 0;
}

/*
 * From now on, the tally is of that row. The library first marks a row as forgotten, and then looks whether a tally is of it;
 * here it is the other way round: one of the two sees what the other has done.
 */
static __always_inline void turn_to_sender(struct shootdown_sent_tally *tally, const struct shootdown_key *key,
					   uint32_t index, uint32_t cpu)
{
	const struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (!row || index == SHOOTDOWN_OTHER_ROW || !begin_sent(tally))
		return;
	move_sent(tally, cpu);
	tally->key = *key;
	__sync_lock_test_and_set(&tally->row, index);
	if (!is_row_of(row, key))
		tally->row = 0;
	end_sent(tally);
}

/* ------------------------------------------------------------------------------------------------- CPUs that are hit -- */

static __always_inline void count_wait(struct shootdown_row *row, const struct hit *hit)
{
	if (!hit->wait_ns)
		return;
	__sync_fetch_and_add(&row->counts.wait_ns, hit->wait_ns - hit->wait_before);
	raise(&row->counts.wait_max_ns, hit->wait_ns);
	if (hit->wait_before)
		__sync_fetch_and_add(&row->counts.wait_log2[bucket_of(hit->wait_before)], -1);
	__sync_fetch_and_add(&row->counts.wait_log2[bucket_of(hit->wait_ns)], 1);
}

static __always_inline void tally_hit(struct shootdown_hit_tally *tally, const struct hit *hit)
{
	tally->hits++;
	tally->stolen_ns += hit->stolen_ns;
	tally->stolen_log2[bucket_of(hit->stolen_ns)]++;
	if (hit->stolen_ns > tally->stolen_max_ns)
		tally->stolen_max_ns = hit->stolen_ns;
	if (!hit->wait_ns)
		return;
	tally->wait_ns += hit->wait_ns - hit->wait_before;
	tally->wait_log2[bucket_of(hit->wait_ns)]++;
	if (hit->wait_before)
		tally->wait_log2[bucket_of(hit->wait_before)]--;
	if (hit->wait_ns > tally->wait_max_ns)
		tally->wait_max_ns = hit->wait_ns;
}

static __always_inline void move_hits(struct shootdown_hit_tally *tally, uint32_t cpu)
{
	uint32_t index = tally->row;
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (!row || !tally->hits)
		return;
	__sync_fetch_and_add(&row->counts.hits, tally->hits);
	add_to_set(index, SHOOTDOWN_SET_HIT, cpu); /* soon: the library looks for the CPU where there are hits */
	__sync_fetch_and_add(&row->counts.stolen_ns, tally->stolen_ns);
	__sync_fetch_and_add(&row->counts.wait_ns, tally->wait_ns);
	raise(&row->counts.stolen_max_ns, tally->stolen_max_ns);
	raise(&row->counts.wait_max_ns, tally->wait_max_ns);
	rolled_for(uint32_t i = 0; i < SHOOTDOWN_NR_BUCKETS; i++) {
		__sync_fetch_and_add(&row->counts.stolen_log2[i], tally->stolen_log2[i]);
		__sync_fetch_and_add(&row->counts.wait_log2[i], tally->wait_log2[i]);
		tally->stolen_log2[i] = 0;
		tally->wait_log2[i] = 0;
	}
	tally->hits = 0;
	tally->stolen_ns = 0;
	tally->stolen_max_ns = 0;
	tally->wait_ns = 0;
	tally->wait_max_ns = 0;
}

/* With a full barrier after it: what is next is to see whether the library is there. */
static __always_inline void begin_hits(struct shootdown_hit_tally *tally)
{
	__atomic_exchange_n(&tally->has_program, 1, __ATOMIC_SEQ_CST);
}

/* Where another full barrier follows. */
static __always_inline void begin_hits_before_barrier(struct shootdown_hit_tally *tally)
{
	*(volatile uint32_t *)&tally->has_program = 1;
}

static __always_inline bool is_library_there(const struct shootdown_hit_tally *tally)
{
	bool is_there = *(volatile const uint32_t *)&tally->has_library;

	asm volatile("" ::: "memory");
	return is_there;
}

static __always_inline void end_hits(struct shootdown_hit_tally *tally)
{
	asm volatile("" ::: "memory");
	*(volatile uint32_t *)&tally->has_program = 0;
}

/* False: it is of another row, and stays so for the time being. */
static __always_inline bool turn_to_hit(struct shootdown_hit_tally *tally, uint32_t row, uint32_t cpu)
{
	if (tally->hits && ++tally->nr_others < TALLY_PATIENCE)
		return false;
	move_hits(tally, cpu);
	tally->row = row;
	return true;
}

/*
 * After begin_hits(), which it ends. False: the tally is of another row, or the library is at work there. may_turn: to that row, if
 * it has been asked for often enough.
 */
static __always_inline bool is_tallied(struct cpu *own, uint32_t row, uint32_t cpu, bool may_turn)
{
	struct shootdown_hit_tally *tally = &own->shared.hit;
	bool is_here = !is_library_there(tally) && (tally->row == row || (may_turn && turn_to_hit(tally, row, cpu)));

	if (is_here) {
		tally->nr_others = 0;
		tally_hit(tally, &own->state.hit);
	}
	end_hits(tally);
	return is_here;
}

#endif
