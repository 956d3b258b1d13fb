/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stale_list.h"

#include <stdlib.h>

#include "rule_checks.h"
#include "xalloc.h"

struct stale_entry {
	uint64_t mm_id;
	struct mmcpus_cpuset *cpus;
};

static void add(struct stale_list *list, uint64_t mm_id, struct mmcpus_cpuset *cpus)
{
	list->entries = xreallocarray(list->entries, list->nr_entries + 1, sizeof(list->entries[0]));
	list->entries[list->nr_entries++] = (struct stale_entry){ .mm_id = mm_id, .cpus = cpus };
}

static void look_at(struct stale_list *list, const struct scene *scene, const struct mmcpus_mm *mm)
{
	struct mmcpus_cpuset *cpus = scene_copy_set(scene, mm, MMCPUS_SET_STALE);
	uint64_t mm_id;

	if (cpus)
		mmcpus_cpuset_and(cpus, scene->isolated);
	if (cpus && !mmcpus_cpuset_is_empty(cpus) && mmcpus_mm_id(mm, &mm_id) == 0)
		add(list, mm_id, cpus);
	else
		mmcpus_cpuset_destroy(cpus);
}

static bool is_torn_on_isolated(const struct scene *scene, const struct mmcpus_mm *mm)
{
	const struct mmcpus_cpuset *active = mmcpus_mm_active(scene->snap, mm);

	return active && mmcpus_cpuset_intersects(active, scene->isolated) && mmcpus_mm_is_torn(scene->snap, mm);
}

void stale_list_fill(struct stale_list *list, const struct scene *scene)
{
	stale_list_deinit(list);
	for (size_t i = 0; i < mmcpus_snapshot_count(scene->snap); i++) {
		const struct mmcpus_mm *mm = mmcpus_snapshot_mm(scene->snap, i);

		look_at(list, scene, mm);
		list->has_torn |= is_torn_on_isolated(scene, mm);
	}
}

void stale_list_deinit(struct stale_list *list)
{
	for (size_t i = 0; i < list->nr_entries; i++)
		mmcpus_cpuset_destroy(list->entries[i].cpus);
	free(list->entries);
	*list = (struct stale_list){ 0 };
}

const struct mmcpus_cpuset *stale_list_find(const struct stale_list *list, uint64_t mm_id)
{
	for (size_t i = 0; i < list->nr_entries; i++)
		if (list->entries[i].mm_id == mm_id)
			return list->entries[i].cpus;
	return NULL;
}
