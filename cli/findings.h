/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an audit found, over one look or many. */
#ifndef MMCPUS_CLI_FINDINGS_H
#define MMCPUS_CLI_FINDINGS_H

#include "rules.h"

/* A rule that an address space or the machine breaks, as it was when it was worst. Copies: it outlives the snapshot. */
struct finding {
	const struct rule *rule;
	enum severity severity; /* the rule's, unless the finding is moot */
	struct evidence evidence;
	enum mmcpus_quality quality;

	/* Of the address space; of the machine there are no PIDs, and nothing else is known. */
	int32_t *pids; /* who names it first, then the sharers */
	size_t nr_pids;
	char *comm;
	char *cgroup;
	bool has_id;
	uint64_t id;
	bool has_start;
	uint64_t start_ns; /* since boot */
	struct mmcpus_cpuset *active;
	struct mmcpus_cpuset *allowed;
	struct mmcpus_cpuset *running;
	enum mmcpus_flush_mode flush;

	/* When it was seen: seconds since the epoch, and in how many looks. */
	int64_t first_s;
	int64_t last_s;
	uint64_t nr_looks;
};

/* Zero-initialized it is empty. */
struct finding_list {
	struct finding *findings;
	size_t nr_findings;
};

void finding_deinit(struct finding *finding);

/*
 * Does it speak of interrupts where flushes of this address space interrupt nobody? Then it costs nothing. 1, 0, or
 * -ENODATA: it is not known how flushes go.
 */
int finding_is_moot(const struct finding *finding);

/* Give it its severity. can_be_moot: what costs nothing is no reason to fail. */
void finding_weigh(struct finding *finding, bool can_be_moot);

/* Is it a reason to fail? */
bool finding_counts(const struct finding *finding);

/* Add a finding, or unite it with the same of an earlier look. It is taken over. */
void finding_list_add(struct finding_list *list, struct finding *finding);
void finding_list_deinit(struct finding_list *list);

/* Errors first, by rule, by PID. */
void finding_list_sort(struct finding_list *list);

#endif
