// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From records to address spaces. A backend delivers a record for each process, or for each thread; what has the same
 * mm becomes one entry, named by the process that started first, with the others as its sharers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "siphash.h"
#include "snapshot.h"

/* Open addressing, linear probing, at most half full. */
struct mm_slot {
	uint64_t key;
	uint64_t index; /* of snapshot.mms, plus 1; 0 is a free slot */
};

/* Room for an entry for each record. */
static int reserve_mms(struct mmcpus_snapshot *snap, size_t nr_records)
{
	struct mm_record **mms;

	if (nr_records <= snap->mms_capacity)
		return 0;
	mms = realloc(snap->mms, nr_records * sizeof(mms[0]));
	if (!mms)
		return -ENOMEM;
	snap->mms = mms;
	snap->mms_capacity = nr_records;
	return 0;
}

/* ctx_id counts up, so that its low bits spread evenly; a multiplication spreads what else may come. */
static size_t hash(uint64_t key, size_t nr_slots)
{
	return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (nr_slots - 1);
}

/* The slot of a key, or the free one where it belongs. */
static struct mm_slot *find_slot(struct mm_slot *slots, size_t nr_slots, uint64_t key)
{
	size_t i = hash(key, nr_slots);

	while (slots[i].index && slots[i].key != key)
		i = (i + 1) & (nr_slots - 1);
	return &slots[i];
}

static int clear_slots(struct mmcpus_snapshot *snap, size_t nr_records)
{
	size_t wanted = 64;

	while (wanted < nr_records * 2)
		wanted *= 2;
	if (wanted > snap->nr_slots) {
		free(snap->slots);
		snap->slots = calloc(wanted, sizeof(snap->slots[0]));
		snap->nr_slots = snap->slots ? wanted : 0;
		return snap->slots ? 0 : -ENOMEM;
	}
	memset(snap->slots, 0, snap->nr_slots * sizeof(snap->slots[0]));
	return 0;
}

/*
 * Sets of @from count for @to as well; of what one does not know, the union is unknown. Two exact ACTIVE sets of one mm
 * are two readings of the same mask, but an estimate is one of each process.
 */
static void join_threads(struct mm_record *to, const struct mm_record *from, bool is_estimate)
{
	const uint32_t thread_fields = MMCPUS_FIELD_ALLOWED | MMCPUS_FIELD_RUNNING;

	to->known &= from->known | ~thread_fields;
	if (is_estimate)
		mmcpus_cpuset_or(record_set(to, MM_RECORD_ACTIVE), record_set(from, MM_RECORD_ACTIVE));
	if (to->known & MMCPUS_FIELD_ALLOWED)
		mmcpus_cpuset_or(record_set(to, MM_RECORD_ALLOWED), record_set(from, MM_RECORD_ALLOWED));
	if (to->known & MMCPUS_FIELD_RUNNING)
		mmcpus_cpuset_or(record_set(to, MM_RECORD_RUNNING), record_set(from, MM_RECORD_RUNNING));
}

static bool started_before(const struct mm_record *a, const struct mm_record *b)
{
	return a->start_ns != b->start_ns ? a->start_ns < b->start_ns : a->pid < b->pid;
}

static uint32_t offset_of(const struct mmcpus_snapshot *snap, const struct mm_record *rec)
{
	return (uint32_t)((const uint8_t *)rec - snap->recs.base);
}

/* @rec shares the mm of *first; the older of the two names it from now on. */
static void join_process(const struct mmcpus_snapshot *snap, struct mm_record **first, struct mm_record *rec)
{
	struct mm_record *older = *first;

	if (started_before(rec, older)) {
		rec->nr_sharers = older->nr_sharers + 1;
		rec->next_sharer = offset_of(snap, older);
		join_threads(rec, older, snap->quality == MMCPUS_ESTIMATE);
		rec->nr_threads += older->nr_threads;
		*first = rec;
		return;
	}
	rec->next_sharer = older->next_sharer;
	older->next_sharer = offset_of(snap, rec);
	older->nr_sharers++;
	older->nr_threads += rec->nr_threads;
	join_threads(older, rec, snap->quality == MMCPUS_ESTIMATE);
}

/* A record that speaks of one thread brings the CPU as a number. */
static void make_running_set(struct mm_record *rec)
{
	struct mmcpus_cpuset *running = record_set(rec, MM_RECORD_RUNNING);

	mmcpus_cpuset_clear(running);
	mmcpus_cpuset_add(running, rec->running_cpu);
}

static void prepare(const struct mmcpus_snapshot *snap, struct mm_record *rec)
{
	rec->nr_sharers = 0;
	rec->next_sharer = MM_RECORD_NONE;
	if (snap->is_per_thread && snap->nr_sets == MM_RECORD_NR_SETS)
		make_running_set(rec);
	if (rec->mm_address) { /* kernel addresses go no further than this */
		rec->mm_id = siphash(snap->key, rec->mm_address);
		rec->mm_address = 0;
	}
}

/* The entry of a key, which is added with this record if there is none yet. NULL: it was added. */
static struct mm_record **find_entry(struct mmcpus_snapshot *snap, uint64_t key, struct mm_record *rec, size_t *nr)
{
	struct mm_slot *slot = find_slot(snap->slots, snap->nr_slots, key);

	if (slot->index)
		return &snap->mms[slot->index - 1];
	slot->key = key;
	slot->index = *nr + 1;
	snap->mms[(*nr)++] = rec;
	return NULL;
}

/* Records that speak of threads become one for each process. */
static int join_all_threads(struct mmcpus_snapshot *snap)
{
	int err = clear_slots(snap, snap->nr_mms);
	size_t nr = 0;

	for (size_t i = 0; !err && i < snap->nr_mms; i++) {
		struct mm_record *rec = snap->mms[i];
		struct mm_record **first = find_entry(snap, (uint64_t)rec->pid, rec, &nr);

		if (first)
			join_threads(*first, rec, false);
	}
	snap->nr_mms = nr;
	return err;
}

/*
 * Processes that share an mm become one entry. Twice the same process is none: while a thread execs it takes the place
 * of its leader, and a walk may meet both.
 */
static int join_all_sharers(struct mmcpus_snapshot *snap)
{
	int err = clear_slots(snap, snap->nr_mms);
	size_t nr = 0;

	for (size_t i = 0; !err && i < snap->nr_mms; i++) {
		struct mm_record *rec = snap->mms[i];
		struct mm_record **first;

		if (!(rec->flags & (MM_RECORD_HAS_ID | MM_RECORD_GROUPED))) {
			snap->mms[nr++] = rec;
			continue;
		}
		first = find_entry(snap, rec->mm_id, rec, &nr);
		if (first && (*first)->pid != rec->pid)
			join_process(snap, first, rec);
	}
	snap->nr_mms = nr;
	return err;
}

int snapshot_index(struct mmcpus_snapshot *snap)
{
	uint32_t step = record_bytes(mmcpus_system_nr_cpus(snap->sys), snap->nr_sets);
	int err = reserve_mms(snap, snap->recs.used / step + 1);

	snap->nr_mms = 0;
	for (uint32_t at = 0; !err && at < snap->recs.used; at = mm_record_place(at + step)) {
		struct mm_record *rec = record_at(&snap->recs, at);

		prepare(snap, rec);
		snap->mms[snap->nr_mms++] = rec;
	}
	if (!err && snap->is_per_thread)
		err = join_all_threads(snap);
	if (!err && snap->wanted & MMCPUS_FIELD_SHARERS)
		err = join_all_sharers(snap);
	return err;
}

static const struct mmcpus_mm *find_one_by_one(const struct mmcpus_snapshot *snap, uint64_t id)
{
	for (size_t i = 0; i < snap->nr_mms; i++)
		if (snap->mms[i]->flags & MM_RECORD_HAS_ID && snap->mms[i]->mm_id == id)
			return (const struct mmcpus_mm *)snap->mms[i];
	return NULL;
}

/* The hash is that of the ids only if sharers were looked for. */
const struct mmcpus_mm *mmcpus_snapshot_find_mm(const struct mmcpus_snapshot *snap, uint64_t id)
{
	const struct mm_record *rec;
	const struct mm_slot *slot;

	if (!snap->nr_mms || !(snap->wanted & MMCPUS_FIELD_SHARERS))
		return find_one_by_one(snap, id);
	slot = find_slot(snap->slots, snap->nr_slots, id);
	rec = slot->index ? snap->mms[slot->index - 1] : NULL;
	return rec && rec->flags & MM_RECORD_HAS_ID ? (const struct mmcpus_mm *)rec : NULL;
}
