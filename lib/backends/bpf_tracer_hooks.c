// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the tracer hooks, what each hook tells, and how programs are attached to it. */
#include "bpf_tracer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "../reason.h"
#include "bpf.h"

static const struct mmcpus_hook all_hooks[NR_HOOKS] = {
	[HOOK_CROSS_CALL] = { .name = "fentry of smp_call_function_many_cond()",
			      .tells = "what is sent, by whom, and through which system call",
			      .when = "always, but for other calls" },
	[HOOK_SEND] = { .name = "fentry of native_flush_tlb_multi()",
			.tells = "the same, but not of the kernel's own range",
			.when = "where that is missing" },
	[HOOK_QUEUE] = { .name = "csd:csd_queue_cpu",
			 .tells = "what is sent, unless it interrupts nobody; other calls of functions on other CPUs",
			 .when = "where fentry is refused, but for flushes that a hypervisor may carry out; for other calls (--all-ipis)" },
	[HOOK_SENT] = { .name = "tlb:tlb_flush",
			.tells = "what is sent, but not of the kernel's own range, at a higher price",
			.when = "where these are missing, or do not show the sender" },
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
	[HOOK_SEND_CPU] = { .name = "ipi:ipi_send_cpu",
			    .tells = "who makes other CPUs reschedule",
			    .when = "for other calls (--all-ipis)" },
	[HOOK_RESCHEDULE] = { .name = "irq_vectors:reschedule_entry, irq_vectors:reschedule_exit",
			      .tells = "which CPUs are made to reschedule, how long that takes",
			      .when = "for other calls (--all-ipis)" },
	[HOOK_FAULT] = { .name = "exceptions:page_fault_user",
			 .tells = "whether a page fault is the cause",
			 .when = "always, once at the start" },
	[HOOK_UNMAP] = { .name = "fentry of try_to_unmap_one(), try_to_migrate_one()",
			 .tells = "the owner of a batch: of pages that reclaim or migration flushes at once",
			 .when = "always, but for other calls" },
};

void tracer_init_hooks(struct tracer_state *tracer)
{
	memcpy(tracer->hooks, all_hooks, sizeof(all_hooks));
	for (int i = 0; i < TRACER_NR_PROGRAMS; i++)
		tracer->links[i] = -1;
}

struct mmcpus_reason *tracer_fail(struct tracer_state *tracer, enum hook hook)
{
	tracer->hooks[hook].state = MMCPUS_HOOK_UNUSABLE;
	return &tracer->hooks[hook].why;
}

void tracer_fail_fentry(struct tracer_state *tracer, enum hook hook, int err)
{
	bpf_explain_fentry(err, tracer->sys, tracer_fail(tracer, hook));
}

void tracer_fail_hidden(struct tracer_state *tracer, enum hook hook)
{
	reason_set(tracer_fail(tracer, hook), 0, "the kernel does not tell where its functions are");
	reason_remedy(&tracer->hooks[hook].why, "needs CAP_SYSLOG, and kernel.kptr_restrict below 2");
}

int tracer_attach(struct tracer_state *tracer, enum tracer_program program, const char *tracepoint)
{
	int fd;

	if (tracer->links[program] >= 0)
		return 0;
	fd = bpf_raw_tracepoint_open(tracepoint, tracer->build.programs[program]);
	if (fd < 0)
		return fd;
	tracer->links[program] = fd;
	return 0;
}

void tracer_detach(struct tracer_state *tracer, enum tracer_program program)
{
	if (tracer->links[program] >= 0)
		close(tracer->links[program]);
	tracer->links[program] = -1;
}

struct point {
	enum tracer_program program;
	const char *tracepoint; /* NULL: what the program was loaded for */
};

/* Both, or none. */
static void attach_two(struct tracer_state *tracer, enum hook hook, const struct point *first,
		       const struct point *second)
{
	int err = tracer_attach(tracer, first->program, first->tracepoint);

	if (!err)
		err = tracer_attach(tracer, second->program, second->tracepoint);
	if (!err)
		return;
	tracer_detach(tracer, first->program);
	reason_set(tracer_fail(tracer, hook), 0, "the kernel refuses it: %s", strerror(-err));
}

/* Both ends of a hit: what ends it comes first, or the end of the first would be missing. */
static void attach_hits(struct tracer_state *tracer, enum hook hook, const char *begin, const char *end)
{
	attach_two(tracer, hook, &(struct point){ TRACER_PROGRAM_HIT_END, end },
		   &(struct point){ TRACER_PROGRAM_HIT_BEGIN, begin });
}

static void attach_reschedules(struct tracer_state *tracer)
{
	if (tracer->hooks[HOOK_RESCHEDULE].state == MMCPUS_HOOK_USED)
		attach_two(tracer, HOOK_RESCHEDULE, &(struct point){ TRACER_PROGRAM_RESCHEDULE_END, "reschedule_exit" },
			   &(struct point){ TRACER_PROGRAM_RESCHEDULE_BEGIN, "reschedule_entry" });
}

/* Not needed for anything else. */
void tracer_attach_unmaps(struct tracer_state *tracer)
{
	if (tracer->hooks[HOOK_UNMAP].state == MMCPUS_HOOK_USED)
		attach_two(tracer, HOOK_UNMAP, &(struct point){ TRACER_PROGRAM_UNMAP, NULL },
			   &(struct point){ TRACER_PROGRAM_MIGRATE, NULL });
}

int tracer_check_calls(const struct tracer_state *tracer, struct mmcpus_reason *why)
{
	static const enum hook needed[] = { HOOK_CSD, HOOK_QUEUE, HOOK_SEND_CPU };

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		const struct mmcpus_hook *hook = &tracer->hooks[needed[i]];

		if (hook->state == MMCPUS_HOOK_UNUSABLE)
			return reason_set(why, -EOPNOTSUPP, "other calls than flushes can't be counted: %s: %s",
					  hook->name, hook->why.what);
	}
	return 0;
}

/* Who asks for these wants them, and no less. */
int tracer_attach_calls(struct tracer_state *tracer, struct mmcpus_reason *why)
{
	int err = tracer_check_calls(tracer, why);

	if (err)
		return err;
	if (tracer->build.control->layout != SHOOTDOWN_LAYOUT_OK || !tracer->build.control->preempt_offset)
		return reason_set(
			why, -EOPNOTSUPP,
			"other calls than flushes can't be counted: the kernel's per-CPU variables are not found");
	err = tracer_attach(tracer, TRACER_PROGRAM_CALL, "csd_queue_cpu");
	if (!err)
		err = tracer_attach(tracer, TRACER_PROGRAM_RESCHEDULE, "ipi_send_cpu");
	if (err)
		return reason_set(why, err, "hooking the tracepoints %s, %s: %s", all_hooks[HOOK_QUEUE].name,
				  all_hooks[HOOK_SEND_CPU].name, strerror(-err));
	attach_reschedules(tracer);
	return 0;
}

/* Where each of them is seen to begin and to end by itself. */
static int attach_kernel_hits(struct tracer_state *tracer)
{
	const int behind = TRACER_PROGRAM_KERNEL_END + TRACER_NR_KERNEL_FUNCTIONS;
	int err = 0;

	for (int i = TRACER_PROGRAM_KERNEL_BEGIN; !err && i < behind; i++)
		err = tracer_attach(tracer, i, NULL);
	for (int i = TRACER_PROGRAM_KERNEL_BEGIN; err && i < behind; i++)
		tracer_detach(tracer, i);
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
	int err;

	if (tracer->links[TRACER_PROGRAM_CROSS_CALL] >= 0 || tracer->with_calls)
		return 0;
	if (!tracer->build.programs[TRACER_PROGRAM_CALL])
		return -EOPNOTSUPP;
	err = tracer_attach(tracer, TRACER_PROGRAM_CALL, "csd_queue_cpu");
	if (!err) {
		tracer->hooks[HOOK_QUEUE].state = MMCPUS_HOOK_USED;
		tracer->hooks[HOOK_QUEUE].why = (struct mmcpus_reason){ 0 };
	}
	return err;
}

/* After all that they need. */
void tracer_attach_kernel(struct tracer_state *tracer)
{
	bool has_csd = tracer->hooks[HOOK_CSD].state == MMCPUS_HOOK_USED;
	int err = 0;

	if (!knows_kernel_functions(tracer)) {
		tracer_fail_hidden(tracer, HOOK_KERNEL);
		return;
	}
	if (!has_csd)
		err = tracer->build.programs[TRACER_PROGRAM_KERNEL_BEGIN] ? attach_kernel_hits(tracer) : -EOPNOTSUPP;
	if (!err)
		err = attach_kernel_sender(tracer);
	if (err)
		reason_set(tracer_fail(tracer, HOOK_KERNEL), 0,
			   "where they are called and run is not seen without the csd tracepoints (6.5) or fentry");
}

void tracer_attach_hits(struct tracer_state *tracer)
{
	if (tracer->hooks[HOOK_CSD].state == MMCPUS_HOOK_USED)
		attach_hits(tracer, HOOK_CSD, "csd_function_entry", "csd_function_exit");
	else if (tracer->hooks[HOOK_FENTRY].state == MMCPUS_HOOK_USED)
		attach_hits(tracer, HOOK_FENTRY, NULL, NULL);
}
