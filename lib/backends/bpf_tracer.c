// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Counts shootdowns with BPF programs on tracepoints. They are attached by file descriptors only: with the process, even
 * if it is killed, they go.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../cpuset.h"
#include "../kernel_types.h"
#include "../percpu_vars.h"
#include "../reason.h"
#include "../tracer.h"
#include "bpf.h"
#include "bpf_tracer_build.h"

static const char trace_needs[] = "needs bpf_loop() and bpf_map_lookup_percpu_elem() (kernel 5.19)";

/* Stacks in user space that are told apart: their numbers fit the key of a row. */
#define NR_USER_STACKS 16384

/* Room for events: some tens of thousands. */
#define EVENT_BYTES (4u << 20)

struct mapping {
	void *memory;
	size_t bytes;
};

enum hook {
	HOOK_CROSS_CALL,
	HOOK_SEND,
	HOOK_SENT,
	HOOK_INFO,
	HOOK_CSD,
	HOOK_FENTRY,
	HOOK_KERNEL,
	HOOK_CALLS,
	HOOK_FAULT,
	HOOK_UNMAP,
	NR_HOOKS,
};

static const struct mmcpus_hook all_hooks[NR_HOOKS] = {
	[HOOK_CROSS_CALL] = { .name = "fentry of smp_call_function_many_cond()",
			      .tells = "what is sent, by whom, and through which system call",
			      .when = "always, but for other calls" },
	[HOOK_SEND] = { .name = "fentry of native_flush_tlb_multi()",
			.tells = "the same, but not of the kernel's own range",
			.when = "where that is missing" },
	[HOOK_SENT] = { .name = "tlb:tlb_flush",
			.tells = "the same, at a higher price",
			.when = "where these are missing, and for other calls" },
	[HOOK_INFO] = { .name = "flush_tlb_info",
			.tells = "the owner, kind and range of what is sent; whose hit it is",
			.when = "always" },
	[HOOK_CSD] = { .name = "csd:csd_function_entry, csd:csd_function_exit",
		       .tells = "which CPUs are hit, how long",
		       .when = "always" },
	[HOOK_FENTRY] = { .name = "fentry, fexit of flush_tlb_func()",
			  .tells = "the same",
			  .when = "where these are missing" },
	[HOOK_KERNEL] = { .name = "do_kernel_range_flush() and the like",
			  .tells = "flushes of the kernel's own range",
			  .when = "always" },
	[HOOK_CALLS] = { .name = "csd:csd_queue_cpu, ipi:ipi_send_cpu",
			 .tells = "other calls of functions on other CPUs",
			 .when = "for other calls (--all-ipis)" },
	[HOOK_FAULT] = { .name = "exceptions:page_fault_user",
			 .tells = "whether a page fault is the cause",
			 .when = "always, once at the start" },
	[HOOK_UNMAP] = { .name = "fentry of try_to_unmap_one(), try_to_migrate_one()",
			 .tells = "the owner of a batch: of pages that reclaim or migration flushes at once",
			 .when = "always, but for other calls" },
};

/* That are handed on at a time: the caller has other things to look after. */
#define MAX_EVENTS 4096

/* Who is to be given the events that are there, and how many it has been given. */
struct taker {
	void (*take)(void *arg, const struct shootdown_event *event);
	void *arg;
	size_t nr;
};

struct tracer_state {
	const struct mmcpus_system *sys;
	struct tracer_build build;
	struct mapping maps[TRACER_NR_MAPS]; /* of those that are shared */
	int links[TRACER_NR_PROGRAMS];       /* -1: not attached */
	struct taker taker;
	struct ring_buffer *events; /* NULL: not wanted */
	bool with_calls;
	struct mmcpus_hook hooks[NR_HOOKS];
};

/* ---------------------------------------------------------------------------------------------------------- loading -- */

/* Both tracepoints exist, or neither. */
static bool has_csd_tracepoints(const struct kernel_types *types)
{
	return kernel_types_have_name(types, "btf_trace_csd_function_entry");
}

static struct mmcpus_reason *hook_fail(struct tracer_state *tracer, enum hook hook)
{
	tracer->hooks[hook].state = MMCPUS_HOOK_UNUSABLE;
	return &tracer->hooks[hook].why;
}

static int attach(struct tracer_state *tracer, enum tracer_program program, const char *tracepoint)
{
	int fd = bpf_raw_tracepoint_open(tracepoint, tracer->build.programs[program]);

	if (fd < 0)
		return fd;
	tracer->links[program] = fd;
	return 0;
}

static void detach(struct tracer_state *tracer, enum tracer_program program)
{
	if (tracer->links[program] >= 0)
		close(tracer->links[program]);
	tracer->links[program] = -1;
}

static void fail_fentry(struct tracer_state *tracer, enum hook hook, int err)
{
	reason_set(hook_fail(tracer, hook), 0, "the kernel refuses it: %s", strerror(-err));
	reason_remedy(&tracer->hooks[hook].why,
		      "needs CONFIG_DEBUG_INFO_BTF=y and CONFIG_FUNCTION_TRACER=y, no lockdown");
}

static void fail_hidden(struct tracer_state *tracer, enum hook hook)
{
	reason_set(hook_fail(tracer, hook), 0, "the kernel does not tell where its functions are");
	reason_remedy(&tracer->hooks[hook].why, "needs CAP_SYSLOG, and kernel.kptr_restrict below 2");
}

static int run(const struct tracer_state *tracer, enum tracer_program program)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)tracer->build.programs[program];
	return syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

/* With the hook that tells most. tracepoint: NULL for fentry. */
static int attach_sender(struct tracer_state *tracer, const char *tracepoint)
{
	int err;

	if (tracepoint)
		return attach(tracer, TRACER_PROGRAM_SENT, tracepoint);
	if (tracer->build.programs[TRACER_PROGRAM_CROSS_CALL] &&
	    tracer->build.control->functions[SHOOTDOWN_FUNCTION_FLUSH]) {
		err = attach(tracer, TRACER_PROGRAM_CROSS_CALL, NULL);
		if (!err)
			return 0;
		fail_fentry(tracer, HOOK_CROSS_CALL, err);
	}
	return attach(tracer, TRACER_PROGRAM_SENT, NULL);
}

/* The kernel may refuse to load a program, or only to attach it. What it counts until all is set up is left out. */
static int load_build(struct tracer_state *tracer,
		      int (*load_it)(struct tracer_build *ret, const struct tracer_sizes *sizes),
		      const struct tracer_sizes *sizes, const char *tracepoint)
{
	int err = load_it(&tracer->build, sizes);

	if (!err)
		err = run(tracer, TRACER_PROGRAM_FIND);
	if (!err)
		err = attach_sender(tracer, tracepoint);
	if (err)
		tracer_build_unload(&tracer->build);
	return err;
}

static void look_for_calls(struct tracer_state *tracer, bool with_calls, const struct kernel_types *types)
{
	if (!kernel_types_have_name(types, "btf_trace_csd_queue_cpu") ||
	    !kernel_types_have_name(types, "btf_trace_ipi_send_cpu"))
		reason_set(hook_fail(tracer, HOOK_CALLS), 0, "the kernel has no such tracepoints, which came with 6.4");
	else if (tracer->hooks[HOOK_CSD].state != MMCPUS_HOOK_USED)
		reason_set(hook_fail(tracer, HOOK_CALLS), 0, "useless without csd:csd_function_entry (6.5)");
	else if (!with_calls)
		tracer->hooks[HOOK_CALLS].state = MMCPUS_HOOK_SPARE;
}

static void note_sender(struct tracer_state *tracer)
{
	tracer->hooks[HOOK_SENT].state = MMCPUS_HOOK_SPARE;
	if (tracer->links[TRACER_PROGRAM_CROSS_CALL] >= 0)
		tracer->hooks[HOOK_SEND].state = MMCPUS_HOOK_SPARE;
	else if (tracer->hooks[HOOK_CROSS_CALL].state == MMCPUS_HOOK_USED)
		fail_hidden(tracer, HOOK_CROSS_CALL);
}

/*
 * With fentry of what sends; on the side of those that are hit with the tracepoints, or else with fentry. If that is
 * refused, with tracepoints alone, which may be there on one side only: the programs for the others stay unattached,
 * and what is sent is seen all the same. Other calls take a build of their own, and what they can't be counted without.
 */
static int load(struct tracer_state *tracer, bool with_calls, const struct tracer_sizes *sizes,
		const struct kernel_types *types)
{
	bool has_csd = has_csd_tracepoints(types);
	int err;

	if (has_csd)
		tracer->hooks[HOOK_FENTRY].state = MMCPUS_HOOK_SPARE;
	else
		reason_set(hook_fail(tracer, HOOK_CSD), 0, "the kernel has no such tracepoints, which came with 6.5");
	if (with_calls && has_csd) {
		tracer->hooks[HOOK_CROSS_CALL].state = tracer->hooks[HOOK_SEND].state = MMCPUS_HOOK_SPARE;
		reason_set(hook_fail(tracer, HOOK_UNMAP), 0, "not used while other calls are counted");
		return load_build(tracer, tracer_build_load_calls, sizes, "tlb_flush");
	}
	err = load_build(tracer, has_csd ? tracer_build_load_csd : tracer_build_load_kernel, sizes, NULL);
	if (err && !has_csd) {
		fail_fentry(tracer, HOOK_CROSS_CALL, err);
		err = load_build(tracer, tracer_build_load_fentry, sizes, NULL);
	}
	if (!err) {
		note_sender(tracer);
		return 0;
	}
	fail_fentry(tracer, HOOK_CROSS_CALL, err);
	fail_fentry(tracer, HOOK_SEND, err);
	fail_fentry(tracer, HOOK_UNMAP, err);
	if (!has_csd)
		fail_fentry(tracer, HOOK_FENTRY, err);
	return load_build(tracer, tracer_build_load_tracepoint, sizes, "tlb_flush");
}

/* ------------------------------------------------------------------------------------------------------------- maps -- */

static int map_memory(struct tracer_state *tracer, enum tracer_map map, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct mapping *mapping = &tracer->maps[map];
	void *memory;

	mapping->bytes = (bytes + page - 1) / page * page;
	memory = mmap(NULL, mapping->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, tracer->build.maps[map], 0);
	if (memory == MAP_FAILED)
		return -errno;
	mapping->memory = memory;
	return 0;
}

static int map_all(struct tracer_state *tracer, const struct tracer_sizes *sizes)
{
	size_t set_bytes = sizes->nr_words * sizeof(uint64_t);
	int err = map_memory(tracer, TRACER_MAP_ROWS, SHOOTDOWN_NR_ROWS * sizeof(struct shootdown_row));

	if (!err)
		err = map_memory(tracer, TRACER_MAP_ROW_SETS, SHOOTDOWN_NR_ROWS * SHOOTDOWN_NR_SETS * set_bytes);
	if (!err)
		err = map_memory(tracer, TRACER_MAP_FREE_ROWS, SHOOTDOWN_NR_ROWS * sizeof(uint32_t));
	if (!err)
		err = map_memory(tracer, TRACER_MAP_WATCHED, set_bytes);
	if (!err)
		err = map_memory(tracer, TRACER_MAP_COSTS, sizes->nr_cpus * sizeof(struct shootdown_cost));
	return err;
}

static void give_back(void *state, uint32_t row)
{
	struct tracer_state *tracer = state;
	struct shootdown_control *control = tracer->build.control;
	uint32_t *ring = tracer->maps[TRACER_MAP_FREE_ROWS].memory;
	uint32_t tail = control->free_tail;

	ring[tail % SHOOTDOWN_NR_ROWS] = row;
	__atomic_store_n(&control->free_tail, tail + 1, __ATOMIC_RELEASE);
}

static void fill_ring(struct tracer_state *tracer)
{
	for (uint32_t row = 0; row < SHOOTDOWN_NR_ROWS; row++)
		if (!shootdown_is_other(row))
			give_back(tracer, row);
}

static void name_other_row(struct tracer_state *tracer, uint32_t index, uint32_t kind)
{
	struct shootdown_row *rows = tracer->maps[TRACER_MAP_ROWS].memory;
	struct shootdown_row *row = &rows[index];

	row->key.cause = SHOOTDOWN_CAUSE_OTHER;
	row->key.kind = kind;
	row->key.stack = -1;
	row->key.user_stack = -1;
	row->is_taken = 1;
}

static void watch(struct tracer_state *tracer, const struct mmcpus_cpuset *cpus, uint32_t nr_words)
{
	if (!cpus)
		return;
	memcpy(tracer->maps[TRACER_MAP_WATCHED].memory, cpus->words, nr_words * sizeof(uint64_t));
	tracer->build.control->is_filtered = 1;
}

/* ------------------------------------------------------------------------------------------------------------ hooks -- */

struct point {
	enum tracer_program program;
	const char *tracepoint; /* NULL: what the program was loaded for */
};

/* Both, or none. */
static void attach_two(struct tracer_state *tracer, enum hook hook, const struct point *first,
		       const struct point *second)
{
	int err = attach(tracer, first->program, first->tracepoint);

	if (!err)
		err = attach(tracer, second->program, second->tracepoint);
	if (!err)
		return;
	detach(tracer, first->program);
	reason_set(hook_fail(tracer, hook), 0, "the kernel refuses it: %s", strerror(-err));
}

/* Both ends of a hit: what ends it comes first, or the end of the first would be missing. */
static void attach_hits(struct tracer_state *tracer, enum hook hook, const char *begin, const char *end)
{
	attach_two(tracer, hook, &(struct point){ TRACER_PROGRAM_HIT_END, end },
		   &(struct point){ TRACER_PROGRAM_HIT_BEGIN, begin });
}

/* Not needed for anything else. */
static void attach_unmaps(struct tracer_state *tracer)
{
	if (tracer->hooks[HOOK_UNMAP].state == MMCPUS_HOOK_USED)
		attach_two(tracer, HOOK_UNMAP, &(struct point){ TRACER_PROGRAM_UNMAP, NULL },
			   &(struct point){ TRACER_PROGRAM_MIGRATE, NULL });
}

/* Who asks for these wants them, and no less. */
static int attach_calls(struct tracer_state *tracer, struct mmcpus_reason *why)
{
	const struct mmcpus_hook *hook = &tracer->hooks[HOOK_CALLS];
	const struct mmcpus_hook *hits = &tracer->hooks[HOOK_CSD];
	int err;

	if (hits->state != MMCPUS_HOOK_USED)
		hook = hits;
	if (hook->state == MMCPUS_HOOK_UNUSABLE)
		return reason_set(why, -EOPNOTSUPP, "other calls than flushes can't be counted: %s: %s", hook->name,
				  hook->why.what);
	if (tracer->build.control->layout != SHOOTDOWN_LAYOUT_OK || !tracer->build.control->preempt_offset)
		return reason_set(
			why, -EOPNOTSUPP,
			"other calls than flushes can't be counted: the kernel's per-CPU variables are not found");
	err = attach(tracer, TRACER_PROGRAM_CALL, "csd_queue_cpu");
	if (!err)
		err = attach(tracer, TRACER_PROGRAM_RESCHEDULE, "ipi_send_cpu");
	return err ? reason_set(why, err, "hooking the tracepoints %s: %s", hook->name, strerror(-err)) : 0;
}

/* Where each of them is seen to begin and to end by itself. */
static int attach_kernel_hits(struct tracer_state *tracer)
{
	const int behind = TRACER_PROGRAM_KERNEL_END + TRACER_NR_KERNEL_FUNCTIONS;
	int err = 0;

	for (int i = TRACER_PROGRAM_KERNEL_BEGIN; !err && i < behind; i++)
		err = attach(tracer, i, NULL);
	for (int i = TRACER_PROGRAM_KERNEL_BEGIN; err && i < behind; i++)
		detach(tracer, i);
	return err;
}

static bool knows_kernel_functions(const struct tracer_state *tracer)
{
	const uint64_t *functions = tracer->build.control->functions;

	return functions[SHOOTDOWN_FUNCTION_KERNEL_RANGE] && functions[SHOOTDOWN_FUNCTION_KERNEL_ALL];
}

/* Who sends is seen by the hook that is there already, or else for each CPU that is asked. */
static int attach_kernel_sender(struct tracer_state *tracer)
{
	if (tracer->links[TRACER_PROGRAM_CROSS_CALL] >= 0 || tracer->with_calls)
		return 0;
	if (!tracer->build.programs[TRACER_PROGRAM_CALL])
		return -EOPNOTSUPP;
	return attach(tracer, TRACER_PROGRAM_CALL, "csd_queue_cpu");
}

/* After all that they need. */
static void attach_kernel(struct tracer_state *tracer)
{
	bool has_csd = tracer->hooks[HOOK_CSD].state == MMCPUS_HOOK_USED;
	int err = 0;

	if (!knows_kernel_functions(tracer)) {
		fail_hidden(tracer, HOOK_KERNEL);
		return;
	}
	if (!has_csd)
		err = tracer->build.programs[TRACER_PROGRAM_KERNEL_BEGIN] ? attach_kernel_hits(tracer) : -EOPNOTSUPP;
	if (!err)
		err = attach_kernel_sender(tracer);
	if (err)
		reason_set(hook_fail(tracer, HOOK_KERNEL), 0,
			   "where they are called and run is not seen without the csd tracepoints (6.5) or fentry");
}

/*
 * A second program on a function makes the kernel replace the code that calls the first, and free that a little later: each
 * time a flush of its own range. That is our doing and nobody else's: where it matters who reaches some CPUs, it is waited
 * for, but not for ever.
 */
#define OWN_FLUSHES_MS 10000
#define OWN_FLUSHES    (TRACER_NR_KERNEL_FUNCTIONS + 1)

/* By threads of the kernel: we ourselves flush, too, for each program that is attached. */
static uint64_t count_kernel_flushes(const struct tracer_state *tracer)
{
	const struct shootdown_row *rows = tracer->maps[TRACER_MAP_ROWS].memory;
	uint64_t nr = 0;

	for (size_t i = 0; i < SHOOTDOWN_NR_ROWS; i++)
		if (__atomic_load_n(&rows[i].is_taken, __ATOMIC_ACQUIRE) && rows[i].key.kind == SHOOTDOWN_KIND_KERNEL &&
		    rows[i].key.cause == SHOOTDOWN_CAUSE_KTHREAD)
			nr += *(const volatile uint64_t *)&rows[i].counts.sent;
	return nr;
}

static void wait_for_own_flushes(const struct tracer_state *tracer)
{
	const int step_ms = 20;

	if (tracer->links[TRACER_PROGRAM_KERNEL_BEGIN] < 0 || !tracer->build.control->is_filtered)
		return;
	for (int ms = 0; ms < OWN_FLUSHES_MS && count_kernel_flushes(tracer) < OWN_FLUSHES; ms += step_ms)
		poll(NULL, 0, step_ms);
}

static void attach_all_hits(struct tracer_state *tracer)
{
	if (tracer->hooks[HOOK_CSD].state == MMCPUS_HOOK_USED)
		attach_hits(tracer, HOOK_CSD, "csd_function_entry", "csd_function_exit");
	else if (tracer->hooks[HOOK_FENTRY].state == MMCPUS_HOOK_USED)
		attach_hits(tracer, HOOK_FENTRY, NULL, NULL);
}

/* -------------------------------------------------------------------------------------------------------- the start -- */

static void fault_once(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return;
	*(volatile char *)memory = 1;
	munmap(memory, page);
}

/* A page fault of our own, while the program looks: where it enters the kernel tells the others. */
static void learn_fault(struct tracer_state *tracer)
{
	int err;

	if (system_has_cpu_flag(tracer->sys, " fred ") != 0) {
		reason_set(hook_fail(tracer, HOOK_FAULT), 0,
			   "with FRED, all that comes from user space enters the kernel at one place");
		return;
	}
	err = attach(tracer, TRACER_PROGRAM_LEARN, "page_fault_user");
	if (!err)
		fault_once();
	detach(tracer, TRACER_PROGRAM_LEARN);
	if (err)
		reason_set(hook_fail(tracer, HOOK_FAULT), 0, "the kernel refuses it: %s", strerror(-err));
	else if (!tracer->build.control->fault_return)
		reason_set(hook_fail(tracer, HOOK_FAULT), 0, "a page fault of our own was not seen");
}

static int find_variables(struct shootdown_control *control, const struct kernel_types *types)
{
	struct percpu_var vars[] = {
		{ .name = "flush_tlb_info", .is_static = true },
		{ .name = "hrtimer_bases" },
		{ .name = "__preempt_count" },
		{ .name = "pcpu_hot" },
	};
	int nr = percpu_vars_find(types->data, types->size, vars, 4);

	if (nr < 0)
		return nr;
	if (!vars[0].size || !vars[1].size)
		return -ENODATA;
	control->preempt_offset = vars[2].size ? vars[2].offset : vars[3].offset;
	control->info_offset = vars[0].offset;
	control->anchor_offset = vars[1].offset;
	return 0;
}

/* Without the kernel's descriptions of flushes, only the senders can be told. */
static void check_layout(struct tracer_state *tracer)
{
	if (tracer->build.control->layout == SHOOTDOWN_LAYOUT_OK)
		return;
	reason_set(hook_fail(tracer, HOOK_INFO), 0, "the kernel's descriptions of flushes are not found");
	reason_remedy(&tracer->hooks[HOOK_INFO].why, "needs an x86 kernel whose BTF has the per-CPU variables");
}

static int take_event(void *state, void *data, size_t size)
{
	struct taker *taker = &((struct tracer_state *)state)->taker;

	if (size >= sizeof(struct shootdown_event))
		taker->take(taker->arg, data);
	return ++taker->nr < MAX_EVENTS ? 0 : -E2BIG;
}

static int open_events(struct tracer_state *tracer)
{
	tracer->events = ring_buffer__new(tracer->build.maps[TRACER_MAP_EVENTS], take_event, tracer, NULL);
	return tracer->events ? 0 : -errno;
}

static int tracer_poll(void *state, int timeout_ms, void (*take)(void *arg, const struct shootdown_event *event),
		       void *arg)
{
	struct tracer_state *tracer = state;
	struct pollfd ring = { .fd = tracer->events ? ring_buffer__epoll_fd(tracer->events) : -1, .events = POLLIN };
	int err;

	if (!tracer->events)
		return -EINVAL;
	tracer->taker = (struct taker){ .take = take, .arg = arg };
	if (poll(&ring, 1, timeout_ms) < 0 && errno != EINTR)
		return -errno;
	err = ring_buffer__consume(tracer->events);
	return err < 0 && err != -E2BIG ? err : (int)tracer->taker.nr;
}

static int start(struct tracer_state *tracer, const struct tracer_request *request, const struct tracer_sizes *sizes,
		 const struct kernel_types *types, struct mmcpus_reason *why)
{
	struct shootdown_control *control = tracer->build.control;
	int err = map_all(tracer, sizes);

	if (err)
		return reason_set(why, err, "sharing memory with the BPF program: %s", strerror(-err));
	fill_ring(tracer);
	name_other_row(tracer, SHOOTDOWN_OTHER_ROW, SHOOTDOWN_KIND_UNKNOWN);
	name_other_row(tracer, SHOOTDOWN_OTHER_CALLS, SHOOTDOWN_KIND_CALL);
	name_other_row(tracer, SHOOTDOWN_OTHER_KERNEL, SHOOTDOWN_KIND_KERNEL);
	watch(tracer, request->watched, sizes->nr_words);
	control->nr_cpus = sizes->nr_cpus;
	control->nr_words = sizes->nr_words;
	control->with_victims = request->with_victims;
	control->with_stacks = request->stacks;
	control->with_events = request->with_events;
	control->wakeup_bytes = EVENT_BYTES / 4;
	find_variables(control, types);
	err = run(tracer, TRACER_PROGRAM_START);
	if (err)
		return reason_set(why, err, "running the BPF program: %s", strerror(-err));
	check_layout(tracer);
	learn_fault(tracer);
	if (request->with_events) {
		err = open_events(tracer);
		if (err)
			return reason_set(why, err, "sharing memory with the BPF program: %s", strerror(-err));
	}
	attach_all_hits(tracer);
	attach_unmaps(tracer);
	attach_kernel(tracer);
	wait_for_own_flushes(tracer);
	return request->with_calls ? attach_calls(tracer, why) : 0;
}

static void tracer_close(void *state)
{
	struct tracer_state *tracer = state;

	for (int i = 0; i < TRACER_NR_PROGRAMS; i++)
		detach(tracer, i);
	for (int i = 0; i < TRACER_NR_MAPS; i++)
		if (tracer->maps[i].memory)
			munmap(tracer->maps[i].memory, tracer->maps[i].bytes);
	ring_buffer__free(tracer->events);
	tracer_build_unload(&tracer->build);
	free(tracer);
}

static int open_types(const struct mmcpus_system *sys, struct kernel_types *ret, struct mmcpus_reason *why)
{
	int err = bpf_check(sys, why);

	if (err)
		return err;
	err = kernel_types_open(ret, &sys->root);
	return err ? reason_set(why, err, "/sys/kernel/btf/vmlinux: %s", strerror(-err)) : 0;
}

static int load_and_start(struct tracer_state *tracer, const struct tracer_request *request, struct mmcpus_reason *why)
{
	struct tracer_sizes sizes = {
		.nr_cpus = tracer->sys->nr_cpus,
		.nr_words = cpuset_nr_words(tracer->sys->nr_cpus),
		.nr_stacks = SHOOTDOWN_NR_STACKS, /* some are taken where the cause is in doubt, whatever is wanted */
		.nr_user_stacks = request->stacks == SHOOTDOWN_STACKS_BOTH ? NR_USER_STACKS : 1,
		.nr_memos = request->stacks != SHOOTDOWN_STACKS_NONE ? tracer->sys->nr_cpus * SHOOTDOWN_STACK_MEMOS : 0,
		.event_bytes = request->with_events ? EVENT_BYTES : (uint32_t)sysconf(_SC_PAGESIZE),
	};
	struct kernel_types types;
	int err = open_types(tracer->sys, &types, why);

	if (err)
		return err;
	sizes.can_cast = kernel_types_have_name(&types, "bpf_rdonly_cast");
	err = load(tracer, request->with_calls, &sizes, &types);
	look_for_calls(tracer, request->with_calls, &types);
	if (err)
		bpf_explain_load(err, trace_needs, why);
	else
		err = start(tracer, request, &sizes, &types, why);
	kernel_types_close(&types);
	return err;
}

static int tracer_open(const struct mmcpus_system *sys, const struct tracer_request *request, void **ret,
		       struct mmcpus_reason *why)
{
	struct tracer_state *tracer = calloc(1, sizeof(*tracer));
	int err;

	if (!tracer)
		return reason_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	tracer->sys = sys;
	tracer->with_calls = request->with_calls;
	memcpy(tracer->hooks, all_hooks, sizeof(all_hooks));
	for (int i = 0; i < TRACER_NR_PROGRAMS; i++)
		tracer->links[i] = -1;
	err = load_and_start(tracer, request, why);
	if (err) {
		tracer_close(tracer);
		return err;
	}
	*ret = tracer;
	return 0;
}

/* ------------------------------------------------------------------------------------------------------- while it runs -- */

static void tracer_rows(void *state, struct tracer_rows *ret)
{
	struct tracer_state *tracer = state;

	*ret = (struct tracer_rows){
		.rows = tracer->maps[TRACER_MAP_ROWS].memory,
		.sets = tracer->maps[TRACER_MAP_ROW_SETS].memory,
		.nr_words = tracer->build.control->nr_words,
		.control = tracer->build.control,
	};
}

static int tracer_forget(void *state, const struct shootdown_key *key)
{
	struct tracer_state *tracer = state;

	return bpf_map_delete_elem(tracer->build.maps[TRACER_MAP_ROW_OF], key);
}

static int tracer_hook(void *state, size_t index, struct mmcpus_hook *ret)
{
	struct tracer_state *tracer = state;

	if (index >= NR_HOOKS)
		return -ERANGE;
	*ret = tracer->hooks[index];
	return 0;
}

static int tracer_sees_hits(void *state, struct mmcpus_reason *why)
{
	struct tracer_state *tracer = state;
	const struct mmcpus_hook *info = &tracer->hooks[HOOK_INFO];
	const struct mmcpus_hook *csd = &tracer->hooks[HOOK_CSD];
	const struct mmcpus_hook *fentry = &tracer->hooks[HOOK_FENTRY];
	const struct mmcpus_hook *failed = csd;

	if (info->state == MMCPUS_HOOK_UNUSABLE)
		failed = info;
	else if (csd->state == MMCPUS_HOOK_USED || fentry->state == MMCPUS_HOOK_USED)
		return 0;
	else if (fentry->state == MMCPUS_HOOK_UNUSABLE)
		failed = fentry;
	reason_set(why, 0, "%s: %s", failed->name, failed->why.what);
	reason_remedy(why, "%s", failed->why.remedy);
	return -EOPNOTSUPP;
}

/* Of all CPUs; each is to take the time of its next runs. */
static uint64_t take_run_time(struct tracer_state *tracer)
{
	struct shootdown_cost *costs = tracer->maps[TRACER_MAP_COSTS].memory;
	uint64_t ns = 0;

	for (uint32_t cpu = 0; cpu < tracer->build.control->nr_cpus; cpu++) {
		ns += __atomic_load_n(&costs[cpu].ns, __ATOMIC_RELAXED);
		__atomic_store_n(&costs[cpu].nr_first, SHOOTDOWN_COST_FIRST, __ATOMIC_RELAXED);
	}
	return ns;
}

static bool tracer_sees_kernel(void *state)
{
	const struct tracer_state *tracer = state;

	return tracer->hooks[HOOK_KERNEL].state == MMCPUS_HOOK_USED;
}

/* Is it a program whose run that is left out is a hit that is missing? */
static bool misses_hits(const struct tracer_state *tracer, int program)
{
	if (program == TRACER_PROGRAM_CALL)
		return tracer->with_calls;
	return program != TRACER_PROGRAM_SENT && program != TRACER_PROGRAM_CROSS_CALL;
}

/*
 * The kernel leaves out the run of a program that interrupts another run of it on the same CPU. Of the programs at a hit,
 * that is a hit that is missing. The one at a sender can only be interrupted by an interrupt, in which flushes are carried
 * out but none is sent: what is left out there is no shootdown. It counts these whether or not it has statistics.
 */
static int tracer_cost(void *state, struct tracer_cost *ret)
{
	struct tracer_state *tracer = state;

	*ret = (struct tracer_cost){ .run_ns = take_run_time(tracer) };
	for (int i = TRACER_PROGRAM_HIT_BEGIN; i <= TRACER_PROGRAM_RESCHEDULE; i++) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);
		int err;

		if (tracer->links[i] < 0)
			continue;
		err = bpf_obj_get_info_by_fd(tracer->build.programs[i], &info, &size);
		if (err)
			return err;
		if (misses_hits(tracer, i))
			ret->nr_missed += info.recursion_misses;
	}
	return 0;
}

static int look_up_stack(const struct tracer_state *tracer, enum tracer_map map, int32_t id,
			 uint64_t ret[SHOOTDOWN_STACK_FRAMES])
{
	int nr = 0;
	int err;

	memset(ret, 0, SHOOTDOWN_STACK_FRAMES * sizeof(*ret));
	err = bpf_map_lookup_elem(tracer->build.maps[map], &id, ret);
	if (err)
		return err;
	while (nr < SHOOTDOWN_STACK_FRAMES && ret[nr])
		nr++;
	return nr;
}

static int tracer_stack(void *state, int32_t id, uint64_t ret[SHOOTDOWN_STACK_FRAMES])
{
	return look_up_stack(state, TRACER_MAP_STACKS, id, ret);
}

static int tracer_user_stack(void *state, int32_t id, uint64_t ret[SHOOTDOWN_STACK_FRAMES])
{
	return look_up_stack(state, TRACER_MAP_USER_STACKS, id, ret);
}

static int tracer_symbol(void *state, uint64_t address, char *buf, size_t size)
{
	const struct tracer_state *tracer = state;
	struct shootdown_symbol *symbol = tracer->build.symbol;
	int err;

	symbol->address = address;
	err = run(tracer, TRACER_PROGRAM_NAME);
	if (err)
		return err;
	snprintf(buf, size, "%.*s", (int)sizeof(symbol->name), symbol->name);
	return 0;
}

const struct tracer_ops tracer_bpf = {
	.open = tracer_open,
	.close = tracer_close,
	.rows = tracer_rows,
	.forget = tracer_forget,
	.give_back = give_back,
	.poll = tracer_poll,
	.hook = tracer_hook,
	.sees_hits = tracer_sees_hits,
	.sees_kernel = tracer_sees_kernel,
	.cost = tracer_cost,
	.stack = tracer_stack,
	.user_stack = tracer_user_stack,
	.symbol = tracer_symbol,
};
