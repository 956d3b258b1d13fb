/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "filter.h"

#include <stdlib.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "cpu_list.h"
#include "message.h"
#include "mm_columns.h"
#include "options.h"
#include "xalloc.h"

/* -------------------------------------------------------------------------------------------------------- CPUs -- */

int filter_init(struct filter *filter, const struct options *opts, const struct mmcpus_system *sys, char **why)
{
	*filter = (struct filter){ .has_pids = opts->pids.nr_pids > 0, .comm = opts->comm };
	if (!opts->cpu_list)
		return 0;
	filter->cpus = xcheck(mmcpus_cpuset_create(mmcpus_system_nr_cpus(sys)));
	return cpu_list_parse(filter->cpus, "--cpu-list", opts->cpu_list, why);
}

void filter_deinit(struct filter *filter)
{
	pid_list_deinit(&filter->pids);
	mmcpus_cpuset_destroy(filter->cpus);
	*filter = (struct filter){ 0 };
}

/* -------------------------------------------------------------------------------------------------------- PIDs -- */

size_t filter_resolve_pids(struct filter *filter, const struct options *opts, struct mmcpus_source *src)
{
	size_t nr_missing = 0;

	for (size_t i = 0; i < opts->pids.nr_pids; i++) {
		const struct mmcpus_snapshot *snap;
		struct mmcpus_reason why;

		if (mmcpus_source_snapshot_pid(src, opts->pids.pids[i], 0, &snap, &why)) {
			complain_reason(&why);
			nr_missing++;
		} else {
			pid_list_add(&filter->pids, mmcpus_mm_pid(mmcpus_snapshot_mm(snap, 0)));
		}
	}
	return nr_missing;
}

static bool is_process(const struct mm_view *view, const struct mmcpus_mm *mm, const struct pid_list *pids)
{
	bool is_listed = pid_list_has(pids, mmcpus_mm_pid(mm));
	size_t nr_sharers = 0;
	int32_t *sharers;

	if (is_listed || mmcpus_mm_nr_sharers(mm, &nr_sharers) || !nr_sharers)
		return is_listed;
	sharers = xcalloc(nr_sharers, sizeof(*sharers));
	nr_sharers = mmcpus_mm_sharers(view->snap, mm, sharers, nr_sharers);
	for (size_t i = 0; i < nr_sharers && !is_listed; i++)
		is_listed = pid_list_has(pids, sharers[i]);
	free(sharers);
	return is_listed;
}

static bool is_in_snapshot(const struct mm_view *view, int32_t *pid)
{
	const struct pid_list pids = { pid, 1 };

	for (size_t i = 0; i < mmcpus_snapshot_count(view->snap); i++)
		if (is_process(view, mmcpus_snapshot_mm(view->snap, i), &pids))
			return true;
	return false;
}

size_t filter_count_gone(const struct filter *filter, const struct mm_view *view)
{
	size_t nr_gone = 0;

	for (size_t i = 0; i < filter->pids.nr_pids; i++) {
		if (is_in_snapshot(view, &filter->pids.pids[i]))
			continue;
		complain("process %d not found: it ended or changed while it was read", filter->pids.pids[i]);
		nr_gone++;
	}
	return nr_gone;
}

/* ---------------------------------------------------------------------------------------------------- together -- */

static bool is_active_on(const struct mm_view *view, const struct mmcpus_mm *mm, const struct mmcpus_cpuset *cpus)
{
	const struct mmcpus_cpuset *active = mmcpus_mm_active(view->snap, mm);

	return active && mmcpus_cpuset_intersects(active, cpus);
}

static bool matches_comm(const struct mmcpus_mm *mm, const char *pattern)
{
	const char *comm = mmcpus_mm_comm(mm);

	return comm && fnmatch(pattern, comm, 0) == 0;
}

uint32_t filter_fields(const struct filter *filter)
{
	return (filter->comm ? MMCPUS_FIELD_COMM : 0) | (filter->has_pids ? MMCPUS_FIELD_SHARERS : 0);
}

bool filter_matches(const struct filter *filter, const struct mm_view *view, const struct mmcpus_mm *mm)
{
	return (!filter->has_pids || is_process(view, mm, &filter->pids)) &&
	       (!filter->cpus || is_active_on(view, mm, filter->cpus)) &&
	       (!filter->comm || matches_comm(mm, filter->comm));
}
