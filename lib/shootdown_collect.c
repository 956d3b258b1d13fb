// SPDX-License-Identifier: LGPL-2.1-or-later
/* Takes what was counted out of the tracer's rows, and gives back those that nobody counts in any more. */
#include "shootdown_source.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "cpuset.h"
#include "shootdown_tallies.h"

/*
 * Rounds without a flush after which a row is free for another, unless one is under way. Looks that follow each other faster
 * are one round. Who sends flushes of the kernel's own range is not seen: these rows are few, and have more time.
 */
#define ROUNDS_UNTIL_FREE        5
#define ROUNDS_UNTIL_FREE_KERNEL 100
#define ROUND_NS                 (NS_PER_S / 10)

/* ------------------------------------------------------------------------------------------------------------ counts -- */

static uint64_t take64(uint64_t *counter)
{
	return *(volatile uint64_t *)counter ? __atomic_exchange_n(counter, 0, __ATOMIC_RELAXED) : 0;
}

static uint32_t take32(uint32_t *counter)
{
	return *(volatile uint32_t *)counter ? __atomic_exchange_n(counter, 0, __ATOMIC_RELAXED) : 0;
}

/*
 * Is anything in it? Those of one flush are taken one after the other, while the kernel goes on: some of them may be all
 * that is left of it for the next look.
 */
static bool take_counts(struct shootdown_counts *shared, struct shootdown_counts *ret)
{
	uint64_t any;

	ret->sent = take64(&shared->sent);
	ret->pages = take64(&shared->pages);
	ret->hits = take64(&shared->hits);
	ret->stolen_ns = take64(&shared->stolen_ns);
	ret->stolen_max_ns = take64(&shared->stolen_max_ns);
	ret->wait_ns = take64(&shared->wait_ns);
	ret->wait_max_ns = take64(&shared->wait_max_ns);
	any = ret->sent | ret->pages | ret->hits | ret->stolen_ns | ret->stolen_max_ns | ret->wait_ns |
	      ret->wait_max_ns;
	for (size_t i = 0; i < SHOOTDOWN_NR_BUCKETS; i++) {
		ret->stolen_log2[i] = take32(&shared->stolen_log2[i]);
		ret->wait_log2[i] = take32(&shared->wait_log2[i]);
		any |= ret->stolen_log2[i] | ret->wait_log2[i];
	}
	return any != 0;
}

static void take_sets(struct mmcpus_shootdowns *src, uint32_t row)
{
	uint64_t *words = src->shared.sets + (size_t)row * SHOOTDOWN_NR_SETS * src->shared.nr_words;

	for (size_t set = 0; set < SHOOTDOWN_NR_SETS; set++)
		for (uint32_t i = 0; i < src->shared.nr_words; i++)
			src->sets[set][i] = take64(words++);
}

/*
 * The kernel counts a hit, and then notes which CPU it was. So what has got into the sets since they were taken may be of
 * what is counted in this look, or in the next: it stays there for that one as well.
 */
static void add_late(struct mmcpus_shootdowns *src, uint32_t row)
{
	const volatile uint64_t *words = src->shared.sets + (size_t)row * SHOOTDOWN_NR_SETS * src->shared.nr_words;

	for (size_t set = 0; set < SHOOTDOWN_NR_SETS; set++) {
		for (uint32_t i = 0; i < src->shared.nr_words; i++)
			src->sets[set][i] |= *words++;
		src->sets[set][src->shared.nr_words - 1] &= cpuset_last_word(src->sys->nr_cpus);
	}
}

/* Those CPUs of a call that were asked are among the ones that it hits. */
static bool has_counted(const struct shootdown_row *row, size_t set)
{
	if (set != SHOOTDOWN_SET_HIT)
		return row->counts.sent > 0;
	return row->counts.hits > 0 || (row->key.kind == SHOOTDOWN_KIND_CALL && row->counts.sent > 0);
}

/* What is left over of a look before. */
static void drop_uncounted(struct mmcpus_shootdowns *src, const struct shootdown_row *row)
{
	for (size_t set = 0; set < SHOOTDOWN_NR_SETS; set++)
		if (!has_counted(row, set))
			memset(src->sets[set], 0, src->shared.nr_words * sizeof(uint64_t));
}

/* ------------------------------------------------------------------------------------------------------------ rounds -- */

/*
 * Who an event is about stands in its row, which is not free before it has been told. Nor is it as long as what was counted
 * for it may not be in it.
 */
static bool begin_round(struct mmcpus_shootdowns *src, uint64_t time_ns)
{
	if (time_ns - src->round_ns < ROUND_NS || (src->with_events && src->told_ns < src->round_ns))
		return false;
	src->round_ns = time_ns;
	return true;
}

static bool forget_key(struct mmcpus_shootdowns *src, struct shootdown_row *row)
{
	int err;

	if (__atomic_load_n(&row->flags, __ATOMIC_RELAXED) & SHOOTDOWN_ROW_FORGOTTEN)
		return true;
	err = src->ops->forget(src->state, &row->key);
	if (err && err != -ENOENT)
		return false;
	__atomic_fetch_or(&row->flags, SHOOTDOWN_ROW_FORGOTTEN, __ATOMIC_SEQ_CST);
	return true;
}

/* Let no sender find the row any more. If that fails, it is tried again at the next look. */
static bool forget(struct mmcpus_shootdowns *src, uint32_t index)
{
	return forget_key(src, &src->shared.rows[index]) &&
	       shootdown_tallies_forget(&src->shared, src->sys->nr_cpus, index);
}

/* Has a CPU sent its last flush in this row, and not long ago? A hit that it waits for would count in what comes after. */
static bool may_be_under_way(const struct mmcpus_shootdowns *src, uint32_t index)
{
	for (uint32_t cpu = 0; cpu < src->sys->nr_cpus; cpu++) {
		const struct shootdown_last *last = &src->shared.cpus[cpu].last;

		if (__atomic_load_n(&last->row, __ATOMIC_RELAXED) == index &&
		    __atomic_load_n(&last->sent_ns, __ATOMIC_RELAXED) + SHOOTDOWN_UNDER_WAY_NS > src->round_ns)
			return true;
	}
	return false;
}

static bool is_free(const struct mmcpus_shootdowns *src, uint32_t index)
{
	if (src->shared.rows[index].key.kind == SHOOTDOWN_KIND_KERNEL)
		return src->rounds[index] >= ROUNDS_UNTIL_FREE_KERNEL;
	return src->rounds[index] >= ROUNDS_UNTIL_FREE && !may_be_under_way(src, index);
}

/* The key is forgotten first. Who has found the row before that may still count in it, for a moment. */
static void note_silence(struct mmcpus_shootdowns *src, uint32_t index)
{
	struct shootdown_row *row = &src->shared.rows[index];

	if (shootdown_is_other(index))
		return;
	if (src->rounds[index] == 0)
		src->rounds[index] = forget(src, index);
	else if (src->rounds[index] < ROUNDS_UNTIL_FREE_KERNEL)
		src->rounds[index] += src->is_new_round;
	if (!is_free(src, index))
		return;
	src->rounds[index] = 0;
	__atomic_store_n(&row->is_taken, 0, __ATOMIC_RELEASE);
	src->ops->give_back(src->state, index);
}

/* Of one that is forgotten, the silence begins anew. */
static void note_sound(struct mmcpus_shootdowns *src, uint32_t index)
{
	if (src->rounds[index])
		src->rounds[index] = 1;
}

/* -------------------------------------------------------------------------------------------------------------- rows -- */

/* Each CPU has an idle task of its own, with the CPU's number in its name. As a victim, idle is one. */
static void name_idle(struct shootdown_task *victim)
{
	static const char name[sizeof(victim->comm)] = "swapper";

	memcpy(victim->comm, name, sizeof(name));
}

void shootdowns_copy_row(struct mmcpus_shootdowns *src, uint32_t index, struct shootdown_row *ret)
{
	const struct shootdown_row *shared = &src->shared.rows[index];

	ret->flags = shared->flags;
	ret->key = shared->key;
	ret->sender = shared->sender;
	ret->victim = shared->victim;
	if (ret->key.cpu && !ret->key.victim)
		name_idle(&ret->victim);
	ret->owner_pid = shared->owner_pid;
	memcpy(ret->owner_comm, shared->owner_comm, sizeof(ret->owner_comm));
	ret->cgroup = shared->cgroup;
	stack_causes_correct(&src->causes, src->ops, src->state, &src->shared.stacks[index], &ret->key);
}

/* Only flushes of address spaces are in the row TLB, which they are compared with. */
static void add_sums(struct mmcpus_shootdowns *src, const struct shootdown_row *row)
{
	switch (row->key.kind) {
	case SHOOTDOWN_KIND_CALL:
		src->nr_calls += row->counts.sent;
		src->nr_call_hits += row->counts.hits;
		break;
	case SHOOTDOWN_KIND_KERNEL:
		src->nr_kernel += row->counts.sent;
		src->nr_kernel_hits += row->counts.hits;
		break;
	default:
		src->nr_sent += row->counts.sent;
		src->was_sent |= row->counts.sent > 0;
		src->nr_hits += row->counts.hits;
	}
}

struct row_stacks shootdowns_stacks_of_row(const struct mmcpus_shootdowns *src, uint32_t index,
					   const struct shootdown_row *row, enum shootdown_stacks wanted)
{
	if (!row->key.stack)
		wanted = SHOOTDOWN_STACKS_NONE;
	return (struct row_stacks){
		.kernel = wanted != SHOOTDOWN_STACKS_NONE ? &src->shared.stacks[index] : NULL,
		.user = wanted == SHOOTDOWN_STACKS_BOTH ? &src->shared.user_stacks[index] : NULL,
	};
}

static int collect_row(struct mmcpus_shootdowns *src, uint32_t index)
{
	struct shootdown_row *shared = &src->shared.rows[index];
	struct shootdown_row row = { 0 };
	struct row_stacks stacks;
	bool was_used;
	bool is_counted;

	if (!__atomic_load_n(&shared->is_taken, __ATOMIC_ACQUIRE))
		return 0;
	take_sets(src, index);
	was_used = take32(&shared->was_used);
	is_counted = take_counts(&shared->counts, &row.counts);
	if (was_used || is_counted)
		note_sound(src, index);
	else
		note_silence(src, index);
	if (!is_counted)
		return 0;
	shootdowns_copy_row(src, index, &row);
	add_late(src, index);
	drop_uncounted(src, &row);
	add_sums(src, &row);
	if (index == SHOOTDOWN_OTHER_ROW)
		src->nr_other += row.counts.sent;
	stacks = shootdowns_stacks_of_row(src, index, &row, shootdowns_stacks_of(src->by));
	return groups_add(&src->collected, &row, (const uint64_t *const *)src->sets, &stacks);
}

/* ------------------------------------------------------------------------------------------------------------- room -- */

/* Without events that are wanted, what waits only says that rows are few, and that is looked after. */
static void note_room(struct mmcpus_shootdowns *src)
{
	struct shootdown_control *control = src->shared.control;
	uint32_t nr_free = control->free_tail - __atomic_load_n(&control->free_head, __ATOMIC_RELAXED);

	if (!src->with_events)
		src->ops->poll(src->state, 0, shootdowns_ignore_event, NULL);
	if (nr_free >= SHOOTDOWN_ROWS_PLENTY)
		__atomic_store_n(&control->is_scarce, 0, __ATOMIC_RELAXED);
}

bool mmcpus_shootdowns_is_crowded(const struct mmcpus_shootdowns *src)
{
	return __atomic_load_n(&src->shared.control->is_scarce, __ATOMIC_RELAXED);
}

/* ---------------------------------------------------------------------------------------------------------- collect -- */

int shootdowns_collect_at(struct mmcpus_shootdowns *src, uint64_t time_ns)
{
	int err = 0;

	src->is_complete = shootdown_tallies_take(&src->shared, src->sys->nr_cpus);
	src->is_new_round = src->is_complete && begin_round(src, time_ns);
	for (uint32_t i = 0; i < SHOOTDOWN_NR_ROWS; i++) {
		int failed = collect_row(src, i);

		if (failed)
			err = failed;
	}
	note_room(src);
	/* At once: later, the processes may be gone. */
	if (src->by == MMCPUS_BY_USER_STACK)
		user_stacks_name(&src->user_stacks, &src->collected, &src->sys->root);
	return err;
}

int mmcpus_shootdowns_collect(struct mmcpus_shootdowns *src)
{
	return shootdowns_collect_at(src, clock_ns(CLOCK_MONOTONIC));
}
