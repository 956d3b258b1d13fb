// SPDX-License-Identifier: LGPL-2.1-or-later
#include "residency.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Open addressing, linear probing, at most half full. */
struct residency_mm {
	uint64_t id;    /* 0: free */
	uint32_t first; /* index of its first entry, plus 1 */
};

void residency_deinit(struct residency *res)
{
	free(res->entries);
	free(res->mms);
	*res = (struct residency){ 0 };
}

void residency_reset(struct residency *res)
{
	res->cpus = NULL;
	res->nr_entries = 0;
}

/* Room for all slots of all CPUs, and for an mm that is loaded without one on each. */
static int reserve(struct residency *res, uint32_t nr_cpus)
{
	size_t nr_entries = (size_t)nr_cpus * (CPU_NR_SLOTS + 1);
	size_t nr_mms = 64;

	if (res->entries && res->nr_cpus == nr_cpus)
		return 0;
	residency_deinit(res);
	while (nr_mms < nr_entries * 2)
		nr_mms *= 2;
	res->entries = calloc(nr_entries, sizeof(res->entries[0]));
	res->mms = calloc(nr_mms, sizeof(res->mms[0]));
	if (!res->entries || !res->mms) {
		residency_deinit(res);
		return -ENOMEM;
	}
	res->nr_cpus = nr_cpus;
	res->nr_mms = nr_mms;
	return 0;
}

/* The place of an id, or the free one where it belongs. */
static struct residency_mm *find(const struct residency *res, uint64_t id)
{
	size_t i = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (res->nr_mms - 1);

	while (res->mms[i].id && res->mms[i].id != id)
		i = (i + 1) & (res->nr_mms - 1);
	return &res->mms[i];
}

static void add(struct residency *res, uint64_t id, uint32_t cpu, uint32_t slot)
{
	struct residency_mm *mm;

	if (id <= CPU_KERNEL_MM_ID)
		return;
	mm = find(res, id);
	mm->id = id;
	res->entries[res->nr_entries++] = (struct residency_entry){ .cpu = cpu, .slot = slot, .next = mm->first };
	mm->first = (uint32_t)res->nr_entries;
}

/* One entry for each mm that a CPU holds: no two slots have the same, and the loaded one has a slot, or none. */
static void add_cpu(struct residency *res, uint32_t cpu, const struct cpu_record *rec)
{
	bool has_slot = false;

	for (uint32_t slot = 0; slot < CPU_NR_SLOTS; slot++) {
		add(res, rec->slots[slot].mm_id, cpu, slot);
		has_slot |= rec->slots[slot].mm_id == rec->loaded_id;
	}
	if (!has_slot)
		add(res, rec->loaded_id, cpu, CPU_NR_SLOTS);
}

int residency_index(struct residency *res, const struct cpu_record *cpus, uint32_t nr_cpus,
		    const struct mmcpus_cpuset *online)
{
	int err = reserve(res, nr_cpus);

	if (err)
		return err;
	memset(res->mms, 0, res->nr_mms * sizeof(res->mms[0]));
	res->nr_entries = 0;
	res->cpus = cpus;
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++)
		if (cpus[cpu].flags & CPU_RECORD_VALID && (!online || mmcpus_cpuset_has(online, cpu)))
			add_cpu(res, cpu, &cpus[cpu]);
	return 0;
}

const struct cpu_record *residency_cpu(const struct residency *res, uint32_t cpu)
{
	if (!res->cpus || cpu >= res->nr_cpus || !(res->cpus[cpu].flags & CPU_RECORD_VALID))
		return NULL;
	return &res->cpus[cpu];
}

static const struct residency_entry *entry_at(const struct residency *res, uint32_t index_plus_1)
{
	return index_plus_1 ? &res->entries[index_plus_1 - 1] : NULL;
}

const struct residency_entry *residency_first(const struct residency *res, uint64_t mm_id)
{
	return res->cpus && mm_id > CPU_KERNEL_MM_ID ? entry_at(res, find(res, mm_id)->first) : NULL;
}

const struct residency_entry *residency_next(const struct residency *res, const struct residency_entry *entry)
{
	return entry_at(res, entry->next);
}
