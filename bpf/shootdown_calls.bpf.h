/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: calls of functions on other CPUs that are no flushes, from where they are queued to where they end. */
#ifndef MMCPUS_BPF_SHOOTDOWN_CALLS_H
#define MMCPUS_BPF_SHOOTDOWN_CALLS_H

#include "shootdown_cost.bpf.h"
#include "shootdown_cpu.bpf.h"
#include "shootdown_events.bpf.h"
#include "shootdown_flush.bpf.h"
#include "shootdown_kernel.bpf.h"
#include "shootdown_rows.bpf.h"
#include "shootdown_send.bpf.h"
#include "shootdown_sender.bpf.h"

struct queued_call {
	uint64_t id;          /* that events tell */
	uint32_t row;         /* of its sender */
	uint32_t nr_restarts; /* when it was queued: events of before have been thrown away */
};

/*
 * Of a call that was queued and has not begun, by the address of what describes it.
 *
 * What is entered leaves when it begins, so that the map holds what is under way, and no more. Two kinds do not begin by
 * themselves: work for an interrupt, which is not entered, and tasks that are woken together with others, which leave with
 * the first. If ever a begin is not seen, its entry stays until the same is queued again and takes its place: it is one for
 * each begin that was missed, not for each call.
 *
 * Not each is entered. There may be no room, the sender may be hidden from programs, or an interrupt may queue a call while
 * the program at the queueing runs already on that CPU, and the kernel does not run it within itself. But where a call begins,
 * interrupts are off, and no program is left out. So what begins and was not entered is counted then, in a row of that function
 * without a sender.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(key_size, sizeof(uint64_t));
	__uint(value_size, sizeof(struct queued_call));
	__uint(max_entries, 1); /* set before loading */
} calls SEC(".maps");

/* include/linux/smp_types.h: what a description is of, in its flags */
#define CSD_FLAG_TYPE_MASK 0xf0
#define CSD_TYPE_IRQ_WORK  0x20
#define CSD_TYPE_TTWU      0x30

#define ENOENT 2

/* More than a machine has tasks for one CPU to wake at once; the kernel does much more for each of them. */
#define WOKEN_MAX (1 << 20)

static __always_inline uint32_t type_of(const struct __call_single_data *csd)
{
	uint32_t flags;

	return READ(flags, csd->node.u_flags) ? flags & CSD_FLAG_TYPE_MASK : 0;
}

/* include/linux/preempt.h: in an interrupt of some kind, or in what is left over from one */
#define IN_INTERRUPT 0x00ff0100

/* Whose doing is it? If in doubt, not the task's. */
static __always_inline bool is_in_interrupt(const struct cpu_state *state)
{
	uint32_t count;

	if (!state->preempt_at || bpf_probe_read_kernel(&count, sizeof(count), (const void *)state->preempt_at))
		return true;
	return count & IN_INTERRUPT;
}

/* The flush that this CPU has just said it sends? */
static __always_inline bool is_flush(const struct cpu_state *state, const struct __call_single_data *csd)
{
	struct flush flush;
	uint64_t info;

	return READ(info, csd->info) && info && info == state->info && read_flush(&flush, info) &&
	       flush.mm == state->mm && flush.end == state->end;
}

/* By the function, where the kernel tells its address; else it is learnt from the first flush that this CPU has said it sends. */
static __always_inline bool is_any_flush(const struct cpu_state *state, const struct __call_single_data *csd,
					 uint64_t callback)
{
	if (control.functions[SHOOTDOWN_FUNCTION_FLUSH])
		return callback == control.functions[SHOOTDOWN_FUNCTION_FLUSH];
	if (!is_flush(state, csd))
		return false;
	control.functions[SHOOTDOWN_FUNCTION_FLUSH] = callback;
	return true;
}

static __always_inline void fill_call_key(struct shootdown_key *key, uint64_t callback, uint32_t cpu, struct cpu *own)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct flush none = {};

	fill_key(key, task, entry_registers(task, own), &none, SHOOTDOWN_KIND_CALL);
	key->owner_id = callback;
	if (is_in_interrupt(&own->state)) {
		key->start_ns = 0;
		key->tid = 0;
		key->cause = SHOOTDOWN_CAUSE_INTERRUPT;
	} else if (!key->tid) {
		key->start_ns = cpu; /* the idle tasks have nothing else that differs */
	}
}

/* Of what an interrupt sent, and of what was not seen when it was sent, there is none. The idle task of CPU 0 has these numbers. */
static __always_inline bool has_sender(const struct shootdown_key *key)
{
	return key->start_ns || key->tid ||
	       (key->cause != SHOOTDOWN_CAUSE_INTERRUPT && key->cause != SHOOTDOWN_CAUSE_UNKNOWN);
}

__noinline uint32_t make_call_row(const struct shootdown_key *key, const struct taken_stacks *taken)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();
	uint32_t index = take_free_row();
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (!key || !row || index == SHOOTDOWN_OTHER_ROW)
		return SHOOTDOWN_OTHER_CALLS;
	row->flags = 0;
	row->cgroup = 0;
	row->owner_pid = 0;
	row->owner_comm[0] = '\0';
	__builtin_memset(&row->sender, 0, sizeof(row->sender));
	if (has_sender(key)) {
		row->cgroup = cgroup_of(task);
		name_task(&row->sender, task);
	}
	keep_stacks(index, taken);
	index = enter_row(row, index, key);
	return index == SHOOTDOWN_OTHER_ROW ? SHOOTDOWN_OTHER_CALLS : index;
}

static __always_inline uint32_t find_call_row(void *ctx, uint64_t callback, uint32_t cpu, struct cpu *own,
					      enum taker taker)
{
	struct taken_stacks *taken;
	struct shootdown_key key;
	const uint32_t *known;

	fill_call_key(&key, callback, cpu, own);
	taken = take_stacks(ctx, &key, cpu, taker);
	known = bpf_map_lookup_elem(&row_of, &key);
	return known ? *known : make_call_row(&key, taken);
}

static __always_inline void count_calls(uint32_t index, uint32_t target, uint64_t nr)
{
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (row)
		__sync_fetch_and_add(&row->counts.sent, nr);
	add_to_set(index, SHOOTDOWN_SET_REQUESTED, target);
	add_to_set(index, SHOOTDOWN_SET_HIT, target);
}

/*
 * Only events tell them. Those of flushes, whose numbers are otherwise the same, do not have the highest bit. A call may come
 * upon another here.
 */
static __always_inline uint64_t next_call_id(struct cpu_state *state, uint32_t cpu)
{
	if (!settings.with_events)
		return 0;
	return 1ull << 63 | (uint64_t)cpu << ID_CPU_SHIFT | (__sync_fetch_and_add(&state->last_call_id, 1) + 1);
}

static __always_inline void count_call(uint32_t index, uint64_t id, uint32_t cpu, uint32_t target)
{
	count_calls(index, target, 1);
	add_to_set(index, SHOOTDOWN_SET_SENDERS, cpu);
	if (settings.with_events)
		tell_call(id, index, cpu, target);
}

/* It is not told when these begin. */
static __always_inline void hide_hits(uint32_t index)
{
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (row && index != SHOOTDOWN_OTHER_CALLS)
		__sync_fetch_and_or(&row->flags, SHOOTDOWN_ROW_HITS_UNKNOWN);
}

static __always_inline void queue_call(struct bpf_raw_tracepoint_args *ctx, struct cpu *own, uint32_t cpu)
{
	struct cpu_state *state = &own->state;
	const struct __call_single_data *csd = (const void *)ctx->args[3];
	uint32_t target = (uint32_t)ctx->args[0];
	uint32_t function = kernel_function(own, ctx->args[2]);
	uint64_t token = (uint64_t)csd;
	struct queued_call call = { .nr_restarts = control.nr_restarts };

	if (function != SHOOTDOWN_FUNCTION_FLUSH) {
		send_kernel_to(ctx, cpu, function, csd, target);
		return;
	}
	if (with_queue && ctx->args[2] == own->shared.flush_function) {
		send_to(ctx, own, cpu, csd, target);
		return;
	}
	if (!own->shared.is_counting || target >= settings.nr_cpus || !is_watched(target) ||
	    is_any_flush(state, csd, ctx->args[2]))
		return;
	call.row = find_call_row(ctx, ctx->args[2], cpu, own, TAKER_QUEUE);
	call.id = next_call_id(state, cpu);
	if (type_of(csd) == CSD_TYPE_IRQ_WORK)
		hide_hits(call.row);
	else if (bpf_map_update_elem(&calls, &token, &call, BPF_ANY))
		return; /* no room, or the map is being written: it is counted when it begins */
	count_call(call.row, call.id, cpu, target);
}

/* 6.5: bf5a8c26ad7c ("trace,smp: Add tracepoints for scheduling remotelly called functions"). For each CPU that is asked. */
SEC("raw_tp/csd_queue_cpu")
int on_call(struct bpf_raw_tracepoint_args *ctx)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu *own = find_cpu(cpu);
	struct run run = begin_run(own);

	if (own)
		queue_call(ctx, own, cpu);
	end_run(own, &run);
	return 0;
}

/* Before it is sent. The CPU is interrupted once for all that are sent before it comes to that: the last has the hit. */
static __always_inline void send_reschedule(void *ctx, uint32_t cpu, uint32_t target, struct cpu *own)
{
	uint32_t index = find_call_row(ctx, SHOOTDOWN_CALLBACK_RESCHEDULE, cpu, own, TAKER_RESCHEDULE);
	struct cpu_state *other = find_state(target);

	if (other)
		__sync_lock_test_and_set(&other->reschedule_row, index + 1);
	count_call(index, next_call_id(&own->state, cpu), cpu, target);
}

/* Those that carry calls have been counted when these were queued. */
SEC("raw_tp/ipi_send_cpu")
int on_reschedule(struct bpf_raw_tracepoint_args *ctx)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu *own = find_cpu(cpu);
	struct run run = begin_run(own);
	uint32_t target = (uint32_t)ctx->args[0];

	if (own && own->shared.is_counting && !ctx->args[2] && target < settings.nr_cpus && is_watched(target))
		send_reschedule(ctx, cpu, target, own);
	end_run(own, &run);
	return 0;
}

/* May have been queued long ago, and done with others under the name of the first: does the row fit what is done here? */
static __always_inline bool is_row_of_call(uint32_t index, uint64_t callback)
{
	const struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	return row && row->key.kind == SHOOTDOWN_KIND_CALL &&
	       (index == SHOOTDOWN_OTHER_CALLS || row->key.owner_id == callback);
}

/* Tasks that are woken together, from one to the next. */
struct woken {
	uint64_t at;
	struct cpu_state *own;
};

/* For bpf_loop(). */
static long take_next(uint32_t index __attribute__((unused)), struct woken *woken)
{
	const struct llist_node *node = (const void *)woken->at;

	if (!READ(woken->at, node->next) || !woken->at)
		return 1;
	if (bpf_map_delete_elem(&calls, &woken->at) == -ENOENT)
		woken->own->nr_unseen++;
	return 0;
}

/* They are in a list that is this CPU's by now: one function is run for all of them. */
static __always_inline void take_others_woken(struct cpu_state *own, uint64_t first)
{
	struct woken woken = { .at = first, .own = own };

	bpf_loop(WOKEN_MAX, take_next, &woken, 0);
}

/* The row of this function's calls that were not seen when they were queued. The CPUs that sent them are not known. */
static __always_inline uint32_t find_unseen_row(uint64_t callback)
{
	const struct shootdown_key key = {
		.owner_id = callback,
		.cause = SHOOTDOWN_CAUSE_UNKNOWN,
		.kind = SHOOTDOWN_KIND_CALL,
	};
	const uint32_t *known = bpf_map_lookup_elem(&row_of, &key);
	uint32_t index = known ? *known : make_call_row(&key, NULL);
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (row && !(*(volatile uint32_t *)&row->flags & SHOOTDOWN_ROW_SENDERS_UNKNOWN))
		__sync_fetch_and_or(&row->flags, SHOOTDOWN_ROW_SENDERS_UNKNOWN);
	return index;
}

/* What bpf_loop() tells of each. */
struct unseen {
	uint32_t row;
	uint32_t cpu;
};

static long tell_unseen(uint32_t index __attribute__((unused)), const struct unseen *unseen)
{
	tell_call(0, unseen->row, SHOOTDOWN_CPU_UNKNOWN, unseen->cpu);
	return 0;
}

/* The row that they are counted in. */
static __always_inline uint32_t count_unseen(uint64_t callback, uint32_t cpu, uint64_t nr)
{
	struct unseen unseen = { find_unseen_row(callback), cpu };
	const struct cpu *own = find_cpu(cpu);

	if (!own || !own->shared.is_counting_unseen)
		return unseen.row;
	count_calls(unseen.row, cpu, nr);
	if (settings.with_events)
		bpf_loop((uint32_t)nr, tell_unseen, &unseen, 0);
	return unseen.row;
}

/* The row of the call that begins. One without a sender may be a flush whose sending was not seen: that is no other call. */
static __always_inline bool take_call(uint32_t cpu, uint64_t callback, uint64_t csd, struct cpu_state *own)
{
	const struct queued_call *known = bpf_map_lookup_elem(&calls, &csd);
	uint64_t flush = control.functions[SHOOTDOWN_FUNCTION_FLUSH];
	struct queued_call call;

	own->call_id = 0;
	if (!known) {
		if (!flush || callback == flush)
			return false;
		own->call_row = count_unseen(callback, cpu, 1);
		return true;
	}
	call = *known;
	bpf_map_delete_elem(&calls, &csd);
	own->call_row = SHOOTDOWN_OTHER_CALLS;
	if (is_row_of_call(call.row, callback)) {
		own->call_row = call.row;
		own->call_id = call.nr_restarts == control.nr_restarts ? call.id : 0;
	}
	return true;
}

static __always_inline void begin_call(uint32_t cpu, uint64_t callback, uint64_t csd)
{
	struct cpu_state *own = find_state(cpu);

	if (!own || !is_watched(cpu))
		return;
	if (type_of((const void *)csd) == CSD_TYPE_TTWU) {
		own->nr_unseen = 0;
		take_others_woken(own, csd);
		if (own->nr_unseen)
			count_unseen(callback, cpu, own->nr_unseen);
	}
	if (!take_call(cpu, callback, csd, own))
		return;
	own->call_token = csd;
	own->call_ns = bpf_ktime_get_ns();
}

static __always_inline void end_call(struct cpu *own, uint32_t cpu, uint64_t csd)
{
	uint64_t now = bpf_ktime_get_ns();
	struct cpu_state *state = &own->state;
	struct shootdown_row *row;
	uint32_t index;

	if (!csd || state->call_token != csd)
		return;
	state->call_token = 0;
	if (!own->shared.is_counting_hits)
		return;
	index = state->call_row;
	row = bpf_map_lookup_elem(&rows, &index);
	if (!row)
		return;
	if (settings.with_events)
		tell_hit_of(state->call_id, index, SHOOTDOWN_KIND_CALL, cpu, state->call_ns, now, 0);
	count_hit(row, index, SHOOTDOWN_OTHER_CALLS, cpu, time_since(state->call_ns, now));
}

/* No description of a call has this address. */
#define RESCHEDULE_TOKEN 1

/*
 * No tracepoint tells which of those that were sent since the last one has the hit. Who sent it may not be known, as with
 * calls. Or it was sent twice, the second time after the interrupt and before this: then it was counted as sent, and the next
 * interrupt finds nobody. So where nobody is found, only the hit is counted.
 */
static __always_inline void begin_reschedule(struct cpu *own, uint32_t cpu)
{
	struct cpu_state *state = &own->state;
	uint32_t index;

	if (!is_watched(cpu))
		return;
	if (!control.was_rescheduled)
		control.was_rescheduled = 1;
	index = __sync_lock_test_and_set(&state->reschedule_row, 0);
	if (!index && !own->shared.is_counting_unseen)
		return;
	if (!index)
		index = find_unseen_row(SHOOTDOWN_CALLBACK_RESCHEDULE);
	else if (!is_row_of_call(--index, SHOOTDOWN_CALLBACK_RESCHEDULE))
		index = SHOOTDOWN_OTHER_CALLS;
	state->call_row = index;
	state->call_id = 0;
	state->call_token = RESCHEDULE_TOKEN;
	state->call_ns = bpf_ktime_get_ns();
}

/* 3.11: cf910e83ae23 ("x86, trace: Add irq vector tracepoints"). With interrupts off, as calls are. */
SEC("raw_tp/reschedule_entry")
int on_reschedule_begin(void *unused __attribute__((unused)))
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu *own = find_cpu(cpu);
	struct run run = begin_run(own);

	if (own)
		begin_reschedule(own, cpu);
	end_run(own, &run);
	return 0;
}

SEC("raw_tp/reschedule_exit")
int on_reschedule_end(void *unused __attribute__((unused)))
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu *own = find_cpu(cpu);
	struct run run = begin_run(own);

	if (own)
		end_call(own, cpu, RESCHEDULE_TOKEN);
	end_run(own, &run);
	return 0;
}

#endif
