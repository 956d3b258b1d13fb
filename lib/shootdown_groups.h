/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows as callers see them: what the tracer's rows are summed up in. */
#ifndef MMCPUS_LIB_SHOOTDOWN_GROUPS_H
#define MMCPUS_LIB_SHOOTDOWN_GROUPS_H

#include "../bpf/shootdown_record.h"
#include <mmcpus/mmcpus.h>

/* What the rows of a group have in common, and nothing else; compared as bytes. */
struct group_key {
	uint64_t start_ns;
	uint64_t owner_id;
	uint64_t callback; /* what is called; 0: what flushes an address space */
	int32_t task;
	int32_t victim;
	int32_t cause;
	int32_t stack;
	int32_t user_stack;
	uint32_t cpu;
	uint32_t is_other;
	uint32_t reserved;
	char name[16];
	char victim_name[16];
};

_Static_assert(sizeof(struct group_key) == 88, "no padding, for it is compared as bytes");

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

struct shootdown_groups {
	enum mmcpus_shootdowns_by by;
	uint32_t nr_cpus;
	struct mmcpus_shootdown **groups;
	size_t nr_groups;
	size_t capacity;
	uint32_t *slots; /* hash of the keys: index of the group, plus 1 */
	size_t nr_slots; /* a power of two */
	uint64_t
		nr_beyond; /* flushes of address spaces that were sent, by those for whom there was no group any more */
};

void groups_init(struct shootdown_groups *groups, enum mmcpus_shootdowns_by by, uint32_t nr_cpus);
void groups_deinit(struct shootdown_groups *groups);

/* Forget all of them. */
void groups_clear(struct shootdown_groups *groups);

/*
 * Add a row, whose counts are no longer shared with anybody, and its sets, each as wide as the machine. -ENOMEM: it was
 * not added.
 */
int groups_add(struct shootdown_groups *groups, const struct shootdown_row *row, const uint64_t *const *sets);

/* Put those that cost most time first, then those with the most shootdowns; the one of all others last. */
void groups_sort(struct shootdown_groups *groups);

/* One that sums up all from that index on, for the caller to destroy. NULL: no memory. */
struct mmcpus_shootdown *groups_join(const struct shootdown_groups *groups, size_t from);
void group_destroy(struct mmcpus_shootdown *group);

/* One word; NULL: unknown. */
const char *groups_kind_name(uint32_t kind);

/* Write what people read. */
void groups_describe(struct shootdown_groups *groups, bool knows_hits);

#endif
