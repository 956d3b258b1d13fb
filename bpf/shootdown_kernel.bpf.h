/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel side: flushes of the kernel's own range. For these, functions of their own are called on all CPUs, with no mm. A CPU
 * that is hit is told which function and which argument. The sender is the one that has called just that, and waits for
 * some CPUs still. Of two that flush everything at the same time, for which there is no argument, a hit may be taken for the
 * other's; each gets as many as it has asked for.
 */
#ifndef MMCPUS_BPF_SHOOTDOWN_KERNEL_H
#define MMCPUS_BPF_SHOOTDOWN_KERNEL_H

#include "shootdown_cost.bpf.h"
#include "shootdown_cpu.bpf.h"
#include "shootdown_events.bpf.h"
#include "shootdown_flush.bpf.h"
#include "shootdown_requested.bpf.h"
#include "shootdown_rows.bpf.h"
#include "shootdown_send.bpf.h"
#include "shootdown_sender.bpf.h"

struct kernel_state {
	struct cpu_state flush; /* info: the argument */
	uint32_t function;      /* enum shootdown_function; 0: nothing was sent yet */
	int32_t nr_pending;     /* CPUs that have not finished it */
	uint32_t next_target;   /* where it is seen for each: the lowest that may follow */
	uint32_t is_done_here;  /* the sender itself has begun it */
	uint64_t reserved[14];
};

_Static_assert(sizeof(struct kernel_state) == 640, "whole cache lines");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* begins with a page, and so with a cache line */
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct kernel_state));
	__uint(max_entries, 1); /* set before loading, to the number of CPUs */
} kernel_states SEC(".maps");

/* Not where the kernel lacks both the tracepoints and one of the functions. */
#if !defined(WITH_FENTRY) || defined(WITH_KERNEL_FENTRY)

/* The CPU that was the last to send; most often, there is no other. */
static uint32_t last_kernel_sender;

/* Of shootdowns.bpf.c: for each hit, whatever is flushed. */
int finish_hit(struct cpu_state *sender, uint32_t cpu, uint64_t end_ns);

/* SHOOTDOWN_FUNCTION_FLUSH, the most frequent one: it is none of the kernel's own range. */
static __always_inline uint32_t kernel_function(const struct cpu *own, uint64_t address)
{
	if (address == own->shared.flush_function)
		return SHOOTDOWN_FUNCTION_FLUSH;
	for (uint32_t i = SHOOTDOWN_FUNCTION_FLUSH + 1; i < SHOOTDOWN_NR_FUNCTIONS; i++)
		if (address == control.functions[i])
			return i;
	return SHOOTDOWN_FUNCTION_FLUSH;
}

/* ------------------------------------------------------------------------------------------------------ the sending -- */

/* Of other functions, the arguments do not tell, or there are none. */
static __always_inline void fill_kernel_range(struct cpu_state *sent, uint32_t function, uint64_t info)
{
	struct flush flush;

	sent->start = 0;
	sent->end = TLB_FLUSH_ALL;
	if (function != SHOOTDOWN_FUNCTION_KERNEL_RANGE || control.layout != SHOOTDOWN_LAYOUT_OK ||
	    !read_flush(&flush, info))
		return;
	sent->start = flush.start;
	sent->end = flush.end;
}

/* No number of a flush of an address space has it. */
#define KERNEL_ID_BIT (1ull << (ID_CPU_SHIFT - 1))

/* nr: CPUs that are asked, as far as that is known already. */
static __noinline void send_kernel(void *ctx, struct kernel_state *state, uint32_t function, uint64_t info, int32_t nr)
{
	const struct flush none = {};
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu_state *sent = &state->flush;
	struct cpu *own = find_cpu(cpu);
	struct task_struct *task = bpf_get_current_task_btf();
	struct shootdown_key key;
	struct taken_stacks *taken;
	uint32_t index;

	state->function = 0; /* its hits will find none */
	if (!own || !own->shared.is_counting)
		return;
	fill_key(&key, task, entry_registers(task, own), &none, SHOOTDOWN_KIND_KERNEL);
	key.owner_id = function;
	taken = take_stacks(ctx, &key, cpu, TAKER_QUEUE);
	index = find_sender_row(ctx, &key, 0, taken);
	if (index == SHOOTDOWN_OTHER_ROW)
		index = SHOOTDOWN_OTHER_KERNEL;
	fill_kernel_range(sent, function, info);
	sent->info = info;
	sent->kind = SHOOTDOWN_KIND_KERNEL;
	sent->row = index;
	sent->id = (sent->id | (uint64_t)cpu << ID_CPU_SHIFT | KERNEL_ID_BIT) + 1;
	sent->sent_ns = bpf_ktime_get_ns();
	count_in_row(sent, index, cpu);
	if (settings.with_events && !settings.is_filtered)
		tell_sent(sent, cpu);
	state->is_done_here = 0;
	state->nr_pending = nr;
	state->function = function;
	last_kernel_sender = cpu;
}

/* Some of these are our own doing: at the start, the library waits until they have come. */
static __always_inline void note_kthread(void)
{
	if (bpf_get_current_task_btf()->flags & PF_KTHREAD)
		__sync_fetch_and_add(&control.nr_by_kthreads, 1);
}

#ifdef WITH_TRACEPOINT

/* It is seen for each CPU that is asked, in their order: where that begins anew, it is another. */
static __noinline void send_kernel_to(void *ctx, uint32_t cpu, uint32_t function, const struct __call_single_data *csd,
				      uint32_t target)
{
	struct kernel_state *state = bpf_map_lookup_elem(&kernel_states, &cpu);
	uint32_t set = requested_of(cpu, SHOOTDOWN_KIND_KERNEL);
	uint64_t info;

	if (!state || !READ(info, csd->info))
		return;
	if (state->function == function && state->flush.info == info && target >= state->next_target) {
		add_requested(&state->flush, set, target);
		__sync_fetch_and_add(&state->nr_pending, 1); /* a barrier: who counts it now sees this target */
		if (!state->flush.is_uncounted)
			add_to_set(state->flush.row, SHOOTDOWN_SET_REQUESTED, target);
	} else {
		note_kthread();
		keep_requested(&state->flush, 0, cpu, set);
		add_requested(&state->flush, set, target);
		state->flush.knows_requested = 0;
		send_kernel(ctx, state, function, info, 1);
	}
	state->next_target = target + 1;
}

#else

/* It is seen once, before any CPU is asked. */
static __always_inline void send_kernel_to_all(void *ctx, uint32_t cpu, uint32_t function, uint64_t info, uint64_t mask)
{
	struct kernel_state *state = bpf_map_lookup_elem(&kernel_states, &cpu);
	int32_t nr;

	if (!state)
		return;
	note_kthread();
	nr = keep_requested(&state->flush, mask, cpu, requested_of(cpu, SHOOTDOWN_KIND_KERNEL));
	nr += __builtin_popcountll(state->flush.requested);
	state->function = 0; /* what its last one left to claim is not of this one */
	if (!nr)
		return;
	state->flush.knows_requested = 1;
	send_kernel(ctx, state, function, info, nr);
}

#endif

/* ------------------------------------------------------------------------------------------------- CPUs that are hit -- */

struct kernel_search {
	uint64_t info;
	uint64_t end_ns; /* of the hit */
	uint32_t function;
	uint32_t own;  /* the CPU that was hit: not by itself, as long as there is another */
	uint32_t from; /* what is found */
	bool is_found;
};

/*
 * Is it that one? Then it has one less to wait for. One that has waited for too long is over: who carried it out was not seen,
 * as in a process that the kernel hides from programs.
 */
static __always_inline bool claim_sender(struct kernel_search *search, uint32_t cpu)
{
	struct kernel_state *state = bpf_map_lookup_elem(&kernel_states, &cpu);

	if (!state || state->function != search->function || state->flush.info != search->info ||
	    *(volatile int32_t *)&state->nr_pending <= 0 ||
	    time_since(state->flush.sent_ns, search->end_ns) > SHOOTDOWN_UNDER_WAY_NS)
		return false;
	if (__sync_fetch_and_add(&state->nr_pending, -1) <= 0) {
		__sync_fetch_and_add(&state->nr_pending, 1);
		return false;
	}
	search->from = cpu;
	search->is_found = true;
	return true;
}

static long try_sender(uint32_t cpu, struct kernel_search *search)
{
	return cpu != search->own && claim_sender(search, cpu);
}

/*
 * The sender waits until this is over, and can be told by then as well as when it began. Where two send the same, it may be the
 * other one, which does not. Each hit is one less that is waited for, also where it does not count.
 */
static __noinline void end_kernel_hit(struct cpu *own, uint32_t function, uint64_t token)
{
	struct kernel_search search = { .function = function, .end_ns = bpf_ktime_get_ns() };
	uint32_t cpu = bpf_get_smp_processor_id();
	struct kernel_state *sender;

	if (!own || !token || own->state.hit_token != token)
		return;
	own->state.hit_token = 0;
	search.info = own->state.hit_info;
	search.own = cpu;
	if (!try_sender(last_kernel_sender, &search))
		bpf_loop(settings.nr_cpus, try_sender, &search, 0);
	if (!search.is_found)
		claim_sender(&search, cpu);
	if (!search.is_found || !is_watched(cpu) || !own->shared.is_counting_hits)
		return;
	sender = bpf_map_lookup_elem(&kernel_states, &search.from);
	if (sender)
		finish_hit(&sender->flush, cpu, search.end_ns);
}

/* ------------------------------------------------------------------------------------- where csd tracepoints are missing -- */

#ifdef WITH_KERNEL_FENTRY

/* The sender itself runs the function, too, once for each time that it sends. */
static __always_inline bool is_done_by_sender(uint32_t cpu, uint32_t function, uint64_t info)
{
	struct kernel_state *own = bpf_map_lookup_elem(&kernel_states, &cpu);

	if (!own || own->function != function || own->flush.info != info || own->is_done_here)
		return false;
	own->is_done_here = 1;
	return true;
}

#define WATCH_FUNCTION(which, name)                                                          \
	SEC("fentry/" #name)                                                                 \
	int begin_##which(unsigned long long *ctx)                                           \
	{                                                                                    \
		uint32_t cpu = bpf_get_smp_processor_id();                                   \
		struct cpu *own = find_cpu(cpu);                                             \
		struct run run = begin_run(own);                                             \
                                                                                             \
		if (own && is_done_by_sender(cpu, SHOOTDOWN_FUNCTION_##which, ctx[0]))       \
			own->state.hit_token = 0;                                            \
		else if (own)                                                                \
			note_begin(&own->state, ctx[0], SHOOTDOWN_FUNCTION_##which);         \
		end_run(own, &run);                                                          \
		return 0;                                                                    \
	}                                                                                    \
                                                                                             \
	SEC("fexit/" #name)                                                                  \
	int end_##which(unsigned long long *ctx __attribute__((unused)))                     \
	{                                                                                    \
		uint32_t cpu = bpf_get_smp_processor_id();                                   \
		struct cpu *own = find_cpu(cpu);                                             \
		struct run run = begin_run(own);                                             \
                                                                                             \
		end_kernel_hit(own, SHOOTDOWN_FUNCTION_##which, SHOOTDOWN_FUNCTION_##which); \
		end_run(own, &run);                                                          \
		return 0;                                                                    \
	}

SHOOTDOWN_KERNEL_FUNCTIONS(WATCH_FUNCTION)

#endif

#endif

/* ------------------------------------------------------------------------------------------------------------ start -- */

/* 5.16: d6aef08a872b ("bpf: Add bpf_kallsyms_lookup_name helper"). Who may not see addresses finds none. */
#define FIND_FUNCTION(which, function)                                              \
	{                                                                           \
		char name[] = #function;                                            \
		unsigned long long address = 0;                                     \
                                                                                    \
		if (bpf_kallsyms_lookup_name(name, sizeof(name), 0, &address) == 0) \
			control.functions[SHOOTDOWN_FUNCTION_##which] = address;    \
	}

SEC("syscall")
int find_functions(void *unused __attribute__((unused)))
{
	SHOOTDOWN_FUNCTIONS(FIND_FUNCTION)
	return 0;
}

#endif
