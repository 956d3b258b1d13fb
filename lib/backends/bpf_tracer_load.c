// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which build is loaded into the kernel, and what is attached to see the senders. */
#include "bpf_tracer.h"

#include <errno.h>
#include <string.h>

#include "../reason.h"
#include "bpf.h"

/* Both tracepoints exist, or neither. */
static bool has_csd_tracepoints(const struct kernel_types *types)
{
	return kernel_types_have_name(types, "btf_trace_csd_function_entry");
}

/* How senders are seen. */
enum sender {
	SENDER_BY_FENTRY,
	SENDER_BY_QUEUE, /* and so not those that interrupt nobody */
	SENDER_BY_FLUSH, /* at a higher price */
};

/* With the hook that tells most. */
static int attach_fentry(struct tracer_state *tracer)
{
	int err;

	if (tracer->build.programs[TRACER_PROGRAM_CROSS_CALL] &&
	    tracer->build.control->functions[SHOOTDOWN_FUNCTION_FLUSH]) {
		err = tracer_attach(tracer, TRACER_PROGRAM_CROSS_CALL, NULL);
		if (!err)
			return 0;
		tracer_fail_fentry(tracer, HOOK_CROSS_CALL, err);
	}
	return tracer_attach(tracer, TRACER_PROGRAM_SENT, NULL);
}

static int attach_sender(struct tracer_state *tracer, enum sender sender)
{
	if (sender == SENDER_BY_FENTRY)
		return attach_fentry(tracer);
	if (sender == SENDER_BY_FLUSH)
		return tracer_attach(tracer, TRACER_PROGRAM_SENT, "tlb_flush");
	if (!tracer->build.control->functions[SHOOTDOWN_FUNCTION_FLUSH])
		return -ENOENT;
	return tracer_attach(tracer, TRACER_PROGRAM_CALL, "csd_queue_cpu");
}

/* The kernel may refuse to load a program, or only to attach it. Nothing is counted until it is seen on both sides. */
static int load_build(struct tracer_state *tracer,
		      int (*load_it)(struct tracer_build *ret, const struct tracer_sizes *sizes),
		      const struct tracer_sizes *sizes, enum sender sender)
{
	int err = load_it(&tracer->build, sizes);

	if (!err)
		err = tracer_build_run(&tracer->build, TRACER_PROGRAM_FIND);
	if (!err)
		err = attach_sender(tracer, sender);
	if (err)
		tracer_build_unload(&tracer->build);
	return err;
}

/* What is queued says little where it is not seen to arrive: nor would batches be told apart. */
static void note_queueing(struct tracer_state *tracer, enum hook hook, const char *type, const char *since,
			  const struct kernel_types *types)
{
	if (!kernel_types_have_name(types, type))
		reason_set(tracer_fail(tracer, hook), 0, "the kernel has no such tracepoint, which came with %s",
			   since);
	else if (!has_csd_tracepoints(types))
		reason_set(tracer_fail(tracer, hook), 0, "useless without csd:csd_function_entry (6.5)");
}

void tracer_note_tracepoints(struct tracer_state *tracer, const struct kernel_types *types)
{
	bool has_csd = has_csd_tracepoints(types);

	if (!has_csd)
		reason_set(tracer_fail(tracer, HOOK_CSD), 0, "the kernel has no such tracepoints, which came with 6.5");
	note_queueing(tracer, HOOK_QUEUE, "btf_trace_csd_queue_cpu", "6.5", types);
	note_queueing(tracer, HOOK_SEND_CPU, "btf_trace_ipi_send_cpu", "6.4", types);
	if (tracer->hooks[HOOK_SEND_CPU].state == MMCPUS_HOOK_UNUSABLE)
		reason_set(tracer_fail(tracer, HOOK_RESCHEDULE), 0, "useless without the hook above");
	else if (!kernel_types_have_name(types, "btf_trace_reschedule_entry") ||
		 !kernel_types_have_name(types, "btf_trace_reschedule_exit"))
		reason_set(tracer_fail(tracer, HOOK_RESCHEDULE), 0, "the kernel has no such tracepoints");
}

static void note_missing_function(struct tracer_state *tracer, enum hook hook, const char *function,
				  const struct kernel_types *types)
{
	if (!kernel_types_have_name(types, function))
		reason_set(tracer_fail(tracer, hook), 0, "the kernel's BTF has no %s()", function);
}

void tracer_note_missing(struct tracer_state *tracer, const struct kernel_types *types)
{
	tracer_note_tracepoints(tracer, types);
	note_missing_function(tracer, HOOK_CROSS_CALL, "smp_call_function_many_cond", types);
	note_missing_function(tracer, HOOK_SEND, "native_flush_tlb_multi", types);
	note_missing_function(tracer, HOOK_FENTRY, "flush_tlb_func", types);
	note_missing_function(tracer, HOOK_UNMAP, "try_to_unmap_one", types);
	note_missing_function(tracer, HOOK_UNMAP, "try_to_migrate_one", types);
}

static void note_spare(struct tracer_state *tracer, enum hook hook)
{
	if (tracer->hooks[hook].state == MMCPUS_HOOK_USED)
		tracer->hooks[hook].state = MMCPUS_HOOK_SPARE;
}

static void note_sender(struct tracer_state *tracer)
{
	note_spare(tracer, HOOK_QUEUE);
	note_spare(tracer, HOOK_SENT);
	if (tracer->links[TRACER_PROGRAM_CROSS_CALL] >= 0)
		tracer->hooks[HOOK_SEND].state = MMCPUS_HOOK_SPARE;
	else if (tracer->hooks[HOOK_CROSS_CALL].state == MMCPUS_HOOK_USED)
		tracer_fail_hidden(tracer, HOOK_CROSS_CALL);
}

/* What programs by fentry are for, where the CPUs that are hit are seen by tracepoints, and where they are not. */
static const char *const functions_with_csd[] = { "native_flush_tlb_multi", "smp_call_function_many_cond",
						  "try_to_unmap_one", "try_to_migrate_one", NULL };
static const char *const functions_without_csd[] = { "native_flush_tlb_multi", "flush_tlb_func", "try_to_unmap_one",
						     "try_to_migrate_one", NULL };

/* The kernel may have one under another name, or have left it out of its BTF. NULL: it has all of them. */
static const char *find_missing(const char *const *functions, const struct kernel_types *types)
{
	while (*functions && kernel_types_have_name(types, *functions))
		functions++;
	return *functions;
}

/* The kernel loads all programs of a build, or none. */
static void fail_all_fentry(struct tracer_state *tracer, bool has_csd, int err, const struct kernel_types *types)
{
	static const enum hook hooks[] = { HOOK_CROSS_CALL, HOOK_SEND, HOOK_UNMAP, HOOK_FENTRY };
	const char *missing = NULL;

	if (err == -ENOENT)
		missing = find_missing(has_csd ? functions_with_csd : functions_without_csd, types);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (hooks[i] == HOOK_FENTRY && has_csd)
			continue;
		if (missing)
			reason_set(tracer_fail(tracer, hooks[i]), 0,
				   "not loaded, for the kernel's BTF has no %s(), and they are loaded together",
				   missing);
		else
			tracer_fail_fentry(tracer, hooks[i], err);
	}
}

static int load_with_fentry(struct tracer_state *tracer, const struct tracer_sizes *sizes, bool has_csd)
{
	int err;

	if (!bpf_runs_fentry(tracer->sys))
		return -EOPNOTSUPP;
	err = load_build(tracer, has_csd ? tracer_build_load_csd : tracer_build_load_kernel, sizes, SENDER_BY_FENTRY);
	if (err && !has_csd) {
		tracer_fail_fentry(tracer, HOOK_CROSS_CALL, err);
		err = load_build(tracer, tracer_build_load_fentry, sizes, SENDER_BY_FENTRY);
	}
	return err;
}

/* It is used all the same for other calls, and where flushes of the kernel's own range are seen. */
static void note_no_queue(struct tracer_state *tracer, int err)
{
	if (tracer->with_calls)
		return;
	if (err == -ENOENT)
		tracer_fail_hidden(tracer, HOOK_QUEUE);
	else
		reason_set(tracer_fail(tracer, HOOK_QUEUE), 0, "the kernel refuses it: %s", strerror(-err));
}

/*
 * Whether the kernel tells which function flushes is seen once a build is loaded: if it does not, it is loaded once more. Where
 * a hypervisor may flush, nothing may be queued; tlb:tlb_flush fires all the same.
 */
static int load_with_tracepoints(struct tracer_state *tracer,
				 int (*load_it)(struct tracer_build *ret, const struct tracer_sizes *sizes),
				 const struct tracer_sizes *sizes)
{
	struct tracer_sizes with_queue = *sizes;
	int err;

	if (tracer->hooks[HOOK_QUEUE].state == MMCPUS_HOOK_UNUSABLE || tracer->may_be_blind)
		return load_build(tracer, load_it, sizes, SENDER_BY_FLUSH);
	with_queue.with_queue = true;
	err = load_build(tracer, load_it, &with_queue, SENDER_BY_QUEUE);
	if (err) {
		note_no_queue(tracer, err);
		return load_build(tracer, load_it, sizes, SENDER_BY_FLUSH);
	}
	tracer->with_queue = true;
	note_spare(tracer, HOOK_SENT);
	return 0;
}

static void fail_for_calls(struct tracer_state *tracer, enum hook hook)
{
	reason_set(tracer_fail(tracer, hook), 0, "not used while other calls are counted");
}

/*
 * With fentry of what sends; on the side of those that are hit with the tracepoints, or else with fentry. If that is
 * refused, with tracepoints alone, which may be there on one side only: the programs for the others stay unattached,
 * and what is sent is seen all the same. Other calls take a build of their own, and what they can't be counted without.
 */
static int load_best(struct tracer_state *tracer, const struct tracer_sizes *sizes, const struct kernel_types *types)
{
	bool has_csd = has_csd_tracepoints(types);
	int err;

	if (has_csd)
		tracer->hooks[HOOK_FENTRY].state = MMCPUS_HOOK_SPARE;
	if (tracer->with_calls && has_csd) {
		fail_for_calls(tracer, HOOK_CROSS_CALL);
		fail_for_calls(tracer, HOOK_SEND);
		fail_for_calls(tracer, HOOK_UNMAP);
		return load_with_tracepoints(tracer, tracer_build_load_calls, sizes);
	}
	err = load_with_fentry(tracer, sizes, has_csd);
	if (!err) {
		note_sender(tracer);
		return 0;
	}
	fail_all_fentry(tracer, has_csd, err, types);
	return load_with_tracepoints(tracer, tracer_build_load_tracepoint, sizes);
}

int tracer_load(struct tracer_state *tracer, const struct tracer_sizes *sizes, const struct kernel_types *types)
{
	int err = load_best(tracer, sizes, types);

	if (!tracer->with_calls) {
		if (!tracer->with_queue)
			note_spare(tracer, HOOK_QUEUE);
		note_spare(tracer, HOOK_SEND_CPU);
		note_spare(tracer, HOOK_RESCHEDULE);
	}
	return err;
}
