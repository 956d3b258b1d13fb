// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who interrupts whom: counts each TLB shootdown in a row of its sender, its cause and the address space that it is
 * for, on the sending CPU and on every CPU that it hits.
 *
 * The kernel describes a flush in a per-CPU variable of the sender, flush_tlb_info, for as long as it waits. It is read
 * when the sender is about to send, and a CPU that is hit is handed its address, and thereby finds the sender.
 *
 * The sender is seen by fentry of smp_call_function_many_cond(), or else of native_flush_tlb_multi(), which calls it; both are
 * handed the description. Built once more, for kernels that do not let that happen, with tracepoints alone (WITH_TRACEPOINT).
 * The first CPU that the flush is queued for shows it, by csd:csd_queue_cpu (6.5), with the description. A kernel that lacks
 * this, does not tell which function flushes, or may leave it to a hypervisor, has tlb:tlb_flush (no with_queue). That also fires for each flush that is not
 * sent to anybody, and the description must be found: how per-CPU variables are found without a symbol is told in
 * percpu_units.bpf.h.
 *
 * The CPUs that are hit are seen by csd:csd_function_entry and _exit (6.5). Built once more, for kernels that lack these,
 * with fentry and fexit of the function that they call (WITH_FENTRY).
 *
 * Flushes of the kernel's own range are in shootdown_kernel.bpf.h. What sends them is seen where an address space's is, too:
 * by fentry of smp_call_function_many_cond() (WITH_CROSS), or else by csd:csd_queue_cpu. The CPUs that are hit without the
 * tracepoints take fentry of each function (WITH_KERNEL_FENTRY), which not every kernel has.
 *
 * Other calls of functions on other CPUs (WITH_CALLS) take programs and a map that flushes do without. They are built once
 * more, with tracepoints alone, so that they load wherever there are any to count.
 */

#ifdef WITH_TRACEPOINT
#include "percpu_units.bpf.h"
#endif
#include "shootdown_cost.bpf.h"
#include "shootdown_cpu.bpf.h"
#include "shootdown_events.bpf.h"
#include "shootdown_flush.bpf.h"
#include "shootdown_kernel.bpf.h"
#include "shootdown_record.h"
#include "shootdown_requested.bpf.h"
#include "shootdown_rows.bpf.h"
#include "shootdown_send.bpf.h"
#include "shootdown_sender.bpf.h"
#include "shootdown_stack.bpf.h"
#include "shootdown_tally.bpf.h"
#include "stack_memo.bpf.h"
#ifdef WITH_CALLS
#include "shootdown_calls.bpf.h"
#endif

/* ------------------------------------------------------------------------------------------------------ the sending -- */

#ifdef WITH_TRACEPOINT

#ifndef WITH_CALLS

/* 6.5: bf5a8c26ad7c ("trace,smp: Add tracepoints for scheduling remotelly called functions"). For each CPU that is asked. */
SEC("raw_tp/csd_queue_cpu")
int on_call(struct bpf_raw_tracepoint_args *ctx)
{
	const struct __call_single_data *csd = (const void *)ctx->args[3];
	uint32_t target = (uint32_t)ctx->args[0];
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu *own = find_cpu(cpu);
	struct run run = begin_run(own);
	uint32_t function;

	if (!own)
		return 0;
	function = kernel_function(own, ctx->args[2]);
	if (function != SHOOTDOWN_FUNCTION_FLUSH)
		send_kernel_to(ctx, cpu, function, csd, target);
	else if (with_queue && ctx->args[2] == own->shared.flush_function)
		send_to(ctx, own, cpu, csd, target);
	end_run(own, &run);
	return 0;
}

#endif

/* Also seen for each flush of the CPU's own TLB. That is left at once, and not even timed. */
SEC("raw_tp/tlb_flush")
int on_tlb_flush(struct bpf_raw_tracepoint_args *ctx)
{
	uint32_t cpu;
	struct cpu *own;
	struct run run;

	if ((int)ctx->args[0] != (int)bpf_core_enum_value(enum tlb_flush_reason, TLB_REMOTE_SEND_IPI))
		return 0;
	cpu = bpf_get_smp_processor_id();
	own = find_cpu(cpu);
	if (with_queue || !own)
		return 0;
	run = begin_run(own);
	send(ctx, own, cpu, own->state.info_at, 0);
	end_run(own, &run);
	return 0;
}

#else

/* 5.13: 4ce94eabac16 ("x86/mm/tlb: Flush remote and local TLBs concurrently"). Called with the set of CPUs as well. */
SEC("fentry/native_flush_tlb_multi")
int on_tlb_flush(unsigned long long *ctx)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu *own = find_cpu(cpu);
	struct run run = begin_run(own);
	unsigned long long mask = 0;

	bpf_get_func_arg(ctx, 0, &mask);
	if (own)
		send(ctx, own, cpu, ctx[1], mask);
	end_run(own, &run);
	return 0;
}

/* 5.14: a98a2f0c8ce1 ("mm/rmap: split migration into its own function"). Called for each mapping of a page. */
SEC("fentry/try_to_unmap_one")
int on_unmap(unsigned long long *ctx)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu *own = find_cpu(cpu);
	struct run run = begin_run(own);

	note_unmap((const void *)ctx[1]);
	end_run(own, &run);
	return 0;
}

SEC("fentry/try_to_migrate_one")
int on_migrate(unsigned long long *ctx)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu *own = find_cpu(cpu);
	struct run run = begin_run(own);

	note_unmap((const void *)ctx[1]);
	end_run(own, &run);
	return 0;
}

#ifdef WITH_CROSS

/*
 * What native_flush_tlb_multi() calls, as do flushes of the kernel's own range: instead of the above, where it is known
 * which function flushes. Called with the set of CPUs, the function (which the verifier keeps from being read from the
 * context) and its argument, and never from an interrupt.
 */
SEC("fentry/smp_call_function_many_cond")
int on_cross_call(unsigned long long *ctx)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu *own = find_cpu(cpu);
	struct run run = begin_run(own);
	unsigned long long address = 0;
	unsigned long long mask = 0;
	uint32_t function;

	if (!own)
		return 0;
	bpf_get_func_arg(ctx, 0, &mask);
	bpf_get_func_arg(ctx, 1, &address);
	function = kernel_function(own, address);
	if (function != SHOOTDOWN_FUNCTION_FLUSH)
		send_kernel_to_all(ctx, cpu, function, ctx[2], mask);
	else if (address == own->shared.flush_function)
		send(ctx, own, cpu, ctx[2], mask);
	end_run(own, &run);
	return 0;
}

#endif

#endif

/* ------------------------------------------------------------------------------------------------- CPUs that are hit -- */

/*
 * After a flush, each page that is looked at may have to be translated anew, also that of the stack: since 6.13 (a76ab5731e32,
 * "bpf: Find eligible subprogs for private stack support"), a function that has 64 bytes on it, rounded up to 16, gets a stack
 * of its own. So what follows is cut into functions that have less: what is rare, or of kernels that allow no casts, is apart.
 * Kernels without csd tracepoints have no such stacks; and there are so many programs for these that a light skeleton, with
 * room for 32 programs and functions, has none for more.
 */
#ifdef WITH_FENTRY
#define NOINLINE_IF_ROOM __always_inline
#else
#define NOINLINE_IF_ROOM __noinline
#endif

/*
 * What the CPU is doing that has sent what this one was handed: another one, for what a CPU does for itself was left out before.
 * NULL: that is some other callback's data, a flush that was not seen when it was sent, or one of the kernel's own range.
 */
static NOINLINE_IF_ROOM struct cpu_state *find_sender(struct cpu *own)
{
	uint64_t info = own->state.hit_info;
	struct cpu *sender;
	struct flush flush;

	if (!info || !read_flush(&flush, info))
		return NULL;
	own->state.hit_from = flush.initiating_cpu;
	sender = bpf_map_lookup_elem(&cpus, &own->state.hit_from);
	if (!sender || sender->state.info != own->state.hit_info || sender->state.mm != flush.mm ||
	    sender->state.end != flush.end)
		return NULL;
	return &sender->state;
}

/* Whether it is a flush is looked up at the end: the sender waits for that, and what it is doing comes from its CPU's cache once. */
static __always_inline void begin_hit(struct cpu_state *own, uint32_t cpu, uint64_t info, uint64_t token)
{
	if (!settings.is_filtered || !control.was_hit || is_watched(cpu))
		note_begin(own, info, token);
}

/*
 * What the wait of a flush is kept as: with the last bits of the flush's number, since what is there may be of one before. That
 * it is of the one 2^24 before is left out of account.
 */
#define WAIT_BITS 40
#define WAIT_MAX  ((1ull << WAIT_BITS) - 1)

static __always_inline uint64_t wait_of(uint64_t flush_id, uint64_t wait_ns)
{
	return flush_id << WAIT_BITS | (wait_ns < WAIT_MAX ? wait_ns : WAIT_MAX);
}

/*
 * The sender waits until its last hit has finished: each hit that ends later than those before makes it longer. Has there been a
 * full barrier? An exchange is one also if it fails, on x86.
 */
static __always_inline bool lengthen_wait(struct cpu_state *sender, uint64_t wait_ns, struct hit *hit)
{
	uint64_t wait = wait_of(sender->id, wait_ns);

	hit->wait_ns = 0;
	if (sender->is_coarse)
		return false;
	rolled_for(int i = 0; i < MAX_RETRIES; i++) {
		uint64_t old = *(volatile uint64_t *)&sender->wait;
		bool is_of_before = (old ^ wait) >> WAIT_BITS;

		if (!is_of_before && wait <= old)
			return i > 0;
		if (__sync_val_compare_and_swap(&sender->wait, old, wait) != old)
			continue;
		hit->wait_ns = wait & WAIT_MAX;
		hit->wait_before = is_of_before ? 0 : old & WAIT_MAX;
		return true;
	}
	return true;
}

static __always_inline void count_with_first_hit(struct cpu_state *sender)
{
	uint32_t index = sender->row;
	uint32_t from = sender_of(sender->id);
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (row)
		count_sent(row, index, from, sender);
	if (settings.with_events)
		tell_sent(sender, from);
}

/*
 * With a filter or with events, there is more to do. A global function, for 6.18 does not load some programs that have a static
 * one which is called from dead code alone, as this is without either.
 */
__noinline int note_more(struct cpu_state *sender, uint32_t cpu, uint64_t end_ns)
{
	struct cpu_state *own = find_state(cpu);

	if (!sender || !own)
		return 0;
	if (settings.is_filtered && __sync_lock_test_and_set(&sender->is_uncounted, 0))
		count_with_first_hit(sender);
	if (settings.with_events)
		tell_hit(sender, cpu, own->hit_ns, end_ns);
	return 0;
}

/*
 * The tally is of another row: it comes to this one, or the hit is counted in the row itself. So are hits that are wanted by who
 * is hit: these have rows of their own.
 */
static __noinline int count_hit_apart(struct cpu *own, const struct cpu_state *sender, uint32_t cpu)
{
	struct shootdown_row *row;
	uint32_t index;
	uint32_t other;

	if (!own || !sender)
		return 0;
	index = sender->row;
	if (!settings.with_victims) {
		begin_hits(&own->shared.hit);
		if (is_tallied(own, index, cpu, true))
			return 0;
	}
	row = bpf_map_lookup_elem(&rows, &index);
	if (!row)
		return 0;
	other = sender->kind == SHOOTDOWN_KIND_KERNEL ? SHOOTDOWN_OTHER_KERNEL : SHOOTDOWN_OTHER_ROW;
	count_wait(row, &own->state.hit);
	count_hit(row, index, other, cpu, own->state.hit.stolen_ns);
	return 0;
}

/* Is it in this CPU's tally? How long the sender waits is found out on the way. */
static __always_inline bool tally_end(struct cpu *own, struct cpu_state *sender, uint32_t cpu, uint64_t wait_ns)
{
	struct shootdown_hit_tally *tally = &own->shared.hit;
	bool has_barrier;

	if (settings.with_victims) {
		lengthen_wait(sender, wait_ns, &own->state.hit);
		return false;
	}
	begin_hits_before_barrier(tally);
	has_barrier = lengthen_wait(sender, wait_ns, &own->state.hit);
	if (!has_barrier)
		begin_hits(tally);
	return is_tallied(own, sender->row, cpu, false);
}

/* A global function: the verifier looks at it once, and not at each call. */
__noinline int finish_hit(struct cpu_state *sender, uint32_t cpu, uint64_t end_ns)
{
	struct cpu *own = find_cpu(cpu);

	if (!sender || !own)
		return 0;
	if (settings.is_filtered || settings.with_events)
		note_more(sender, cpu, end_ns);
	own->state.hit.stolen_ns = time_since(own->state.hit_ns, end_ns);
	if (!tally_end(own, sender, cpu, time_since(sender->sent_ns, end_ns)))
		count_hit_apart(own, sender, cpu);
	return 0;
}

/* Every CPU reads what all have in common: it is not written without need, nor read. */
static __always_inline void note_hit(struct cpu *own)
{
	if (own->shared.was_hit)
		return;
	own->shared.was_hit = 1;
	control.was_hit = 1;
}

static __always_inline void end_hit(struct cpu *own, uint32_t cpu, uint64_t token)
{
	struct cpu_state *state = &own->state;
	struct cpu_state *sender;
	uint64_t now;

	if (!token || state->hit_token != token)
		return;
	now = bpf_ktime_get_ns();
	state->hit_token = 0;
	sender = find_sender(own);
	if (!sender)
		return;
	note_hit(own);
	if (!is_watched(cpu))
		return;
#ifdef WITH_TRACEPOINT
	if (with_queue && sender->kind == SHOOTDOWN_KIND_BATCH)
		__sync_fetch_and_add(&sender->nr_unfinished, -1);
#endif
	if (own->shared.is_counting_hits)
		finish_hit(sender, cpu, now);
}

#ifdef WITH_FENTRY

/* 5.13: 4ce94eabac16 ("x86/mm/tlb: Flush remote and local TLBs concurrently"). Also called for the sender itself. */
SEC("fentry/flush_tlb_func")
int on_hit_begin(unsigned long long *ctx)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu *own = find_cpu(cpu);
	struct run run = begin_run(own);
	struct flush flush;

	if (own && read_flush(&flush, ctx[0]) && flush.initiating_cpu != cpu)
		begin_hit(&own->state, cpu, ctx[0], ctx[0]);
	end_run(own, &run);
	return 0;
}

SEC("fexit/flush_tlb_func")
int on_hit_end(unsigned long long *ctx)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu *own = find_cpu(cpu);
	struct run run = begin_run(own);

	if (own)
		end_hit(own, cpu, ctx[0]);
	end_run(own, &run);
	return 0;
}

#else

/* function: the address of what is called, which may be anything. */
static __always_inline void begin_any(struct cpu *own, uint32_t cpu, uint64_t function,
				      const struct __call_single_data *csd)
{
	uint64_t info = info_of(csd);

	if (kernel_function(own, function) != SHOOTDOWN_FUNCTION_FLUSH) {
		note_begin(&own->state, info, (uint64_t)csd);
		return;
	}
#ifdef WITH_CALLS
	own->state.hit_info = info;
	if (!find_sender(own)) {
		begin_call(cpu, function, (uint64_t)csd);
		return;
	}
#else
	if (own->shared.flush_function && function != own->shared.flush_function)
		return;
#endif
	begin_hit(&own->state, cpu, info, (uint64_t)csd);
}

static __always_inline void end_any(struct cpu *own, uint32_t cpu, uint64_t csd)
{
	end_hit(own, cpu, csd);
#ifdef WITH_CALLS
	end_call(own, cpu, csd);
#endif
}

/*
 * Both are also seen for what the CPU does for itself, which has no csd. That is left at once, and not even timed.
 *
 * 6.5: 949fa3f11ced ("trace,smp: Add tracepoints around remotelly called functions")
 */
SEC("raw_tp/csd_function_entry")
int on_hit_begin(struct bpf_raw_tracepoint_args *ctx)
{
	const struct __call_single_data *csd = (const void *)ctx->args[1];
	uint32_t cpu;
	struct cpu *own;
	struct run run;

	if (!csd)
		return 0;
	cpu = bpf_get_smp_processor_id();
	own = find_cpu(cpu);
	if (!own)
		return 0;
	run = begin_run(own);
	begin_any(own, cpu, ctx->args[0], csd);
	end_run(own, &run);
	return 0;
}

SEC("raw_tp/csd_function_exit")
int on_hit_end(struct bpf_raw_tracepoint_args *ctx)
{
	uint64_t csd = ctx->args[1];
	uint32_t function;
	struct cpu *own;
	struct run run;
	uint32_t cpu;

	if (!csd)
		return 0;
	cpu = bpf_get_smp_processor_id();
	own = find_cpu(cpu);
	if (!own)
		return 0;
	run = begin_run(own);
	function = kernel_function(own, ctx->args[0]);
	if (function == SHOOTDOWN_FUNCTION_FLUSH)
		end_any(own, cpu, csd);
	else
		end_kernel_hit(own, function, csd);
	end_run(own, &run);
	return 0;
}

#endif

/* ------------------------------------------------------------------------------------------------------------ start -- */

/* Attached while the library makes a page fault of its own, and no longer. */
SEC("raw_tp/page_fault_user")
int learn_fault(struct bpf_raw_tracepoint_args *ctx)
{
	if ((int32_t)(bpf_get_current_pid_tgid() >> 32) == control.own_tgid)
		control.fault_return = entry_return((const void *)ctx->args[1]);
	return 0;
}

#ifdef WITH_TRACEPOINT

/* A CPU's own number stands in its description from its first flush on; before that it is 0. */
static __always_inline bool is_plausible(uint64_t info, uint32_t cpu)
{
	struct flush flush;

	return read_flush(&flush, info) && (flush.initiating_cpu == cpu || flush.initiating_cpu == 0);
}

/* The variable is the count itself, or holds it with other things. */
static __always_inline uint64_t preempt_in_variable(void)
{
	if (!bpf_core_field_exists(struct pcpu_hot, preempt_count))
		return 0;
	return bpf_core_field_offset(struct pcpu_hot, preempt_count);
}

/* Where each flush hands its description over, the variables are for the preemption count alone, which is unknown without them. */
static __always_inline void set_layout(uint32_t layout)
{
	control.layout = with_queue && knows_info() ? SHOOTDOWN_LAYOUT_OK : layout;
	if (layout != SHOOTDOWN_LAYOUT_OK)
		control.preempt_offset = 0;
}

static long find_info(uint32_t cpu, void *unused __attribute__((unused)))
{
	struct cpu_state *state = find_state(cpu);
	uint64_t element = ruler_on(cpu);
	uint64_t info = element + unit_less_ruler + control.info_offset;

	if (!state)
		return 1;
	if (!element)
		return 0;
	if (!is_plausible(info, cpu)) {
		set_layout(SHOOTDOWN_LAYOUT_MISMATCH);
		return 1;
	}
	state->info_at = info;
	if (control.preempt_offset)
		state->preempt_at = element + unit_less_ruler + control.preempt_offset + preempt_in_variable();
	return 0;
}

static __always_inline void find_layout(const struct task_struct *self)
{
	if (!knows_info() || !control.info_offset)
		set_layout(SHOOTDOWN_LAYOUT_FIELDS);
	else if (!find_units(self, control.anchor_offset))
		set_layout(SHOOTDOWN_LAYOUT_ANCHOR);
	else {
		set_layout(SHOOTDOWN_LAYOUT_OK);
		bpf_loop(settings.nr_cpus, find_info, 0, 0);
	}
}

#else

static __always_inline void find_layout(const struct task_struct *self __attribute__((unused)))
{
	control.layout = knows_info() ? SHOOTDOWN_LAYOUT_OK : SHOOTDOWN_LAYOUT_FIELDS;
}

#endif

SEC("syscall")
int start(void *unused __attribute__((unused)))
{
	const struct task_struct *self = (const void *)bpf_get_current_task();
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu_state *state = find_state(cpu);

	if (state)
		find_registers(state);
	control.own_tgid = (int32_t)(bpf_get_current_pid_tgid() >> 32);
	pid_view_init(&view, self);
	find_layout(self);
	return 0;
}

struct shootdown_symbol symbol;

/* The kernel finds one faster than a list of all of them could be read. */
SEC("syscall")
int name_address(void *unused __attribute__((unused)))
{
	BPF_SNPRINTF(symbol.name, sizeof(symbol.name), "%pS", (void *)symbol.address);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
