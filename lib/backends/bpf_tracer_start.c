// SPDX-License-Identifier: LGPL-2.1-or-later
/* How the tracer begins, once its programs are loaded: it finds and learns what they need, and attaches them. */
#include "bpf_tracer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../grace_period.h"
#include "../percpu_vars.h"
#include "../reason.h"
#include "../shootdown_tallies.h"

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
	int has_fred = system_has_cpu_flag(tracer->sys, " fred ");
	int err;

	if (has_fred) {
		reason_set(tracer_fail(tracer, HOOK_FAULT), 0,
			   "%s FRED, all that comes from user space enters the kernel at one place",
			   has_fred > 0 ? "with" : "/proc/cpuinfo does not tell whether the CPU has FRED, and with");
		return;
	}
	err = tracer_attach(tracer, TRACER_PROGRAM_LEARN, "page_fault_user");
	if (!err)
		fault_once();
	tracer_detach(tracer, TRACER_PROGRAM_LEARN);
	if (err)
		reason_set(tracer_fail(tracer, HOOK_FAULT), 0, "the kernel refuses it: %s", strerror(-err));
	else if (!tracer->build.control->fault_return)
		reason_set(tracer_fail(tracer, HOOK_FAULT), 0, "a page fault of our own was not seen");
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
	reason_set(tracer_fail(tracer, HOOK_INFO), 0, "the kernel's descriptions of flushes are not found");
	reason_remedy(&tracer->hooks[HOOK_INFO].why, "needs an x86 kernel whose BTF has the per-CPU variables");
}

/*
 * A second program on a function makes the kernel replace the code that calls the first, and free that a little later: each
 * time a flush of its own range. That is our doing and nobody else's: where it matters who reaches some CPUs, it is waited
 * for, but not for ever.
 */
#define OWN_FLUSHES_MS 10000
#define OWN_FLUSHES    (TRACER_NR_KERNEL_FUNCTIONS + 1)

/* Those that we ourselves flush, for each program that is attached, are over by then: these are by threads of the kernel. */
static uint32_t count_own_flushes(const struct tracer_state *tracer)
{
	return __atomic_load_n(&tracer->build.control->nr_by_kthreads, __ATOMIC_RELAXED);
}

static void wait_for_own_flushes(const struct tracer_state *tracer)
{
	const int step_ms = 20;

	if (tracer->links[TRACER_PROGRAM_KERNEL_BEGIN] < 0 || !tracer->settings.is_filtered)
		return;
	for (int ms = 0; ms < OWN_FLUSHES_MS && count_own_flushes(tracer) < OWN_FLUSHES; ms += step_ms)
		poll(NULL, 0, step_ms);
	grace_period_wait(); /* the last of them was seen when it began */
}

static void begin_counting(struct tracer_state *tracer)
{
	const struct shootdown_control *control = tracer->build.control;
	struct shootdown_cpu *cpus = tracer->maps[TRACER_MAP_CPUS].memory;

	for (uint32_t cpu = 0; cpu < tracer->settings.nr_cpus; cpu++) {
		cpus[cpu].flush_function = control->functions[SHOOTDOWN_FUNCTION_FLUSH];
		cpus[cpu].registers_offset = control->registers_offset;
	}
	shootdown_tallies_set_counting(cpus, tracer->settings.nr_cpus, true);
}

int tracer_start(struct tracer_state *tracer, const struct tracer_request *request, const struct tracer_sizes *sizes,
		 const struct kernel_types *types, struct mmcpus_reason *why)
{
	struct shootdown_control *control = tracer->build.control;
	int err = tracer_share(tracer, sizes, request->watched);

	if (err)
		return reason_set(why, err, "sharing memory with the BPF program: %s", strerror(-err));
	find_variables(control, types);
	err = tracer_build_run(&tracer->build, TRACER_PROGRAM_START);
	if (err)
		return reason_set(why, err, "running the BPF program: %s", strerror(-err));
	check_layout(tracer);
	learn_fault(tracer);
	err = tracer_open_events(tracer);
	if (err)
		return reason_set(why, err, "sharing memory with the BPF program: %s", strerror(-err));
	__atomic_store_n(&control->nr_by_kthreads, 0, __ATOMIC_RELAXED); /* ours come from now on */
	tracer_attach_hits(tracer);
	begin_counting(tracer);
	tracer_attach_unmaps(tracer);
	tracer_attach_kernel(tracer);
	wait_for_own_flushes(tracer);
	return request->with_calls ? tracer_attach_calls(tracer, why) : 0;
}
