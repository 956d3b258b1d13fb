// SPDX-License-Identifier: LGPL-2.1-or-later
/* The interval that a caller reads: the rows that were collected, and the difference of two totals. */
#include "shootdown_source.h"

#include <errno.h>

#include "reason.h"
#include "shootdown_cgroups.h"
#include "shootdown_stacks.h"

/* -------------------------------------------------------------------------------------------------------------- sums -- */

static void begin_sums(struct mmcpus_shootdowns *src)
{
	src->nr_sent = src->nr_hits = src->nr_other = 0;
	src->nr_kernel = src->nr_kernel_hits = 0;
	src->nr_calls = src->nr_call_hits = 0;
}

static void set_number(struct mmcpus_interval *interval, enum mmcpus_interval_number which, bool is_known,
		       uint64_t number)
{
	interval->is_known[which] = is_known;
	interval->numbers[which] = is_known ? number : 0;
}

/* The kernel counts in 32 bits for each CPU (irq_tlb_count): one that began anew makes the sum less by 2^32. */
static uint64_t growth_of_row(const struct interrupts_row *last, const struct interrupts_row *now)
{
	uint64_t growth = now->sum - last->sum;

	return now->sum < last->sum ? (uint32_t)growth : growth;
}

/*
 * A call whose queueing was not seen is counted when it begins, if it can be told from a flush whose sending was not seen. Where
 * the kernel does not tell the address of what flushes, the first flush does.
 */
static bool sees_unseen_calls(const struct mmcpus_shootdowns *src)
{
	return !src->with_calls || src->shared.control->functions[SHOOTDOWN_FUNCTION_FLUSH];
}

/* A CPU carries out one at a time, which is in the row as soon as it begins, and here when it has ended. */
static bool is_behind(const struct mmcpus_interval *interval, uint32_t nr_cpus)
{
	return interval->is_known[MMCPUS_INTERVAL_TLB_ROW] && interval->is_known[MMCPUS_INTERVAL_HITS] &&
	       interval->numbers[MMCPUS_INTERVAL_TLB_ROW] + nr_cpus < interval->numbers[MMCPUS_INTERVAL_HITS];
}

static void sum_up(struct mmcpus_shootdowns *src, const struct shootdown_totals *now, bool knows_hits)
{
	struct mmcpus_interval *interval = &src->interval;
	const struct shootdown_totals *last = &src->last;
	bool knows_cost = now->knows_cost && last->knows_cost;
	bool knows_kernel = src->ops->sees_kernel(src->state);

	set_number(interval, MMCPUS_INTERVAL_NS, true, now->time_ns - last->time_ns);
	set_number(interval, MMCPUS_INTERVAL_SENT, shootdowns_knows_sent(src, knows_hits), src->nr_sent);
	set_number(interval, MMCPUS_INTERVAL_HITS, knows_hits, src->nr_hits);
	set_number(interval, MMCPUS_INTERVAL_OTHER, true, src->nr_other + interval->groups.nr_beyond);
	set_number(interval, MMCPUS_INTERVAL_DROPPED, true, now->nr_dropped - last->nr_dropped);
	set_number(interval, MMCPUS_INTERVAL_LOST, knows_cost && sees_unseen_calls(src),
		   now->cost.nr_missed - last->cost.nr_missed);
	set_number(interval, MMCPUS_INTERVAL_KERNEL_SENT, knows_kernel, src->nr_kernel);
	set_number(interval, MMCPUS_INTERVAL_KERNEL_HITS, knows_kernel, src->nr_kernel_hits);
	set_number(interval, MMCPUS_INTERVAL_CALLS, src->with_calls, src->nr_calls);
	set_number(interval, MMCPUS_INTERVAL_CALL_HITS, src->with_calls, src->nr_call_hits);
	set_number(interval, MMCPUS_INTERVAL_TLB_ROW,
		   now->knows_tlb_row && last->knows_tlb_row && now->tlb_row.columns == last->tlb_row.columns,
		   growth_of_row(&last->tlb_row, &now->tlb_row));
	set_number(interval, MMCPUS_INTERVAL_COST_NS, knows_cost, now->cost.run_ns - last->cost.run_ns);
	interval->tlb_row_is_behind = last->is_still && now->is_still && is_behind(interval, src->sys->nr_cpus);
	begin_sums(src);
	src->last = *now;
}

/* ----------------------------------------------------------------------------------------------------------- reading -- */

/* Looks at the kernel's own counter and at ours, until nothing has happened in between. */
#define MAX_LOOKS 4

/*
 * Has each hit of the kernel's counter been counted here? One that is under way is counted there at once, and here at its end:
 * another look tells.
 */
static bool is_even(const struct mmcpus_shootdowns *src, const struct shootdown_totals *now)
{
	return growth_of_row(&src->last.tlb_row, &now->tlb_row) == src->nr_hits;
}

/* Nothing is counted any more, but a CPU may have been taken from its program just then. */
static int collect_the_last(struct mmcpus_shootdowns *src)
{
	int err = 0;

	for (int i = 0; i < MAX_LOOKS && !err; i++) {
		err = mmcpus_shootdowns_collect(src);
		if (src->is_complete)
			break;
	}
	return err;
}

static int collect_all(struct mmcpus_shootdowns *src, struct shootdown_totals *ret)
{
	struct shootdown_totals before;
	bool is_unchanged;
	bool was_still = false;
	int err;

	if (src->has_stopped) {
		*ret = src->at_stop;
		return collect_the_last(src);
	}
	shootdowns_read_totals(src, ret);
	for (int i = 0; i < MAX_LOOKS; i++) {
		before = *ret;
		err = mmcpus_shootdowns_collect(src);
		if (err)
			return err;
		shootdowns_read_totals(src, ret);
		is_unchanged = src->is_complete && ret->tlb_row.sum == before.tlb_row.sum;
		ret->is_still = is_unchanged && (was_still || is_even(src, ret));
		if (ret->is_still)
			break;
		was_still = is_unchanged;
	}
	return 0;
}

int shootdowns_begin_interval(struct mmcpus_shootdowns *src)
{
	int err;

	shootdowns_note_earlier_hits(src);
	src->had_hit_before = shootdowns_end_coarse(src);
	err = collect_all(src, &src->last);
	groups_clear(&src->collected);
	begin_sums(src);
	return err;
}

static struct group_knowledge find_knowledge(struct mmcpus_shootdowns *src)
{
	bool knows_hits = mmcpus_shootdowns_check_hits(src, NULL) == 0;

	return (struct group_knowledge){
		.hits = knows_hits,
		.waits = shootdowns_knows_waits(src, knows_hits),
		.reschedules = shootdowns_knows_reschedules(src),
	};
}

int mmcpus_shootdowns_read(struct mmcpus_shootdowns *src, const struct mmcpus_interval **ret, struct mmcpus_reason *why)
{
	struct mmcpus_interval *interval = &src->interval;
	const struct kernel_symbolizer symbolizer = { src->ops->symbol, src->state };
	struct shootdown_groups unused = interval->groups;
	bool had_hit = src->had_hit_before || shootdowns_end_coarse(src);
	struct group_knowledge knowledge;
	struct shootdown_totals now;
	int err = collect_all(src, &now);

	if (err)
		return reason_set(why, err, "no memory for what was counted");
	knowledge = find_knowledge(src);
	interval->lacks_waits = knowledge.hits && !knowledge.waits;
	src->had_hit_before = had_hit; /* what came while it was collected is in the next one, too */
	interval->groups = src->collected;
	src->collected = unused;
	groups_clear(&src->collected);
	if (shootdowns_stacks_of(src->by) != SHOOTDOWN_STACKS_NONE) {
		stacks_name(&interval->groups, &symbolizer);
		groups_unite(&interval->groups);
	}
	if (!knowledge.waits)
		groups_forget_waits(&interval->groups);
	groups_sort(&interval->groups, knowledge.hits || shootdowns_has_hits_alone(src));
	groups_describe(&interval->groups, &knowledge);
	if (src->with_calls)
		callbacks_name(&interval->groups, &symbolizer);
	if (src->by == MMCPUS_BY_FLOW)
		cgroups_name(&interval->groups, &src->sys->root);
	sum_up(src, &now, knowledge.hits);
	*ret = interval;
	return 0;
}

void mmcpus_shootdowns_release(struct mmcpus_shootdowns *src)
{
	groups_clear(&src->interval.groups);
}

int mmcpus_interval_number(const struct mmcpus_interval *interval, enum mmcpus_interval_number which, uint64_t *ret)
{
	if ((size_t)which >= MMCPUS_NR_INTERVAL_NUMBERS || !interval->is_known[which])
		return -ENODATA;
	*ret = interval->numbers[which];
	return 0;
}

bool mmcpus_interval_tlb_row_is_behind(const struct mmcpus_interval *interval)
{
	return interval->tlb_row_is_behind;
}

size_t mmcpus_interval_count(const struct mmcpus_interval *interval)
{
	return interval->groups.nr_groups;
}

const struct mmcpus_shootdown *mmcpus_interval_row(const struct mmcpus_interval *interval, size_t index)
{
	return index < interval->groups.nr_groups ? interval->groups.groups[index] : NULL;
}

int mmcpus_interval_join(const struct mmcpus_interval *interval, size_t from, struct mmcpus_shootdown **ret)
{
	if (from >= interval->groups.nr_groups)
		return -ERANGE;
	*ret = groups_join(&interval->groups, from);
	return *ret ? 0 : -ENOMEM;
}

void mmcpus_shootdown_destroy(struct mmcpus_shootdown *row)
{
	if (row)
		group_destroy(row);
}
