// SPDX-License-Identifier: LGPL-2.1-or-later
/* What can be seen on this machine: a hypervisor that flushes by itself shows no hit, however many there are. */
#include "shootdown_source.h"

#include <errno.h>
#include <string.h>

#include "grace_period.h"
#include "reason.h"

static const char *hypervisor_of(const struct mmcpus_shootdowns *src)
{
	return mmcpus_system_text(src->sys, MMCPUS_SYSTEM_HYPERVISOR);
}

bool shootdowns_saw_hit(const struct mmcpus_shootdowns *src)
{
	const struct shootdown_control *control = src->shared.control;

	return control && __atomic_load_n(&control->was_hit, __ATOMIC_RELAXED);
}

bool shootdowns_may_be_blind(const struct mmcpus_shootdowns *src)
{
	const char *hypervisor = hypervisor_of(src);

	return !(hypervisor && strcmp(hypervisor, "none") == 0) && !src->was_hit && !shootdowns_saw_hit(src);
}

void shootdowns_note_earlier_hits(struct mmcpus_shootdowns *src)
{
	struct interrupts_row all;

	src->was_hit = src->was_hit || (shootdowns_read_tlb_row(src, NULL, &all) && all.sum > 0);
}

static int check_hits(const struct mmcpus_shootdowns *src, struct mmcpus_reason *why)
{
	const char *hypervisor = hypervisor_of(src);
	int err = src->ops->sees_hits(src->state, why);

	if (err || !shootdowns_may_be_blind(src))
		return err;
	return reason_set(
		why, -EAGAIN,
		"no shootdown of an address space was seen to hit a CPU since the machine was booted, and the hypervisor (%s) may flush without the kernel's help",
		hypervisor ? hypervisor : "unknown");
}

int mmcpus_shootdowns_check_hits(struct mmcpus_shootdowns *src, struct mmcpus_reason *why)
{
	return check_hits(src, why);
}

/* Where the hypervisor is called instead (pv_ops.mmu.flush_tlb_multi), the kernel's own function is not: none is seen. */
bool shootdowns_knows_sent(const struct mmcpus_shootdowns *src, bool knows_hits)
{
	if (src->cpus) /* of those alone that hit them */
		return knows_hits;
	return src->was_sent || !shootdowns_may_be_blind(src);
}

/*
 * Time each flush from now on, if hits have been: those that were sent before are waited for, so that none is left of which
 * that is not known. Have they?
 */
bool shootdowns_end_coarse(struct mmcpus_shootdowns *src)
{
	if (!src->coarse_until_hit)
		return shootdowns_saw_hit(src);
	if (src->was_hit)
		__atomic_store_n(&src->shared.control->was_hit, 1, __ATOMIC_RELAXED);
	if (!shootdowns_saw_hit(src))
		return false;
	grace_period_wait(); /* senders wait with preemption off */
	return true;
}

/*
 * When the flush of the first hit was sent is known to the tick only, and so is that of others under way then: in that interval,
 * nothing is known of how long senders wait.
 */
bool shootdowns_knows_waits(const struct mmcpus_shootdowns *src, bool knows_hits)
{
	bool is_first = shootdowns_saw_hit(src) && !src->had_hit_before;

	return knows_hits && !(src->coarse_until_hit && is_first);
}

/* Where the hypervisor is called to make a CPU reschedule (Xen), the hook is there, and none is seen. */
bool shootdowns_knows_reschedules(const struct mmcpus_shootdowns *src)
{
	return __atomic_load_n(&src->shared.control->was_rescheduled, __ATOMIC_RELAXED);
}

/* Does it have no row of what hits nobody, as far as that is seen? */
bool shootdowns_has_hits_alone(const struct mmcpus_shootdowns *src)
{
	return src->by == MMCPUS_BY_PAIR || src->by == MMCPUS_BY_CPU || src->cpus;
}

/* What is missing for want of hits comes before what the tracer lacks. */
int mmcpus_shootdowns_missing(const struct mmcpus_shootdowns *src, size_t index, struct mmcpus_missing *ret)
{
	struct mmcpus_missing missing = { "most rows of this view (who is hit)", { { 0 }, { 0 } } };

	if (shootdowns_has_hits_alone(src) && check_hits(src, &missing.why) && index-- == 0) {
		*ret = missing;
		return 0;
	}
	if (src->interval.lacks_waits && index-- == 0) {
		*ret = (struct mmcpus_missing){ .what = "how long senders waited" };
		reason_set(
			&ret->why, 0,
			"the first hit since the machine was booted is in this interval: before, flushes are not timed");
		return 0;
	}
	return src->ops->missing(src->state, index, ret);
}
