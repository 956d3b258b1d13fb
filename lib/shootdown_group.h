/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row as callers see it: the sum of those of the tracer's rows that are in one group. */
#ifndef MMCPUS_LIB_SHOOTDOWN_GROUP_H
#define MMCPUS_LIB_SHOOTDOWN_GROUP_H

#include "shootdown_key.h"

/* A place in user space. */
struct user_frame {
	uint64_t address;
	uint64_t offset; /* in the file of the module */
	uint64_t symbol_offset;
	char *module; /* NULL: unknown */
	char *symbol; /* the same */
};

struct mmcpus_shootdown {
	enum mmcpus_shootdowns_by by;
	struct group_key group;
	struct shootdown_row row; /* the first of its rows, with the sums of all; its histograms are in here: */
	uint64_t stolen_log2[SHOOTDOWN_NR_BUCKETS];
	uint64_t wait_log2[SHOOTDOWN_NR_BUCKETS];
	struct mmcpus_cpuset *sets[SHOOTDOWN_NR_SETS];
	uint32_t kinds;     /* 1 << enum shootdown_kind */
	uint32_t functions; /* 1 << enum shootdown_function, of the kernel's own range */
	bool knows_requested;
	bool has_hidden_hits;
	bool knows_hits; /* set when it is read, as those below */
	bool knows_hit_cpus;
	bool knows_wait;
	bool has_cause;
	char cause[64];
	char kind[64];
	char callback[96]; /* what is called; empty: unknown */
	char *cgroup;      /* NULL: unknown */
	char **frames;
	size_t nr_frames;
	struct user_frame *user_frames;
	size_t nr_user_frames;
	size_t nr_joined; /* rows that this one sums up; 0: it is one of them */
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

/* Add a group to one that sums up several. Both are described, so that no bucket holds less than none. */
void group_join(struct mmcpus_shootdown *into, const struct mmcpus_shootdown *group);

#endif
