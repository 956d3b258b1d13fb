/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Look at a machine with all rules, once or again and again, and keep what was found and what could not be told. */
#ifndef MMCPUS_CLI_AUDIT_H
#define MMCPUS_CLI_AUDIT_H

#include "findings.h"
#include "memory_book.h"
#include "stale_list.h"

struct policy;

enum rule_state {
	RULE_CHECKED,
	RULE_MOOT,      /* there is nothing to check */
	RULE_UNCHECKED, /* not, or not in full: it may have found something, but it can't be said that it found all */
	RULE_IGNORED,   /* the policy says so */
};

struct rule_result {
	const struct rule *rule;
	enum rule_state state;
	char *why;         /* moot or unchecked */
	size_t nr_allowed; /* address spaces that break it, but the policy allows it: in the look with the most */
};

struct audit {
	struct scene scene;
	struct memory_book memory; /* of one look */
	double remote_share;       /* of the memory: a node that has less counts as one without it */
	struct stale_list earlier;
	uint32_t can_tell; /* fields that the source can tell of the whole machine */
	struct mmcpus_source *src;
	const struct policy *policy;
	struct mmcpus_hidden
		*hidden; /* processes that the source is not shown: in the look with the most; NULL before */
	struct rule_result *results; /* one for each rule, in their order */
	struct finding_list findings;
	uint64_t nr_looks;
};

/* isolated: NULL if it is unknown. remote_share is the usual one, and may be set before the first look. All that is given must outlive the audit. */
void audit_init(struct audit *audit, const struct mmcpus_system *sys, struct mmcpus_source *src,
		const struct mmcpus_cpuset *isolated, const struct policy *policy);
void audit_deinit(struct audit *audit);

/*
 * It is looked at for a while. The reasons, which must outlive the audit, say why shootdowns or other calls are not counted
 * meanwhile; NULL: they are, or need not be.
 */
void audit_watch(struct audit *audit, const struct mmcpus_reason *why_no_shootdowns,
		 const struct mmcpus_reason *why_no_calls);
/* What was counted; the reason is not NULL if it is not known whether these are all shootdowns. */
void audit_take_shootdowns(struct audit *audit, const struct mmcpus_interval *interval,
			   const struct mmcpus_reason *why_no_shootdowns);

/* Take a snapshot and check every rule. -errno and why if there is none. */
int audit_look(struct audit *audit, struct mmcpus_reason *why);

/* Is what costs nothing no reason to fail? Unless the policy ignores that. */
bool audit_has_moot(const struct audit *audit);

/* Has the policy room for a process that is not shown, whatever the rule? */
bool audit_expects_hidden(const struct audit *audit, size_t index);

size_t audit_count(const struct audit *audit, enum rule_state state);

#endif
