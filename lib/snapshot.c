// SPDX-License-Identifier: LGPL-2.1-or-later
/* A snapshot and the address spaces in it, as callers read them. */
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "system.h"

void snapshot_init(struct mmcpus_snapshot *snap, const struct mmcpus_system *sys, enum mmcpus_quality quality)
{
	*snap = (struct mmcpus_snapshot){ .sys = sys, .quality = quality };
	snap->has_active = system_maintains_mask(sys);
	if (getrandom(snap->key, sizeof(snap->key), GRND_NONBLOCK) < 0)
		snap->key[0] = (uint64_t)(uintptr_t)snap; /* before the pool is seeded at boot: better than none */
}

void snapshot_deinit(struct mmcpus_snapshot *snap)
{
	records_deinit(&snap->recs);
	text_deinit(&snap->strings);
	residency_deinit(&snap->residency);
	free(snap->mms);
	free(snap->slots);
}

void snapshot_reset(struct mmcpus_snapshot *snap, uint32_t wanted)
{
	snap->wanted = wanted;
	snap->known = 0;
	snap->is_per_thread = false;
	snap->nr_sets = record_nr_sets(wanted);
	snap->dropped = 0;
	snap->strings.length = 0;
	snap->nr_mms = 0;
	residency_reset(&snap->residency);
	if (snap->recs.is_own)
		snap->recs.used = 0;
}

int64_t snapshot_add_string(struct mmcpus_snapshot *snap, const char *string)
{
	struct text *strings = &snap->strings;
	size_t bytes = strlen(string) + 1;
	int64_t offset = (int64_t)strings->length;

	if (strings->length + bytes > strings->capacity) {
		size_t capacity = (strings->length + bytes) * 2;
		char *data = realloc(strings->data, capacity);

		if (!data)
			return -ENOMEM;
		strings->data = data;
		strings->capacity = capacity;
	}
	memcpy(strings->data + strings->length, string, bytes);
	strings->length += bytes;
	return offset;
}

uint32_t mmcpus_snapshot_fields(const struct mmcpus_snapshot *snap)
{
	return snap->known & snap->wanted;
}

uint64_t mmcpus_snapshot_dropped(const struct mmcpus_snapshot *snap)
{
	return snap->dropped;
}

size_t mmcpus_snapshot_count(const struct mmcpus_snapshot *snap)
{
	return snap->nr_mms;
}

const struct mmcpus_mm *mmcpus_snapshot_mm(const struct mmcpus_snapshot *snap, size_t index)
{
	return index < snap->nr_mms ? (const struct mmcpus_mm *)snap->mms[index] : NULL;
}

int32_t mmcpus_mm_pid(const struct mmcpus_mm *mm)
{
	return mm->record.pid;
}

size_t mmcpus_mm_sharers(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, int32_t *ret, size_t max)
{
	uint32_t next = mm->record.next_sharer;
	size_t nr = 0;

	while (next != MM_RECORD_NONE && nr < max) {
		const struct mm_record *rec = record_at(&snap->recs, next);

		ret[nr++] = rec->pid;
		next = rec->next_sharer;
	}
	return nr;
}

int mmcpus_mm_id(const struct mmcpus_mm *mm, uint64_t *ret)
{
	if (!(mm->record.flags & MM_RECORD_HAS_ID))
		return -ENODATA;
	*ret = mm->record.mm_id;
	return 0;
}

static int check_known(const struct mmcpus_mm *mm, uint32_t field)
{
	return mm->record.known & field ? 0 : -ENODATA;
}

int mmcpus_mm_nr_sharers(const struct mmcpus_mm *mm, size_t *ret)
{
	*ret = mm->record.nr_sharers;
	return check_known(mm, MMCPUS_FIELD_SHARERS);
}

const char *mmcpus_mm_comm(const struct mmcpus_mm *mm)
{
	return check_known(mm, MMCPUS_FIELD_COMM) ? NULL : mm->record.comm;
}

int mmcpus_mm_ppid(const struct mmcpus_mm *mm, int32_t *ret)
{
	*ret = mm->record.ppid;
	return check_known(mm, MMCPUS_FIELD_PPID);
}

int mmcpus_mm_uid(const struct mmcpus_mm *mm, uint32_t *ret)
{
	*ret = mm->record.uid;
	return check_known(mm, MMCPUS_FIELD_UID);
}

int mmcpus_mm_threads(const struct mmcpus_mm *mm, uint32_t *ret)
{
	*ret = mm->record.nr_threads;
	return check_known(mm, MMCPUS_FIELD_THREADS);
}

int mmcpus_mm_rss_bytes(const struct mmcpus_mm *mm, uint64_t *ret)
{
	*ret = mm->record.rss_bytes;
	return check_known(mm, MMCPUS_FIELD_RSS);
}

int mmcpus_mm_cgroup(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, char *buf, size_t size)
{
	const char *path;
	size_t length;

	if (check_known(mm, MMCPUS_FIELD_CGROUP))
		return -ENODATA;
	path = snap->strings.data + mm->record.cgroup;
	length = strlen(path);
	if (length >= size)
		return -ENAMETOOLONG;
	memcpy(buf, path, length + 1);
	return (int)length;
}

const struct mmcpus_cpuset *mmcpus_mm_active(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm)
{
	return snap->has_active ? record_set(&mm->record, MM_RECORD_ACTIVE) : NULL;
}

enum mmcpus_quality mmcpus_mm_quality(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm)
{
	uint32_t known;

	if (snap->quality == MMCPUS_ESTIMATE)
		return MMCPUS_ESTIMATE;
	known = (mm->record.known & ~SNAPSHOT_FIELDS) | (snap->known & SNAPSHOT_FIELDS);
	return snap->wanted & ~known || !snap->has_active ? MMCPUS_PARTIAL : MMCPUS_EXACT;
}

const char *mmcpus_quality_name(enum mmcpus_quality quality)
{
	static const char *const names[] = {
		[MMCPUS_EXACT] = "exact",
		[MMCPUS_PARTIAL] = "partial",
		[MMCPUS_ESTIMATE] = "estimate",
	};

	return (size_t)quality < sizeof(names) / sizeof(names[0]) ? names[quality] : NULL;
}
