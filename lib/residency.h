/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which CPUs hold what: the records of all CPUs, found again by the number of an mm. Each mm that any CPU holds has a
 * chain of entries, one for each such CPU.
 */
#ifndef MMCPUS_LIB_RESIDENCY_H
#define MMCPUS_LIB_RESIDENCY_H

#include <stdbool.h>
#include <stddef.h>

#include "../bpf/cpu_record.h"
#include <mmcpus/mmcpus.h>

/* A CPU that holds an mm. */
struct residency_entry {
	uint32_t cpu;
	uint32_t slot; /* its ASID slot, or CPU_NR_SLOTS: loaded without one */
	uint32_t next; /* index of the next entry of the same mm, plus 1; 0: the last */
};

struct residency_mm;

struct residency {
	const struct cpu_record *cpus; /* the reader's; NULL: unknown */
	uint32_t nr_cpus;
	struct residency_entry *entries;
	size_t nr_entries;
	struct residency_mm *mms; /* hash of the ids */
	size_t nr_mms;            /* its size, a power of 2 */
};

void residency_deinit(struct residency *res);

/* Take the records of nr_cpus CPUs. Those that are not in online, if it is known, hold nothing. -ENOMEM */
int residency_index(struct residency *res, const struct cpu_record *cpus, uint32_t nr_cpus,
		    const struct mmcpus_cpuset *online);

/* Forget them: unknown. */
void residency_reset(struct residency *res);

/* The record of a CPU. NULL: unknown. */
const struct cpu_record *residency_cpu(const struct residency *res, uint32_t cpu);

/* All entries of an mm: for (e = residency_first(res, id); e; e = residency_next(res, e)) */
const struct residency_entry *residency_first(const struct residency *res, uint64_t mm_id);
const struct residency_entry *residency_next(const struct residency *res, const struct residency_entry *entry);

#endif
