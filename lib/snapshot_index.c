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

static int add_mm(struct mmcpus_snapshot *snap, struct mm_record *rec)
{
	if (snap->nr_mms == snap->mms_capacity) {
		size_t capacity = snap->mms_capacity ? snap->mms_capacity * 2 : 256;
		struct mm_record **mms = realloc(snap->mms, capacity * sizeof(mms[0]));

		if (!mms)
			return -ENOMEM;
		snap->mms = mms;
		snap->mms_capacity = capacity;
	}
	snap->mms[snap->nr_mms++] = rec;
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

/* Sets of @from count for @to as well; of what one does not know, the union is unknown. ACTIVE is the same mask. */
static void join_threads(struct mm_record *to, const struct mm_record *from)
{
	const uint32_t thread_fields = MMCPUS_FIELD_ALLOWED | MMCPUS_FIELD_RUNNING;

	to->known &= from->known | ~thread_fields;
	if (to->known & MMCPUS_FIELD_ALLOWED)
		mmcpus_cpuset_or(record_set(to, MM_RECORD_ALLOWED), record_set(from, MM_RECORD_ALLOWED));
	if (to->known & MMCPUS_FIELD_RUNNING)
		mmcpus_cpuset_or(record_set(to, MM_RECORD_RUNNING), record_set(from, MM_RECORD_RUNNING));
}

/* Is there a record of this process already? Only threads that come one by one ask; then it takes their sets. */
static bool join_same_process(const struct mmcpus_snapshot *snap, struct mm_record *first, const struct mm_record *rec)
{
	struct mm_record *at = first;

	while (at->pid != rec->pid) {
		if (at->next_sharer == MM_RECORD_NONE)
			return false;
		at = record_at(&snap->recs, at->next_sharer);
	}
	join_threads(first, rec);
	return true;
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
		join_threads(rec, older);
		rec->nr_threads += older->nr_threads;
		*first = rec;
		return;
	}
	rec->next_sharer = older->next_sharer;
	older->next_sharer = offset_of(snap, rec);
	older->nr_sharers++;
	older->nr_threads += rec->nr_threads;
	join_threads(older, rec);
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
	if (snap->is_per_thread && record_nr_sets(snap->wanted) == MM_RECORD_NR_SETS)
		make_running_set(rec);
	if (rec->mm_address) { /* kernel addresses go no further than this */
		rec->mm_id = siphash(snap->key, rec->mm_address);
		rec->mm_address = 0;
	}
}

/* What two records must have in common to be joined. */
static uint64_t key_of(const struct mmcpus_snapshot *snap, const struct mm_record *rec)
{
	return snap->wanted & MMCPUS_FIELD_SHARERS ? rec->mm_id : (uint64_t)rec->pid;
}

static int index_record(struct mmcpus_snapshot *snap, struct mm_record *rec)
{
	struct mm_slot *slot;

	if (!(rec->flags & (MM_RECORD_HAS_ID | MM_RECORD_GROUPED)))
		return add_mm(snap, rec);
	slot = find_slot(snap->slots, snap->nr_slots, key_of(snap, rec));
	if (!slot->index) {
		slot->key = key_of(snap, rec);
		slot->index = snap->nr_mms + 1;
		return add_mm(snap, rec);
	}
	if (!snap->is_per_thread || !join_same_process(snap, snap->mms[slot->index - 1], rec))
		join_process(snap, &snap->mms[slot->index - 1], rec);
	return 0;
}

int snapshot_index(struct mmcpus_snapshot *snap)
{
	/* without threads to join and sharers to find, every record is an entry */
	bool is_joined = snap->is_per_thread || snap->wanted & MMCPUS_FIELD_SHARERS;
	uint32_t step = record_bytes(mmcpus_system_nr_cpus(snap->sys), record_nr_sets(snap->wanted));
	int err = is_joined ? clear_slots(snap, snap->recs.used / step + 1) : 0;

	snap->nr_mms = 0;
	for (uint32_t at = 0; !err && at < snap->recs.used; at = mm_record_place(at + step)) {
		struct mm_record *rec = record_at(&snap->recs, at);

		prepare(snap, rec);
		err = is_joined ? index_record(snap, rec) : add_mm(snap, rec);
	}
	return err;
}
