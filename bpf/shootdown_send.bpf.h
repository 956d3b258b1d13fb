/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: a flush is sent, of an address space or a batch: it is counted, and what its hits need to know is noted. */
#ifndef MMCPUS_BPF_SHOOTDOWN_SEND_H
#define MMCPUS_BPF_SHOOTDOWN_SEND_H

#ifndef WITH_TRACEPOINT
#include "shootdown_batch.bpf.h"
#endif
#include "shootdown_cpu.bpf.h"
#include "shootdown_events.bpf.h"
#include "shootdown_flush.bpf.h"
#include "shootdown_requested.bpf.h"
#include "shootdown_rows.bpf.h"
#include "shootdown_sender.bpf.h"
#include "shootdown_stack.bpf.h"
#include "stack_memo.bpf.h"

/* Of ranges only; those of the kernel may end with the last byte of a page. */
static __always_inline uint64_t pages_of(const struct cpu_state *state)
{
	if (state->kind == SHOOTDOWN_KIND_UNKNOWN || state->end == TLB_FLUSH_ALL || state->end < state->start)
		return 0;
	return (state->end - state->start + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* index: of the row, cpu: of the sender. */
static __always_inline void count_sent(struct shootdown_row *row, uint32_t index, uint32_t cpu,
				       const struct cpu_state *state)
{
	uint64_t pages = pages_of(state);

	if (!state->knows_requested && state->kind != SHOOTDOWN_KIND_KERNEL) /* of which each target is seen */
		__sync_fetch_and_or(&row->flags, SHOOTDOWN_ROW_REQUESTED_UNKNOWN);
	__sync_fetch_and_add(&row->counts.sent, 1);
	if (pages)
		__sync_fetch_and_add(&row->counts.pages, pages);
	add_to_set(index, SHOOTDOWN_SET_SENDERS, cpu);
	count_requested(state, index, requested_of(cpu, state->kind));
}

/*
 * flush: read from the sender's description; info: its address, 0 if it could not be read; mask: address of the set of CPUs
 * that it asks, 0 if it is unknown.
 */
static __always_inline void send_described(void *ctx, struct cpu_state *state, uint32_t cpu, const struct flush *flush,
					   uint64_t info, uint64_t mask)
{
	uint32_t kind = info ? kind_of(flush) : SHOOTDOWN_KIND_UNKNOWN;
	struct taken_stacks *taken = NULL;
	struct shootdown_key key;
	struct shootdown_row *row;
	uint64_t owner;
	uint32_t index = state->row; /* of the last flush: mostly, the next is of the same kind */

	state->info = 0; /* its hits will find none */
	if (control.is_paused)
		return;
	state->info = info;
	fill_key(&key, flush, kind);
	owner = flush->mm;
#ifndef WITH_TRACEPOINT
	if (kind == SHOOTDOWN_KIND_BATCH)
		owner = end_batch(key.tid, &key.owner_id);
#endif
	if (control.with_stacks || is_in_doubt(key.cause, flush, kind))
		taken = begin_stacks(cpu, TAKER_FLUSH);
	if (taken)
		key.stack = add_user_stack(ctx, taken, kernel_stack(ctx, taken, state, cpu, (uint32_t)key.cause),
					   key.cause);
	row = bpf_map_lookup_elem(&rows, &index);
	if (!row || !is_row_of(row, &key)) {
		index = find_sender_row(ctx, &key, owner, taken);
		row = bpf_map_lookup_elem(&rows, &index);
	}
	if (!row)
		return;
	state->mm = flush->mm;
	state->end = flush->end;
	state->start = flush->start;
	state->kind = kind;
	mask = mask ? mask : mask_of_flush(flush, kind);
	state->knows_requested = mask != 0;
	keep_requested(state, mask, cpu, cpu);
	state->row = index;
	state->wait_ns = 0;
	state->id = (state->id | (uint64_t)cpu << 48) + 1;
	state->is_counted = !control.is_filtered;
	if (state->is_counted)
		count_sent(row, index, cpu, state);
	else
		note_use(row);
	state->sent_ns = bpf_ktime_get_ns();
	if (control.with_events && state->is_counted)
		tell_sent(state, cpu);
}

/* info: address of the sender's description, 0 if it is unknown. */
static __always_inline void send(void *ctx, struct cpu_state *state, uint32_t cpu, uint64_t info, uint64_t mask)
{
	struct flush flush = { .end = TLB_FLUSH_ALL };

	if (control.layout != SHOOTDOWN_LAYOUT_OK || !info || !read_flush(&flush, info))
		info = 0;
	send_described(ctx, state, cpu, &flush, info, mask);
}

#ifdef WITH_TRACEPOINT

/* Set before loading: senders are seen by csd:csd_queue_cpu. */
const volatile bool with_queue;

/* A generation is one flush of its mm. The thread tells mms apart that lay at one address, one after the other. */
static __always_inline uint64_t sending_of(const struct flush *flush)
{
	return flush->generation ^ bpf_get_current_task_btf()->start_boottime;
}

/*
 * Is it the flush that this CPU has just been seen to queue for another? It queues in the order of the CPUs. A batch has no
 * generation, but the next batch comes when all CPUs have finished this one. They are interrupted when it is queued for all of
 * them. Only if all that it is queued for so far come upon it by themselves, at work on calls of others, is it taken for two.
 */
static __always_inline bool is_same_flush(const struct cpu_state *state, const struct flush *flush, uint64_t info,
					  uint32_t target)
{
	if (state->info != info || target < state->next_target || state->mm != flush->mm ||
	    state->sending != sending_of(flush))
		return false;
	return flush->mm || *(volatile const int32_t *)&state->nr_unfinished > 0;
}

/* It is seen for each CPU that is asked. */
static __always_inline void send_to(void *ctx, uint32_t cpu, const struct __call_single_data *csd, uint32_t target)
{
	struct cpu_state *state = bpf_map_lookup_elem(&cpu_states, &cpu);
	uint64_t info = info_of(csd);
	struct flush flush;

	if (!state || !read_flush(&flush, info))
		return;
	if (!flush.mm && control.was_hit && !is_watched(target)) /* it does not say either when it has finished */
		return;
	if (!is_same_flush(state, &flush, info, target)) {
		if (!flush.mm)
			state->nr_unfinished = 0;
		send_described(ctx, state, cpu, &flush, info, 0);
		state->sending = sending_of(&flush);
	}
	if (!flush.mm && is_watched(target))
		__sync_fetch_and_add(&state->nr_unfinished, 1);
	state->next_target = target + 1;
}

#endif

#endif
