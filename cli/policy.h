/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an audit is to put up with: --allow, and a policy file such as
 *
 *	# who may be on the isolated CPUs
 *	allow comm="rt loop" cgroup=/rt.slice*
 *	allow unit=dpdk@*.service
 *	allow comm=java rule=stray
 *	hidden comm=agent
 *	ignore ksm
 *	isolated 2-5
 *
 * A word ends at a blank; "..." may hold some, with \" and \\ inside. What is behind a # in front of a word is comment.
 */
#ifndef MMCPUS_CLI_POLICY_H
#define MMCPUS_CLI_POLICY_H

#include <stdbool.h>
#include <stddef.h>

struct rule;

/* Where a policy file is looked for if none is named. */
#define POLICY_PATH "/etc/mmcpus/audit.conf"

/* No policy that anybody reads is longer. */
#define POLICY_BYTES_MAX 65536

struct policy_entry;

struct policy_list {
	struct policy_entry *entries;
	size_t nr_entries;
};

/* Zero-initialized it allows nothing. */
struct policy {
	char *file; /* NULL: none was read */
	struct policy_list allowed;
	struct policy_list hidden; /* who is expected to be kept from BPF */
	const struct rule **ignored;
	size_t nr_ignored;
	char *isolated; /* a list of CPUs; NULL: says nothing */
	unsigned isolated_line;
};

/* Add what a file says. -EINVAL and a message that names file, line and word. Either way it is to be deinit()ed. */
int policy_parse(struct policy *policy, const char *file, const char *text, char **why);

/* The same, of what is in the file. -EINVAL also if it can't be read. is_optional: it need not be there. */
int policy_read(struct policy *policy, const char *file, bool is_optional, char **why);
void policy_deinit(struct policy *policy);

/* --allow: a pattern for the name, the cgroup or a unit of a process. */
int policy_allow(struct policy *policy, const char *pattern, char **why);

bool policy_ignores(const struct policy *policy, const struct rule *rule);

/* Is it known of a process that BPF is not shown it? */
bool policy_expects_hidden(const struct policy *policy, const char *comm, const char *cgroup);

/* May a process do what the rule finds? name and cgroup: NULL if unknown, which no pattern matches. */
bool policy_allows(const struct policy *policy, const struct rule *rule, const char *comm, const char *cgroup);

#endif
