/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu_counts.h"

#include <stdlib.h>

#include "xalloc.h"

static void count_members(uint64_t *counts, const struct mmcpus_cpuset *set)
{
	for (uint32_t cpu = 0; mmcpus_cpuset_next(set, cpu, &cpu) > 0; cpu++)
		counts[cpu]++;
}

static uint64_t *count_set(const struct mmcpus_system *sys, const struct mmcpus_snapshot *snap,
			   enum mmcpus_mm_set which)
{
	uint32_t nr_cpus = mmcpus_system_nr_cpus(sys);
	struct mmcpus_cpuset *set = xcheck(mmcpus_cpuset_create(nr_cpus));
	uint64_t *counts = xcalloc(nr_cpus, sizeof(*counts));
	int err = 0;

	for (size_t i = 0; i < mmcpus_snapshot_count(snap) && !err; i++) {
		err = mmcpus_mm_set(snap, mmcpus_snapshot_mm(snap, i), which, set);
		if (!err)
			count_members(counts, set);
	}
	mmcpus_cpuset_destroy(set);
	if (!err)
		return counts;
	free(counts);
	return NULL;
}

void cpu_counts_init(struct cpu_counts *counts, const struct mmcpus_system *sys, const struct mmcpus_snapshot *snap)
{
	bool has_residency = mmcpus_snapshot_fields(snap) & MMCPUS_FIELD_RESIDENCY;

	counts->active = count_set(sys, snap, MMCPUS_SET_ACTIVE);
	counts->targets = has_residency ? count_set(sys, snap, MMCPUS_SET_TARGETS) : NULL;
}

void cpu_counts_deinit(struct cpu_counts *counts)
{
	free(counts->active);
	free(counts->targets);
	*counts = (struct cpu_counts){ 0 };
}
