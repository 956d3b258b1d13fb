/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the records of a snapshot lie: in the BPF map that the kernel filled, or in memory of our own. */
#ifndef MMCPUS_LIB_RECORDS_H
#define MMCPUS_LIB_RECORDS_H

#include "cpuset.h"

struct records {
	uint8_t *base;
	uint32_t used;     /* offset behind the last record, as mm_record_place() counts */
	uint32_t capacity; /* bytes at base */
	bool is_own;       /* grown and freed by us, not a map */
};

void records_deinit(struct records *recs);

/* Bytes of a record whose sets are for this many CPUs. */
static inline uint32_t record_bytes(uint32_t nr_cpus, uint32_t nr_sets)
{
	return (uint32_t)(sizeof(struct mm_record) + nr_sets * cpuset_bytes(nr_cpus));
}

static inline uint32_t record_nr_sets(uint32_t fields)
{
	return fields & (MMCPUS_FIELD_ALLOWED | MMCPUS_FIELD_RUNNING) ? MM_RECORD_NR_SETS : 1;
}

static inline struct mmcpus_cpuset *record_set(const struct mm_record *rec, enum mm_record_set which)
{
	return (struct mmcpus_cpuset *)((uint8_t *)(rec + 1) + which * rec->set_bytes);
}

static inline struct mm_record *record_at(const struct records *recs, uint32_t offset)
{
	return (struct mm_record *)(recs->base + offset);
}

/*
 * A new record of our own, zeroed, with empty sets for nr_cpus. NULL without memory. Valid until the next is added:
 * they may move.
 */
struct mm_record *records_add(struct records *recs, uint32_t nr_cpus, uint32_t nr_sets);

/* Read records of so many bytes each from a stream, to its end. -EPROTO: it ends within a record. */
int records_read(struct records *recs, int fd, uint32_t bytes);

/* Take back the record that was added last. */
void records_drop_last(struct records *recs, const struct mm_record *rec);

#endif
