// SPDX-License-Identifier: LGPL-2.1-or-later
/* A source of shootdowns is opened and closed: a tracer that counts them, and the sums of what was taken from it. */
#include "shootdown_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpuset.h"
#include "reason.h"

/* As BPF sees it: /proc does not tell. */
static int read_mm_id(void *source, pid_t pid, uint64_t *ret)
{
	const struct mmcpus_snapshot *snap;
	int err = mmcpus_source_snapshot_pid(source, pid, 0, &snap, NULL);

	return err ? err : mmcpus_mm_id(mmcpus_snapshot_mm(snap, 0), ret);
}

/* Before the tracer, for to load a program makes the kernel flush. Without it, less is known of who made an exec. */
static void open_mms(struct mmcpus_shootdowns *src)
{
	if (src->stacks != SHOOTDOWN_STACKS_BOTH || mmcpus_source_open(src->sys, "bpf", &src->mms, NULL))
		return;
	src->user_stacks.read_mm_id = read_mm_id;
	src->user_stacks.arg = src->mms;
}

static enum shootdown_victims victims_of(enum mmcpus_shootdowns_by by)
{
	if (by == MMCPUS_BY_PAIR)
		return SHOOTDOWN_VICTIMS_PAIRS;
	return by == MMCPUS_BY_CPU ? SHOOTDOWN_VICTIMS_CPUS : SHOOTDOWN_VICTIMS_NONE;
}

static int open_tracer(struct mmcpus_shootdowns *src, struct mmcpus_reason *why)
{
	struct tracer_request request = {
		.victims = victims_of(src->by),
		.stacks = src->stacks,
		.with_events = src->with_events,
		.with_calls = src->with_calls,
		.watched = src->cpus,
	};
	int err;

	shootdowns_note_earlier_hits(src); /* what shows the senders depends on it */
	request.may_be_blind = shootdowns_may_be_blind(src);
	src->coarse_until_hit = request.may_be_blind && !src->with_events; /* these say when */
	request.coarse_until_hit = src->coarse_until_hit;
	err = src->ops->open(src->sys, &request, &src->state, why);

	if (err)
		src->state = NULL;
	return err;
}

static int allocate(struct mmcpus_shootdowns *src, const struct mmcpus_cpuset *cpus)
{
	uint32_t nr_cpus = src->sys->nr_cpus;

	if (cpus) {
		src->cpus = mmcpus_cpuset_create(nr_cpus);
		if (!src->cpus)
			return -ENOMEM;
		mmcpus_cpuset_copy(src->cpus, cpus);
	}
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++) {
		src->sets[i] = calloc(cpuset_nr_words(nr_cpus), sizeof(uint64_t));
		if (!src->sets[i])
			return -ENOMEM;
	}
	src->requested = mmcpus_cpuset_create(nr_cpus);
	if (!src->requested)
		return -ENOMEM;
	groups_init(&src->collected, src->by, nr_cpus);
	groups_init(&src->interval.groups, src->by, nr_cpus);
	return 0;
}

int shootdowns_open_with(const struct tracer_ops *ops, const struct mmcpus_system *sys, enum mmcpus_shootdowns_by by,
			 unsigned extras, const struct mmcpus_cpuset *cpus, struct mmcpus_shootdowns **ret,
			 struct mmcpus_reason *why)
{
	struct mmcpus_shootdowns *src;
	int err;

	if ((size_t)by >= MMCPUS_NR_BY)
		return reason_set(why, -EINVAL, "no such view of shootdowns");
	if (extras & ~(MMCPUS_WITH_EVENTS | MMCPUS_WITH_CALLS | MMCPUS_WITH_STACKS))
		return reason_set(why, -EINVAL, "no such extra of shootdowns");
	src = calloc(1, sizeof(*src));
	if (!src)
		return reason_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	src->sys = sys;
	src->ops = ops;
	src->by = by;
	src->with_events = extras & MMCPUS_WITH_EVENTS;
	src->with_calls = extras & MMCPUS_WITH_CALLS;
	src->stacks = extras & MMCPUS_WITH_STACKS ? SHOOTDOWN_STACKS_BOTH : shootdowns_stacks_of(by);
	err = allocate(src, cpus);
	if (err)
		reason_set(why, err, "%s", strerror(-err));
	else
		open_mms(src);
	if (!err)
		err = open_tracer(src, why);
	if (err) {
		mmcpus_shootdowns_close(src);
		return err;
	}
	src->ops->rows(src->state, &src->shared);
	err = mmcpus_shootdowns_restart(src);
	if (err) {
		mmcpus_shootdowns_close(src);
		return reason_set(why, err, "no memory for what was counted");
	}
	*ret = src;
	return 0;
}

/* What the kernel keeps for a captured machine is gone; other architectures have no such thing as these tracepoints. */
static int check_system(const struct mmcpus_system *sys, struct mmcpus_reason *why)
{
	const char *arch = mmcpus_system_text(sys, MMCPUS_SYSTEM_ARCH);

	if (!sys->root.is_live)
		return reason_set(why, -EOPNOTSUPP,
				  "shootdowns are watched while they happen: a captured machine has none");
	if (!arch || strcmp(arch, "x86_64") == 0)
		return 0;
	return reason_set(why, -EOPNOTSUPP, "the kernel shows its TLB shootdowns on x86 only, not on %s", arch);
}

int mmcpus_shootdowns_open_with(const struct mmcpus_system *sys, enum mmcpus_shootdowns_by by, unsigned extras,
				const struct mmcpus_cpuset *cpus, struct mmcpus_shootdowns **ret,
				struct mmcpus_reason *why)
{
	int err = check_system(sys, why);

	return err ? err : shootdowns_open_with(default_tracer, sys, by, extras, cpus, ret, why);
}

int mmcpus_shootdowns_open(const struct mmcpus_system *sys, enum mmcpus_shootdowns_by by,
			   const struct mmcpus_cpuset *cpus, struct mmcpus_shootdowns **ret, struct mmcpus_reason *why)
{
	return mmcpus_shootdowns_open_with(sys, by, 0, cpus, ret, why);
}

int mmcpus_shootdowns_hook(const struct mmcpus_shootdowns *src, size_t index, struct mmcpus_hook *ret)
{
	return src->ops->hook(src->state, index, ret);
}

int shootdowns_probe_hook_with(const struct tracer_ops *ops, const struct mmcpus_system *sys,
			       const struct mmcpus_reason *why_not_open, size_t index, struct mmcpus_hook *ret)
{
	int err = ops->probe_hook(sys, index, ret);

	if (err || ret->state == MMCPUS_HOOK_UNUSABLE)
		return err;
	ret->state = MMCPUS_HOOK_UNUSABLE;
	ret->why = *why_not_open;
	return 0;
}

int mmcpus_shootdowns_probe_hook(const struct mmcpus_system *sys, const struct mmcpus_reason *why_not_open,
				 size_t index, struct mmcpus_hook *ret)
{
	if (check_system(sys, NULL))
		return -ERANGE;
	return shootdowns_probe_hook_with(default_tracer, sys, why_not_open, index, ret);
}

void mmcpus_shootdowns_close(struct mmcpus_shootdowns *src)
{
	if (!src)
		return;
	if (src->state)
		src->ops->close(src->state);
	groups_deinit(&src->collected);
	groups_deinit(&src->interval.groups);
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++)
		free(src->sets[i]);
	mmcpus_cpuset_destroy(src->cpus);
	mmcpus_cpuset_destroy(src->requested);
	event_flows_deinit(&src->event_flows);
	user_stacks_deinit(&src->user_stacks);
	mmcpus_source_close(src->mms);
	free(src);
}
