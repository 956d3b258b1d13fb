// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Counts shootdowns with BPF programs on tracepoints. They are attached by file descriptors only: with the process, even
 * if it is killed, they go.
 */
#include "bpf_tracer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "../cpuset.h"
#include "../reason.h"
#include "bpf.h"

static const char trace_needs[] = "needs bpf_loop() and bpf_map_lookup_percpu_elem() (kernel 5.19)";

/* Tasks that are being woken; and calls of each CPU on each other, as far as a large machine makes them all at once. */
#define NR_WAKES     4096
#define NR_CALLS_MAX 65536

/* Room for events: some tens of thousands. */
#define EVENT_BYTES (4u << 20)

/* ---------------------------------------------------------------------------------------------------- open and close -- */

static void tracer_close(void *state)
{
	struct tracer_state *tracer = state;

	for (int i = 0; i < TRACER_NR_PROGRAMS; i++)
		tracer_detach(tracer, i);
	tracer_unshare(tracer);
	tracer_close_events(tracer);
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

static uint32_t room_for_calls(uint32_t nr_cpus)
{
	return NR_WAKES + (nr_cpus < NR_CALLS_MAX / nr_cpus ? nr_cpus * nr_cpus : NR_CALLS_MAX);
}

static int load_and_start(struct tracer_state *tracer, const struct tracer_request *request,
			  const struct tracer_sizes *sizes, const struct kernel_types *types, struct mmcpus_reason *why)
{
	int err = tracer_load(tracer, sizes, types);

	if (err)
		return bpf_explain_load(err, trace_needs, why);
	return tracer_start(tracer, request, sizes, types, why);
}

static uint32_t bytes_of_events(const struct tracer_request *request)
{
	return request->with_events ? EVENT_BYTES : (uint32_t)sysconf(_SC_PAGESIZE);
}

static struct shootdown_settings settings_for(const struct mmcpus_system *sys, const struct tracer_request *request)
{
	return (struct shootdown_settings){
		.nr_cpus = sys->nr_cpus,
		.nr_words = cpuset_nr_words(sys->nr_cpus),
		.is_filtered = request->watched != NULL,
		.with_victims = request->victims,
		.with_stacks = request->stacks,
		.with_events = request->with_events,
		.wakeup_bytes = bytes_of_events(request) / 4,
		.coarse_until_hit = request->coarse_until_hit,
	};
}

/* By its types, the kernel may lack what is wanted, and is then spared the loading. */
static int set_up(struct tracer_state *tracer, const struct tracer_request *request, struct mmcpus_reason *why)
{
	struct tracer_sizes sizes = {
		.settings = tracer->settings,
		.nr_user_stacks = request->stacks == SHOOTDOWN_STACKS_BOTH ? SHOOTDOWN_NR_ROWS : 1,
		.nr_memos = request->stacks != SHOOTDOWN_STACKS_NONE ? tracer->sys->nr_cpus * SHOOTDOWN_STACK_MEMOS : 0,
		.event_bytes = bytes_of_events(request),
		.nr_calls = room_for_calls(tracer->sys->nr_cpus),
	};
	struct kernel_types types;
	int err = open_types(tracer->sys, &types, why);

	if (err)
		return err;
	sizes.can_cast = kernel_types_have_name(&types, "bpf_rdonly_cast");
	tracer_note_tracepoints(tracer, &types);
	if (request->with_calls)
		err = tracer_check_calls(tracer, why);
	if (!err)
		err = load_and_start(tracer, request, &sizes, &types, why);
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
	tracer->may_be_blind = request->may_be_blind;
	tracer->settings = settings_for(sys, request);
	tracer_init_hooks(tracer);
	err = set_up(tracer, request, why);
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
		.nr_words = tracer->settings.nr_words,
		.control = tracer->build.control,
		.cpus = tracer->maps[TRACER_MAP_CPUS].memory,
		.stacks = tracer->maps[TRACER_MAP_ROW_STACKS].memory,
		.user_stacks = tracer->maps[TRACER_MAP_ROW_USER_STACKS].memory,
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

static int tracer_probe_hook(const struct mmcpus_system *sys, size_t index, struct mmcpus_hook *ret)
{
	struct tracer_state tracer = { .sys = sys };
	struct kernel_types types;

	tracer_init_hooks(&tracer);
	if (kernel_types_open(&types, &sys->root) == 0) {
		tracer_note_missing(&tracer, &types);
		kernel_types_close(&types);
	}
	return tracer_hook(&tracer, index, ret);
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
	struct shootdown_cpu *cpus = tracer->maps[TRACER_MAP_CPUS].memory;
	uint64_t ns = 0;

	for (uint32_t cpu = 0; cpu < tracer->settings.nr_cpus; cpu++) {
		ns += __atomic_load_n(&cpus[cpu].cost.ns, __ATOMIC_RELAXED);
		__atomic_store_n(&cpus[cpu].cost.nr_first, SHOOTDOWN_COST_FIRST, __ATOMIC_RELAXED);
	}
	return ns;
}

/* What one hook alone tells. What one of several tells is not missing as long as one of them does. */
static const struct {
	enum hook hook;
	const char *what;
} told_by_one[] = {
	{ HOOK_INFO, "owners, kinds and ranges" },
	{ HOOK_SEND, "shootdowns that interrupt nobody" },
	{ HOOK_KERNEL, "flushes of the kernel's own range" },
	{ HOOK_UNMAP, "owners of batches" },
	{ HOOK_FAULT, "page faults as a cause" },
	{ HOOK_RESCHEDULE, "hits of reschedules" },
};

/* Others tell it as well, or it is not what is counted: with a filter, only what interrupts somebody is. */
static bool is_beside_the_point(const struct tracer_state *tracer, enum hook hook)
{
	bool counts_all_sent = !tracer->settings.is_filtered;

	return (hook == HOOK_SEND && !(tracer->with_queue && counts_all_sent)) ||
	       (hook == HOOK_RESCHEDULE && !tracer->with_calls);
}

static int tracer_missing(void *state, size_t index, struct mmcpus_missing *ret)
{
	const struct tracer_state *tracer = state;

	for (size_t i = 0; i < sizeof(told_by_one) / sizeof(told_by_one[0]); i++) {
		const struct mmcpus_hook *hook = &tracer->hooks[told_by_one[i].hook];

		if (hook->state != MMCPUS_HOOK_UNUSABLE || is_beside_the_point(tracer, told_by_one[i].hook) ||
		    index-- > 0)
			continue;
		*ret = (struct mmcpus_missing){ told_by_one[i].what, hook->why };
		return 0;
	}
	return -ERANGE;
}

static bool tracer_sees_kernel(void *state)
{
	const struct tracer_state *tracer = state;

	return tracer->hooks[HOOK_KERNEL].state == MMCPUS_HOOK_USED;
}

/*
 * The kernel leaves out the run of a program that interrupts another run of it on the same CPU, and counts these whether or
 * not it has statistics. Of the programs at a hit, that is a hit that is missing: of those of one hit, never both are left
 * out. The one at a sender, by whichever hook, can only be interrupted by an interrupt, in which flushes are carried out but
 * none is sent: what is left out there is no shootdown. Other calls that were not seen when they were queued are counted when
 * they begin.
 */
static bool misses_hits(int program)
{
	return program != TRACER_PROGRAM_SENT && program != TRACER_PROGRAM_CROSS_CALL &&
	       program != TRACER_PROGRAM_CALL && program != TRACER_PROGRAM_RESCHEDULE;
}

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
		if (misses_hits(i))
			ret->nr_missed += info.recursion_misses;
	}
	return 0;
}

/* Without the size of the function, and its module. What has no name is told as a number. */
static int tracer_symbol(void *state, uint64_t address, char *buf, size_t size)
{
	const struct tracer_state *tracer = state;
	struct shootdown_symbol *symbol = tracer->build.symbol;
	int err;

	symbol->address = address;
	err = tracer_build_run(&tracer->build, TRACER_PROGRAM_NAME);
	if (err)
		return err;
	snprintf(buf, size, "%.*s", (int)strcspn(symbol->name, "/"), symbol->name);
	return strchr(buf, '+') ? 0 : -ENOENT;
}

const struct tracer_ops tracer_bpf = {
	.open = tracer_open,
	.close = tracer_close,
	.rows = tracer_rows,
	.forget = tracer_forget,
	.give_back = tracer_give_back,
	.poll = tracer_poll,
	.fd = tracer_fd,
	.hook = tracer_hook,
	.probe_hook = tracer_probe_hook,
	.missing = tracer_missing,
	.sees_hits = tracer_sees_hits,
	.sees_kernel = tracer_sees_kernel,
	.cost = tracer_cost,
	.symbol = tracer_symbol,
};
