/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The groups of an interval: a bounded table, by their keys. */
#ifndef MMCPUS_LIB_SHOOTDOWN_GROUPS_H
#define MMCPUS_LIB_SHOOTDOWN_GROUPS_H

#include "shootdown_describe.h"

/* Beyond so many, what is new is counted in the group of all others. Each takes some 1,000 bytes. */
#define GROUPS_MAX 8192

struct shootdown_groups {
	enum mmcpus_shootdowns_by by;
	uint32_t nr_cpus;
	struct mmcpus_shootdown **groups;
	size_t nr_groups;
	size_t capacity;
	uint32_t *slots; /* hash of the keys: index of the group, plus 1 */
	size_t nr_slots; /* a power of two */
	struct text_pool texts;
	struct kernel_frames *kernel_frames; /* places in the kernel, which rows share. NULL: none */
	struct user_frames *user_frames;     /* the same for those in user space */
	uint64_t nr_beyond;                  /* flushes of address spaces that found no group any more */
};

void groups_init(struct shootdown_groups *groups, enum mmcpus_shootdowns_by by, uint32_t nr_cpus);
void groups_deinit(struct shootdown_groups *groups);

/* Forget all of them. */
void groups_clear(struct shootdown_groups *groups);

/* A row's stacks of the kernel and of user space. NULL: none, or it is not to be kept. */
struct row_stacks {
	const struct shootdown_stack *kernel;
	const struct shootdown_stack *user;
};

/*
 * Add a row, whose counts are no longer shared with anybody, and its sets, each as wide as the machine. -ENOMEM: it was
 * not added.
 */
int groups_add(struct shootdown_groups *groups, const struct shootdown_row *row, const uint64_t *const *sets,
	       const struct row_stacks *stacks);

/*
 * Make one of those that look the same, for their stacks differ only in what is not shown of them. Once these have been
 * named, and before the groups are sorted; none is added after that.
 */
void groups_unite(struct shootdown_groups *groups);

/* What is known of how long senders of flushes waited is not all of it, and not to be shown, summed up or sorted by. */
void groups_forget_waits(struct shootdown_groups *groups);

/*
 * Put those that cost most time first, or those with the most shootdowns, if the time is unknown of any; the one of all others
 * last.
 */
void groups_sort(struct shootdown_groups *groups, bool knows_cost);

/* One that sums up all from that index on, for the caller to destroy. NULL: no memory. */
struct mmcpus_shootdown *groups_join(const struct shootdown_groups *groups, size_t from);

/* Write what people read. */
void groups_describe(struct shootdown_groups *groups, const struct group_knowledge *knowledge);

#endif
