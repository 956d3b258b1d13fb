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
#include "shootdown_tally.bpf.h"
#include "stack_memo.bpf.h"

/* Of ranges only; those of the kernel may end with the last byte of a page. */
static __always_inline uint64_t nr_pages(uint32_t kind, uint64_t start, uint64_t end)
{
	if (kind == SHOOTDOWN_KIND_UNKNOWN || end == TLB_FLUSH_ALL || end < start)
		return 0;
	return (end - start + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* index: of the row, cpu: of the sender. */
static __always_inline void count_sent(struct shootdown_row *row, uint32_t index, uint32_t cpu,
				       const struct cpu_state *state)
{
	uint64_t pages = nr_pages(state->kind, state->start, state->end);

	if (!state->knows_requested && state->kind != SHOOTDOWN_KIND_KERNEL) /* of which each target is seen */
		__sync_fetch_and_or(&row->flags, SHOOTDOWN_ROW_REQUESTED_UNKNOWN);
	__sync_fetch_and_add(&row->counts.sent, 1);
	if (pages)
		__sync_fetch_and_add(&row->counts.pages, pages);
	add_to_set(index, SHOOTDOWN_SET_SENDERS, cpu);
	count_requested(state, index, requested_of(cpu, state->kind));
}

/*
 * To read a clock takes a good part of what a flush costs, more so on a virtual machine. As long as no hit was ever seen, it is
 * read once a tick: that is enough for the library, which looks whether it was seconds ago.
 */
static __always_inline uint64_t sending_time(struct cpu_state *state)
{
	uint64_t tick;

	state->is_coarse = settings.coarse_until_hit && !control.was_hit;
	if (!state->is_coarse)
		return bpf_ktime_get_ns();
	tick = bpf_jiffies64();
	if (tick == state->tick)
		return state->sent_ns;
	state->tick = tick;
	return bpf_ktime_get_ns();
}

/*
 * The flush is the last thing that is written: its hits come when the program is over, and what they read is held by the CPUs
 * that the last one has hit.
 */
static __always_inline void publish(struct cpu_state *state, const struct flush *flush, uint64_t info, uint32_t kind,
				    uint32_t row)
{
	uint64_t now = sending_time(state);

	state->mm = flush->mm;
	state->end = flush->end;
	state->kind = kind;
	state->row = row;
	state->id = state->last_id;
	state->sent_ns = now;
	state->info = info;
}

/* In the row itself: what the CPU does not count on its own. With a filter, it does not count yet. */
static __always_inline void count_in_row(struct cpu_state *state, uint32_t index, uint32_t cpu)
{
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (!row)
		return;
	if (settings.is_filtered) {
		note_use(row);
		state->is_uncounted = 1;
	} else {
		count_sent(row, index, cpu, state);
	}
}

/* A flush, but for what stands in the CPU's state. */
struct sending {
	struct shootdown_key key;
	struct taken_stacks *taken;
	uint64_t end;
	uint32_t kind;
};

/* What is not tallied. row: 0 if it is still to be found; owner: address of the mm that is flushed. Returns the row. */
static __noinline uint32_t count_apart(void *ctx, struct cpu *own, struct sending *sending, uint32_t row,
				       uint64_t owner)
{
	uint32_t cpu = bpf_get_smp_processor_id();

	if (!own || !sending)
		return SHOOTDOWN_OTHER_ROW;
	if (!row) {
		row = find_sender_row(ctx, &sending->key, owner, sending->taken);
		turn_to_sender(&own->shared.sent, &sending->key, row, cpu);
	}
	own->state.kind = sending->kind;
	own->state.end = sending->end;
	count_in_row(&own->state, row, cpu);
	return row;
}

/*
 * task: the current one; flush: read from the sender's description; info: its address, 0 if it could not be read; mask:
 * address of the set of CPUs that it asks, 0 if it is unknown.
 */
static __always_inline void send_described(void *ctx, struct cpu *own, uint32_t cpu, struct task_struct *task,
					   const struct flush *flush, uint64_t info, uint64_t mask)
{
	uint32_t kind = info ? kind_of(flush) : SHOOTDOWN_KIND_UNKNOWN;
	struct sending sending;
	struct cpu_state *state = &own->state;
	struct shootdown_key *key = &sending.key;
	const struct pt_regs *regs;
	uint64_t owner = flush->mm;
	bool is_to_tally;
	int nr_further;
	uint32_t row;

	sending.taken = NULL;
	sending.kind = kind;
	sending.end = flush->end;
	state->last_info = 0;
	if (!own->shared.is_counting) {
		state->info = 0; /* its hits will find none */
		return;
	}
	state->last_info = info;
	regs = entry_registers(task, own);
	fill_key(key, task, regs, flush, kind);
#ifndef WITH_TRACEPOINT
	if (kind == SHOOTDOWN_KIND_BATCH)
		owner = end_batch(key->tid, &key->owner_id);
#endif
	if (settings.with_stacks || is_in_doubt(task, regs, key->cause, flush, kind))
		sending.taken = begin_stacks(cpu, TAKER_FLUSH);
	if (sending.taken)
		key->stack = add_user_stack(ctx, sending.taken,
					    kernel_stack(ctx, sending.taken, own, task, cpu, (uint32_t)key->cause),
					    key->cause);
	mask = mask ? mask : mask_of_flush(flush, kind);
	state->knows_requested = mask != 0;
	nr_further = keep_requested(state, mask, cpu, cpu);
	state->last_mm = flush->mm;
	state->start = flush->start;
	state->last_id = (state->last_id | (uint64_t)cpu << ID_CPU_SHIFT) + 1;
	is_to_tally = !settings.is_filtered && mask && !nr_further; /* there is no room for CPUs of further words */
	row = tally_sent(&own->shared.sent, key, is_to_tally, nr_pages(kind, flush->start, flush->end),
			 state->requested);
	if (!row || !is_to_tally)
		row = count_apart(ctx, own, &sending, row, owner);
	publish(state, flush, info, kind, row);
	if (settings.with_events && !settings.is_filtered)
		tell_sent(state, cpu);
}

/* info: address of the sender's description, 0 if it is unknown. */
static __always_inline void send(void *ctx, struct cpu *own, uint32_t cpu, uint64_t info, uint64_t mask)
{
	struct flush flush = { .end = TLB_FLUSH_ALL };

	if (control.layout != SHOOTDOWN_LAYOUT_OK || !info || !read_flush(&flush, info))
		info = 0;
	send_described(ctx, own, cpu, bpf_get_current_task_btf(), &flush, info, mask);
}

#ifdef WITH_TRACEPOINT

/* Set before loading: senders are seen by csd:csd_queue_cpu. */
const volatile bool with_queue;

/* A generation is one flush of its mm. The thread tells mms apart that lay at one address, one after the other. */
static __always_inline uint64_t sending_of(const struct task_struct *task, const struct flush *flush)
{
	return flush->generation ^ task->start_boottime;
}

/*
 * Is it the flush that this CPU has just been seen to queue for another? It queues in the order of the CPUs. A batch has no
 * generation, but the next batch comes when all CPUs have finished this one. They are interrupted when it is queued for all of
 * them. Only if all that it is queued for so far come upon it by themselves, at work on calls of others, is it taken for two.
 */
static __always_inline bool is_same_flush(const struct cpu_state *state, const struct flush *flush, uint64_t info,
					  uint64_t sending, uint32_t target)
{
	if (state->last_info != info || target < state->next_target || state->last_mm != flush->mm ||
	    state->sending != sending)
		return false;
	return flush->mm || *(volatile const int32_t *)&state->nr_unfinished > 0;
}

/* It is seen for each CPU that is asked. */
static __always_inline void send_to(void *ctx, struct cpu *own, uint32_t cpu, const struct __call_single_data *csd,
				    uint32_t target)
{
	struct cpu_state *state = &own->state;
	uint64_t info = info_of(csd);
	struct task_struct *task;
	struct flush flush;
	uint64_t sending;

	if (!read_flush(&flush, info))
		return;
	if (!flush.mm && control.was_hit && !is_watched(target)) /* it does not say either when it has finished */
		return;
	task = bpf_get_current_task_btf();
	sending = sending_of(task, &flush);
	if (!is_same_flush(state, &flush, info, sending, target)) {
		if (!flush.mm)
			state->nr_unfinished = 0;
		send_described(ctx, own, cpu, task, &flush, info, 0);
		state->sending = sending;
	}
	if (!flush.mm && is_watched(target))
		__sync_fetch_and_add(&state->nr_unfinished, 1);
	state->next_target = target + 1;
}

#endif

#endif
