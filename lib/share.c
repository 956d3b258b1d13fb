// SPDX-License-Identifier: LGPL-2.1-or-later
#include "share.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "number.h"
#include "process.h"
#include "system.h"

/* 0 equal, 1 less, 2 greater: the kernel orders mms by a scrambled address. Negative: not to be compared. */
static int compare_mms(int32_t a, int32_t b)
{
	long order = syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0);

	return order < 0 ? -errno : (int)order;
}

static int compare_records(const void *a, const void *b, void *has_failed)
{
	int32_t left = (*(struct mm_record *const *)a)->pid;
	int32_t right = (*(struct mm_record *const *)b)->pid;
	int order = compare_mms(left, right);

	if (order < 0) { /* one of them has just exited: the order is worth nothing */
		*(bool *)has_failed = true;
		return (left > right) - (left < right);
	}
	return order == 1 ? -1 : order == 2;
}

/* To kcmp, two processes that have just exited share the mm they do not have: look whether there is one still. */
static bool has_mm(const struct mmcpus_system *sys, int32_t pid)
{
	char path[32];
	char line[128];
	uint64_t pages;

	snprintf(path, sizeof(path), "proc/%d/statm", pid);
	return root_read_line(&sys->root, path, line, sizeof(line)) == 0 && parse_u64(line, &pages) && pages > 0;
}

static void mark_groups(const struct mmcpus_system *sys, struct mm_record **recs, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		bool is_as_before =
			i > 0 && compare_mms(recs[i - 1]->pid, recs[i]->pid) == 0 && has_mm(sys, recs[i]->pid);

		recs[i]->flags |= MM_RECORD_GROUPED;
		recs[i]->mm_id = is_as_before ? recs[i - 1]->mm_id : i + 1;
		if (!is_as_before)
			continue;
		if (!recs[i - 1]->start_ns)
			process_read_start(&sys->root, recs[i - 1]->pid, &recs[i - 1]->start_ns);
		process_read_start(&sys->root, recs[i]->pid, &recs[i]->start_ns);
	}
}

static void forget_sharers(struct mm_record *rec)
{
	rec->known &= ~(uint32_t)MMCPUS_FIELD_SHARERS;
}

/* The records whose mms can be compared now; the others lose their sharers. */
static size_t collect(const struct mmcpus_snapshot *snap, bool is_comparable, struct mm_record **recs)
{
	uint32_t step = record_bytes(mmcpus_system_nr_cpus(snap->sys), snap->nr_sets);
	size_t nr = 0;

	for (uint32_t at = 0; at < snap->recs.used; at = mm_record_place(at + step)) {
		struct mm_record *rec = record_at(&snap->recs, at);
		bool has_sharers = rec->known & MMCPUS_FIELD_SHARERS;

		if (is_comparable && has_sharers && compare_mms(rec->pid, rec->pid) == 0)
			recs[nr++] = rec;
		else
			forget_sharers(rec);
	}
	return nr;
}

/* Processes that exit while they are sorted spoil the order: sort again, without them. */
#define SORT_TRIES 4

int share_find(struct mmcpus_snapshot *snap)
{
	uint32_t step = record_bytes(mmcpus_system_nr_cpus(snap->sys), snap->nr_sets);
	bool is_comparable = snap->sys->root.is_live && compare_mms(getpid(), getpid()) == 0;
	struct mm_record **recs = malloc((snap->recs.used / step + 1) * sizeof(recs[0]));
	bool has_failed = true;
	size_t nr = 0;

	if (!recs)
		return -ENOMEM;
	for (int tries = 0; has_failed && tries < SORT_TRIES; tries++) {
		nr = collect(snap, is_comparable, recs);
		has_failed = false;
		qsort_r(recs, nr, sizeof(recs[0]), compare_records, &has_failed);
	}
	if (has_failed)
		collect(snap, false, recs);
	else
		mark_groups(snap->sys, recs, nr);
	free(recs);
	return is_comparable ? 0 : -EOPNOTSUPP;
}
