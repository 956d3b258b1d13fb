// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_describe.h"

#include <stdio.h>

#include "shootdown_cause.h"

static const char *const kind_names[SHOOTDOWN_NR_KINDS] = {
	[SHOOTDOWN_KIND_RANGE] = "range", [SHOOTDOWN_KIND_WHOLE] = "whole", [SHOOTDOWN_KIND_TABLES] = "tables",
	[SHOOTDOWN_KIND_BATCH] = "batch", [SHOOTDOWN_KIND_CALL] = "call",   [SHOOTDOWN_KIND_KERNEL] = "kernel-range",
};

const char *shootdown_kind_name(uint32_t kind)
{
	return kind < SHOOTDOWN_NR_KINDS ? kind_names[kind] : NULL;
}

/* The names of those whose bits are set; there is room for all. */
static void join_names(uint32_t set, const char *const *names, size_t nr, char *buf, size_t size)
{
	size_t length = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < nr; i++)
		if (set & 1u << i)
			length += (size_t)snprintf(buf + length, size - length, "%s%s", length ? "," : "", names[i]);
}

/* All kinds that are in it; none if one of them is unknown. */
static void describe_kinds(struct mmcpus_shootdown *group)
{
	bool is_known = !(group->kinds & 1u << SHOOTDOWN_KIND_UNKNOWN);

	join_names(is_known ? group->kinds : 0, kind_names, SHOOTDOWN_NR_KINDS, group->kind, sizeof(group->kind));
}

static void end_at_none(uint64_t *buckets)
{
	for (size_t i = 0; i < SHOOTDOWN_NR_BUCKETS; i++)
		if ((int64_t)buckets[i] < 0)
			buckets[i] = 0;
}

#define SHOOTDOWN_FUNCTION_NAME(which, name) #name,
static const char *const function_names[] = { SHOOTDOWN_FUNCTIONS(SHOOTDOWN_FUNCTION_NAME) };

/* No hypervisor does that by itself, and it is not counted where its hits are not seen. */
static void describe_kernel(struct mmcpus_shootdown *group, struct text_pool *texts)
{
	char callback[96];

	group->knows_hits = group->knows_hit_cpus = group->knows_wait = true;
	join_names(group->functions, function_names, SHOOTDOWN_NR_FUNCTIONS, callback, sizeof(callback));
	group->callback = callback[0] ? text_pool_keep(texts, callback) : NULL;
}

static bool knows_hits_of(const struct mmcpus_shootdown *group, const struct group_knowledge *knowledge)
{
	if (!group->group.callback)
		return knowledge->hits;
	return !group->has_hidden_hits &&
	       (group->group.callback != SHOOTDOWN_CALLBACK_RESCHEDULE || knowledge->reschedules);
}

/* Nobody waits until a CPU reschedules; nor, often, for a call. */
static void describe_callback(struct mmcpus_shootdown *group, const struct group_knowledge *knowledge)
{
	bool is_of_call = group->group.callback != 0;
	bool is_reschedule = group->group.callback == SHOOTDOWN_CALLBACK_RESCHEDULE;

	group->knows_hits = knows_hits_of(group, knowledge);
	group->knows_hit_cpus = is_of_call || knowledge->hits;
	group->knows_wait = !is_of_call && knowledge->waits;
	if (is_reschedule)
		group->callback = "(reschedule)";
	else if (!is_of_call && !group->group.is_other)
		group->callback = "flush_tlb_func";
}

/* It is noted after the hit was counted. */
static bool is_cpu_missing(const struct mmcpus_shootdown *group)
{
	return group->sums.hits && mmcpus_cpuset_is_empty(group->sets[SHOOTDOWN_SET_HIT]);
}

static void describe_cause(struct mmcpus_shootdown *group, struct text_pool *texts)
{
	char cause[64];

	if (shootdown_cause_format(group->row.key.cause, group->row.sender.thread_comm, cause, sizeof(cause)) == 0)
		group->cause = text_pool_keep(texts, cause);
}

void group_describe(struct mmcpus_shootdown *group, const struct group_knowledge *knowledge, struct text_pool *texts)
{
	if (group->group.callback == SHOOTDOWN_CALLBACK_KERNEL)
		describe_kernel(group, texts);
	else
		describe_callback(group, knowledge);
	group->knows_hit_cpus &= !is_cpu_missing(group);
	describe_cause(group, texts);
	describe_kinds(group);
	end_at_none(group->sums.wait_log2);
}

void group_describe_joined(struct mmcpus_shootdown *group)
{
	describe_kinds(group);
}
