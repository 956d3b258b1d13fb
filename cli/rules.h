/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an audit looks for: one row a rule. --list-rules, the findings, JSON, policy files and the manual all read these
 * rows.
 */
#ifndef MMCPUS_CLI_RULES_H
#define MMCPUS_CLI_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmcpus/mmcpus.h>

struct memory_book;
struct stale_list;

/* What is looked at, and what is known about it. */
struct scene {
	const struct mmcpus_system *sys;
	const struct mmcpus_snapshot *snap;
	bool is_watched; /* a running machine, which is looked at for a while */
	/* What hit isolated CPUs meanwhile, shootdowns and other calls; NULL: not yet, or not at all. */
	const struct mmcpus_interval *shootdowns;
	/* Why these can't be counted; NULL: they can, or need not be. */
	const struct mmcpus_reason *why_no_shootdowns;
	const struct mmcpus_reason *why_no_calls;
	const struct mmcpus_cpuset *isolated; /* as the user, the policy or the machine says; NULL: unknown */
	struct memory_book *memory;           /* where it is, for who asks */
	const struct stale_list *earlier;     /* of the look before this one */
};

/* What a rule found: allocated, freed by evidence_deinit(). */
struct evidence {
	struct mmcpus_cpuset *cpus;  /* at fault; NULL: it is not a matter of CPUs, or … */
	bool are_cpus_unknown;       /* … it is one of isolated CPUs, and it is not known of which */
	struct mmcpus_cpuset *nodes; /* at fault; NULL: it is not a matter of nodes */
	char *detail;                /* what else is to be said; NULL: nothing */
};

void evidence_deinit(struct evidence *evidence);

enum severity {
	SEVERITY_ERROR,   /* isolation is broken: a CPU that should be left alone can be interrupted */
	SEVERITY_WARNING, /* it costs, or may disturb */
	SEVERITY_INFO,    /* it costs nothing, and is no reason to fail */
};

enum rule_scope {
	RULE_OF_MM,      /* asks about each address space */
	RULE_OF_SYSTEM,  /* asks about the machine */
	RULE_OF_FINDING, /* asks about what other rules have found, and checks nothing of its own */
};

/* What must be known for a rule to be checked; the engine sees to it. And what it is about, which is no need. */
enum rule_need {
	NEED_ISOLATED = 1 << 0,    /* which CPUs are isolated; with none, there is nothing to check */
	NEED_ACTIVE = 1 << 1,      /* the exact mask */
	NEED_NODES = 1 << 2,       /* the NUMA nodes; with one only, there is nothing to check */
	NEED_WATCH = 1 << 3,       /* what happens in a while; without, there is nothing to check */
	ABOUT_INTERRUPTS = 1 << 4, /* that an address space may cost others, by its flushes, and about nothing else */
};

struct rule {
	const char *id; /* stable */
	enum severity severity;
	enum rule_scope scope;
	uint32_t needs;
	uint32_t fields; /* that the library has to read for it */
	/* Is there anything to check? 1, 0, or -ENODATA and why there is no telling. NULL: 1. */
	int (*prepare)(const struct scene *scene, char **why);
	/*
	 * 1 and the evidence, 0, or -ENODATA: it cannot be told of this address space, and if there is more to say, detail is why.
	 * mm is NULL for RULE_OF_SYSTEM. Itself it is NULL for RULE_OF_FINDING.
	 */
	int (*check)(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);
	const char *meaning; /* one sentence each */
	const char *remedy;
};

extern const struct rule rules[];
extern const size_t nr_rules;

/* NULL if there is none of exactly this name. */
const struct rule *rule_find(const char *id);

/* Is it about who is on an isolated CPU? That is what "allow" in a policy means unless it names a rule. */
bool rule_is_of_isolation(const struct rule *rule);

/* The rule about findings that cost nothing. */
const struct rule *rule_moot(void);

const char *severity_name(enum severity severity);

#endif
