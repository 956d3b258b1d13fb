/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside of a CPU set: the layout is the one that the BPF programs write. */
#ifndef MMCPUS_LIB_CPUSET_H
#define MMCPUS_LIB_CPUSET_H

#include "../bpf/mm_record.h"
#include <mmcpus/mmcpus.h>

static inline uint32_t cpuset_nr_words(uint32_t nr_cpus)
{
	return (nr_cpus + 63) / 64;
}

/* Bytes that a set of this width takes in memory, header and words. */
static inline size_t cpuset_bytes(uint32_t nr_cpus)
{
	return sizeof(struct mmcpus_cpuset) + cpuset_nr_words(nr_cpus) * sizeof(uint64_t);
}

/* Bits of the last word that a set of this width uses. */
static inline uint64_t cpuset_last_word(uint32_t nr_cpus)
{
	return nr_cpus % 64 ? (UINT64_C(1) << nr_cpus % 64) - 1 : UINT64_MAX;
}

/* Make an empty set in memory of cpuset_bytes(). */
void cpuset_init(struct mmcpus_cpuset *set, uint32_t nr_cpus);

/* A new set of the same width and members. NULL without memory. */
struct mmcpus_cpuset *cpuset_clone(const struct mmcpus_cpuset *set);

/* A new set as wide as needed for the highest number of a kernel list ("0-3,8"). NULL if malformed or without memory. */
struct mmcpus_cpuset *cpuset_from_list(const char *list);

#endif
