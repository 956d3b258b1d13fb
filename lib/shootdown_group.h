/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row as callers see it: the sum of those of the tracer's rows that are in one group. */
#ifndef MMCPUS_LIB_SHOOTDOWN_GROUP_H
#define MMCPUS_LIB_SHOOTDOWN_GROUP_H

#include "kernel_frames.h"
#include "shootdown_key.h"
#include "text_pool.h"
#include "user_frames.h"

/* What is kept of a row of the tracer: who and what it is about, as there. */
struct group_row {
	struct shootdown_key key;
	struct shootdown_task sender;
	struct shootdown_task victim;
	uint64_t cgroup;
	int32_t owner_pid;
	char owner_comm[16];
	uint32_t flags; /* enum shootdown_row_flag */
};

/* Histograms are in 64 bits, in which no sum is too large. */
struct group_sums {
	uint64_t sent;
	uint64_t pages;
	uint64_t hits;
	uint64_t stolen_ns;
	uint64_t stolen_max_ns;
	uint64_t wait_ns;
	uint64_t wait_max_ns;
	uint64_t stolen_log2[SHOOTDOWN_NR_BUCKETS];
	uint64_t wait_log2[SHOOTDOWN_NR_BUCKETS];
};

/* There are thousands: what is added here is added so many times. Texts are kept by the table, or are constant. */
struct mmcpus_shootdown {
	enum mmcpus_shootdowns_by by;
	struct group_key group;
	struct group_row row; /* the first of its rows */
	struct group_sums sums;
	struct mmcpus_cpuset *sets[SHOOTDOWN_NR_SETS]; /* behind it, in the same memory */
	uint32_t kinds;                                /* 1 << enum shootdown_kind */
	uint32_t functions;                            /* 1 << enum shootdown_function, of the kernel's own range */
	bool counts_nothing;                           /* it is of an event */
	bool knows_senders;                            /* all CPUs that they were sent from */
	bool knows_requested;
	bool has_hidden_hits;
	bool knows_hits; /* set when it is read, as those below */
	bool knows_hit_cpus;
	bool knows_wait;
	char kind[48];        /* empty: unknown */
	const char *cause;    /* NULL: unknown, as those below */
	const char *callback; /* what is called */
	const char *cgroup;
	uint16_t *frames; /* where in the table's frames, and so in these names: */
	const char *const *frame_names;
	uint64_t *user_addresses; /* until it is known what they are; NULL: none, or not any more */
	uint16_t *user_frames;    /* where in these: */
	const struct user_frame *user_frames_kept;
	uint16_t nr_frames;
	uint16_t nr_user_addresses;
	uint16_t nr_user_frames;
	uint32_t nr_joined; /* rows that this one sums up; 0: it is one of them */
};

/* An empty one, for rows like this one. NULL: no memory. */
struct mmcpus_shootdown *group_create(enum mmcpus_shootdowns_by by, uint32_t nr_cpus, const struct group_key *key,
				      const struct shootdown_row *row);
void group_destroy(struct mmcpus_shootdown *group);

/* The same for what is of many: it has no name, and only the kind of what is called is in its key. */
struct mmcpus_shootdown *group_create_other(enum mmcpus_shootdowns_by by, uint32_t nr_cpus,
					    const struct group_key *key);

/* Add a row and its sets, each as wide as the machine. */
void group_add(struct mmcpus_shootdown *group, const struct shootdown_row *row, const uint64_t *const *sets);

/* Only what kind of flushes it is about, and what is unknown of it, without what was counted. */
void group_note_row(struct mmcpus_shootdown *group, const struct shootdown_row *row);

/* Give it the stacks of its row. What finds no memory, or no room in the frames, is not kept. */
void group_keep_stack(struct mmcpus_shootdown *group, const struct shootdown_stack *stack,
		      struct kernel_frames *frames);
void group_keep_user_stack(struct mmcpus_shootdown *group, const struct shootdown_stack *stack);

/* Do they differ in nothing but what is counted in them, and in what of their stacks is not shown? An order of them. */
int group_compare_shown(const struct mmcpus_shootdown *left, const struct mmcpus_shootdown *right);

/* Add what another of the same kind has counted. */
void group_unite(struct mmcpus_shootdown *into, const struct mmcpus_shootdown *group);

/* Add a group to one that sums up several. Both are described, so that no bucket holds less than none. */
void group_join(struct mmcpus_shootdown *into, const struct mmcpus_shootdown *group);

#endif
