/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of a source of shootdowns share: the tracer, what was taken from it, and the interval that is handed out. */
#ifndef MMCPUS_LIB_SHOOTDOWN_SOURCE_H
#define MMCPUS_LIB_SHOOTDOWN_SOURCE_H

#include "event_flows.h"
#include "interrupts.h"
#include "shootdown_callbacks.h"
#include "shootdown_groups.h"
#include "shootdowns.h"
#include "stack_causes.h"
#include "user_stacks.h"

struct mmcpus_interval {
	struct shootdown_groups groups;
	uint64_t numbers[MMCPUS_NR_INTERVAL_NUMBERS];
	bool is_known[MMCPUS_NR_INTERVAL_NUMBERS];
	bool tlb_row_is_behind;
	bool lacks_waits; /* of its hits */
};

/* What grows as long as the machine runs: an interval is the difference of two. */
struct shootdown_totals {
	uint64_t time_ns;
	struct interrupts_row tlb_row;
	uint64_t nr_dropped;
	struct tracer_cost cost;
	bool knows_tlb_row;
	bool knows_cost;
	bool is_still; /* nothing happened between a look at the rows and this one at the row TLB */
};

struct mmcpus_shootdowns {
	const struct mmcpus_system *sys;
	const struct tracer_ops *ops;
	void *state;
	struct tracer_rows shared;
	struct mmcpus_cpuset *cpus; /* NULL: all */
	enum mmcpus_shootdowns_by by;
	enum shootdown_stacks stacks; /* that are taken: those of the view, or more */
	bool with_events;
	bool with_calls;
	bool was_hit;                      /* some CPU, since the machine was booted */
	bool coarse_until_hit;             /* as in the request to the tracer */
	bool had_hit_before;               /* this interval: the tracer has seen one */
	bool was_sent;                     /* any, since the open */
	uint8_t rounds[SHOOTDOWN_NR_ROWS]; /* of a row without a flush; from 1 on its key has no row, or another */
	uint64_t round_ns;                 /* when the last round began */
	uint64_t told_ns;                  /* all events of before that have been handed on */
	bool is_new_round;                 /* this look begins one */
	bool is_complete;                  /* it had all that the CPUs have counted */
	uint64_t *sets[SHOOTDOWN_NR_SETS]; /* what was taken out of the row under work */
	struct mmcpus_cpuset *requested;   /* of the event that is handed on */
	struct shootdown_totals last;
	struct shootdown_totals at_stop; /* once it has stopped */
	bool has_stopped;
	uint64_t nr_sent; /* since the last read */
	uint64_t nr_hits;
	uint64_t nr_other;
	uint64_t nr_kernel;
	uint64_t nr_kernel_hits;
	uint64_t nr_calls;
	uint64_t nr_call_hits;
	struct stack_causes causes;
	struct mmcpus_source *mms; /* to look at with stacks in user space, where it can be had */
	struct user_stacks user_stacks;
	struct event_flows event_flows;
	struct shootdown_groups collected;
	struct mmcpus_interval interval; /* the caller's */
};

/* Which stacks a view is of. */
static inline enum shootdown_stacks shootdowns_stacks_of(enum mmcpus_shootdowns_by by)
{
	if (by == MMCPUS_BY_USER_STACK)
		return SHOOTDOWN_STACKS_BOTH;
	return by == MMCPUS_BY_STACK ? SHOOTDOWN_STACKS_KERNEL : SHOOTDOWN_STACKS_NONE;
}

/* For a poll that only makes room. */
static inline void shootdowns_ignore_event(void *unused, const struct shootdown_event *event)
{
	(void)unused;
	(void)event;
}

/* shootdown_totals.c. cpus: NULL for all. */
bool shootdowns_read_tlb_row(const struct mmcpus_shootdowns *src, const struct mmcpus_cpuset *cpus,
			     struct interrupts_row *ret);
uint64_t shootdowns_nr_dropped(const struct mmcpus_shootdowns *src);
void shootdowns_read_totals(const struct mmcpus_shootdowns *src, struct shootdown_totals *ret);

/*
 * shootdown_collect.c. A copy of what is in a row, without what is shared, and with the cause that its stack tells. Its names
 * do not change as long as it is taken.
 */
void shootdowns_copy_row(struct mmcpus_shootdowns *src, uint32_t index, struct shootdown_row *ret);

/* Those of its stacks that are wanted, and were taken. Others are there to look for a cause only. */
struct row_stacks shootdowns_stacks_of_row(const struct mmcpus_shootdowns *src, uint32_t index,
					   const struct shootdown_row *row, enum shootdown_stacks wanted);

/*
 * shootdown_sight.c. May there be hits that a hypervisor carries out unseen? Not once one has been seen, by the row TLB or here:
 * what was before the open is to be noted first.
 */
bool shootdowns_may_be_blind(const struct mmcpus_shootdowns *src);
void shootdowns_note_earlier_hits(struct mmcpus_shootdowns *src);

/* The same file. What is 0 as far as it was counted: is it? */
bool shootdowns_knows_sent(const struct mmcpus_shootdowns *src, bool knows_hits);
bool shootdowns_saw_hit(const struct mmcpus_shootdowns *src);
bool shootdowns_end_coarse(struct mmcpus_shootdowns *src);
bool shootdowns_has_hits_alone(const struct mmcpus_shootdowns *src);
bool shootdowns_knows_waits(const struct mmcpus_shootdowns *src, bool knows_hits);
bool shootdowns_knows_reschedules(const struct mmcpus_shootdowns *src);

/* shootdown_interval.c. What was counted before is not compared with anything. */
int shootdowns_begin_interval(struct mmcpus_shootdowns *src);

#endif
