// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_groups.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpuset.h"
#include "shootdown_cause.h"
#include "siphash.h"

/* Beyond so many, what is new is counted in the group of all others. */
#define GROUPS_MAX 16384

void groups_init(struct shootdown_groups *groups, enum mmcpus_shootdowns_by by, uint32_t nr_cpus)
{
	*groups = (struct shootdown_groups){ .by = by, .nr_cpus = nr_cpus };
}

void group_destroy(struct mmcpus_shootdown *group)
{
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++)
		mmcpus_cpuset_destroy(group->sets[i]);
	for (size_t i = 0; i < group->nr_frames; i++)
		free(group->frames[i]);
	free(group->frames);
	for (size_t i = 0; i < group->nr_user_frames; i++) {
		free(group->user_frames[i].module);
		free(group->user_frames[i].symbol);
	}
	free(group->user_frames);
	free(group->cgroup);
	free(group);
}

void groups_clear(struct shootdown_groups *groups)
{
	for (size_t i = 0; i < groups->nr_groups; i++)
		group_destroy(groups->groups[i]);
	groups->nr_groups = 0;
	groups->nr_beyond = 0;
	if (groups->slots)
		memset(groups->slots, 0, groups->nr_slots * sizeof(*groups->slots));
}

void groups_deinit(struct shootdown_groups *groups)
{
	groups_clear(groups);
	free(groups->groups);
	free(groups->slots);
	*groups = (struct shootdown_groups){ 0 };
}

/* --------------------------------------------------------------------------------------------------------- the keys -- */

static bool is_call(const struct shootdown_row *row)
{
	return row->key.kind == SHOOTDOWN_KIND_CALL;
}

static bool is_of_kernel(const struct shootdown_row *row)
{
	return row->key.kind == SHOOTDOWN_KIND_KERNEL;
}

static uint64_t owner_id_of(const struct shootdown_row *row)
{
	return is_call(row) || is_of_kernel(row) ? 0 : row->key.owner_id;
}

/* What is called, if it is none that flushes an address space. */
static uint64_t callback_of(const struct shootdown_row *row, bool is_other)
{
	if (is_of_kernel(row))
		return SHOOTDOWN_CALLBACK_KERNEL;
	if (!is_call(row))
		return 0;
	return is_other ? SHOOTDOWN_CALLBACK_OTHER : row->key.owner_id;
}

static void key_by_process(struct group_key *ret, const struct shootdown_task *task)
{
	ret->task = task->pid;
	memcpy(ret->name, task->comm, sizeof(ret->name));
}

/* Kernel threads that do the same have numbers, or other names: what they do is the cause. */
static void key_by_cause(struct group_key *ret, const struct shootdown_row *row)
{
	char text[64] = "";

	ret->cause = row->key.cause;
	if (row->key.cause != SHOOTDOWN_CAUSE_KTHREAD)
		return;
	shootdown_cause_format(row->key.cause, row->sender.thread_comm, text, sizeof(text));
	memcpy(ret->name, text, strnlen(text, sizeof(ret->name)));
}

static void key_by_flow(struct group_key *ret, const struct shootdown_row *row)
{
	ret->start_ns = row->key.start_ns;
	ret->task = row->key.tid;
	ret->owner_id = owner_id_of(row);
	ret->cause = row->key.cause;
}

static void key_by_pair(struct group_key *ret, const struct shootdown_row *row)
{
	key_by_process(ret, &row->sender);
	ret->victim = row->key.victim;
	memcpy(ret->victim_name, row->victim.comm, sizeof(ret->victim_name));
}

/* The same addresses mean something else in another process. */
static void key_by_user_stack(struct group_key *ret, const struct shootdown_row *row)
{
	key_by_process(ret, &row->sender);
	ret->cause = row->key.cause;
	ret->stack = row->key.stack;
	ret->user_stack = row->key.user_stack;
}

/* False if the row is none for that view: one of hits where shootdowns are counted, or the other way round. */
static bool make_key(struct group_key *ret, enum mmcpus_shootdowns_by by, const struct shootdown_row *row)
{
	bool is_of_hits = by == MMCPUS_BY_PAIR || by == MMCPUS_BY_CPU;

	memset(ret, 0, sizeof(*ret));
	ret->is_other = row->key.cause == SHOOTDOWN_CAUSE_OTHER;
	ret->callback = callback_of(row, ret->is_other);
	if (ret->is_other)
		return !is_of_hits || row->counts.hits;
	if (is_of_hits && !row->key.cpu)
		return false;
	switch (by) {
	case MMCPUS_BY_PAIR:
		key_by_pair(ret, row);
		break;
	case MMCPUS_BY_SENDER:
		key_by_process(ret, &row->sender);
		break;
	case MMCPUS_BY_OWNER:
		ret->owner_id = owner_id_of(row);
		break;
	case MMCPUS_BY_CPU:
		ret->cpu = row->key.cpu;
		break;
	case MMCPUS_BY_CAUSE:
		key_by_cause(ret, row);
		break;
	case MMCPUS_BY_STACK:
		key_by_cause(ret, row);
		ret->stack = row->key.stack;
		break;
	case MMCPUS_BY_USER_STACK:
		key_by_user_stack(ret, row);
		break;
	default:
		key_by_flow(ret, row);
	}
	return true;
}

/* -------------------------------------------------------------------------------------------------------- the table -- */

/* Word by word, each under the hash of those before. */
static uint64_t hash_key(const struct group_key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)];
	uint64_t hash[2] = { 0 };

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hash[0] = siphash(hash, words[i]);
	return hash[0];
}

/* Where the key is, or would be. There is always a free slot. */
static uint32_t *find_slot(const struct shootdown_groups *groups, const struct group_key *key)
{
	size_t mask = groups->nr_slots - 1;
	size_t at = hash_key(key) & mask;

	while (groups->slots[at] && memcmp(&groups->groups[groups->slots[at] - 1]->group, key, sizeof(*key)) != 0)
		at = (at + 1) & mask;
	return &groups->slots[at];
}

static int grow(struct shootdown_groups *groups)
{
	size_t capacity = groups->capacity ? 2 * groups->capacity : 64;
	struct mmcpus_shootdown **grown = reallocarray(groups->groups, capacity, sizeof(*grown));
	uint32_t *slots = calloc(4 * capacity, sizeof(*slots));

	if (grown)
		groups->groups = grown;
	if (!grown || !slots) {
		free(slots);
		return -ENOMEM;
	}
	free(groups->slots);
	groups->slots = slots;
	groups->nr_slots = 4 * capacity;
	groups->capacity = capacity;
	for (uint32_t i = 0; i < groups->nr_groups; i++)
		*find_slot(groups, &groups->groups[i]->group) = i + 1;
	return 0;
}

static struct mmcpus_shootdown *group_create(const struct shootdown_groups *groups, const struct group_key *key,
					     const struct shootdown_row *row)
{
	struct mmcpus_shootdown *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	group->by = groups->by;
	group->group = *key;
	group->row = *row;
	memset(&group->row.counts, 0, sizeof(group->row.counts));
	group->knows_requested = true;
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++) {
		group->sets[i] = mmcpus_cpuset_create(groups->nr_cpus);
		if (!group->sets[i]) {
			group_destroy(group);
			return NULL;
		}
	}
	return group;
}

static struct mmcpus_shootdown *find_or_make(struct shootdown_groups *groups, const struct group_key *key,
					     const struct shootdown_row *row)
{
	struct mmcpus_shootdown *group;
	uint32_t *slot;

	if (groups->nr_groups == groups->capacity && grow(groups))
		return NULL;
	slot = find_slot(groups, key);
	if (*slot)
		return groups->groups[*slot - 1];
	group = group_create(groups, key, row);
	if (!group)
		return NULL;
	groups->groups[groups->nr_groups++] = group;
	*slot = (uint32_t)groups->nr_groups;
	return group;
}

/* ----------------------------------------------------------------------------------------------------------- adding -- */

static void raise(uint64_t *max, uint64_t value)
{
	if (value > *max)
		*max = value;
}

/* A wait that grew across two looks was taken out of its bucket in the second, which may leave one less than none. */
static void add_buckets(uint64_t *sums, const uint32_t *buckets)
{
	for (size_t i = 0; i < SHOOTDOWN_NR_BUCKETS; i++)
		sums[i] += (uint64_t)(int64_t)(int32_t)buckets[i];
}

static void add_counts(struct mmcpus_shootdown *group, const struct shootdown_counts *counts)
{
	struct shootdown_counts *sums = &group->row.counts;

	sums->sent += counts->sent;
	sums->pages += counts->pages;
	sums->hits += counts->hits;
	sums->stolen_ns += counts->stolen_ns;
	sums->wait_ns += counts->wait_ns;
	raise(&sums->stolen_max_ns, counts->stolen_max_ns);
	raise(&sums->wait_max_ns, counts->wait_max_ns);
	add_buckets(group->stolen_log2, counts->stolen_log2);
	add_buckets(group->wait_log2, counts->wait_log2);
}

/* An mm that is freed tells its owner no more, but another row of the same may have been told it. */
static void adopt_owner(struct mmcpus_shootdown *group, const struct shootdown_row *row)
{
	struct shootdown_row *named = &group->row;

	if (named->flags & SHOOTDOWN_ROW_OWNER_NAMED || !(row->flags & SHOOTDOWN_ROW_OWNER_NAMED) ||
	    named->key.owner_id != row->key.owner_id)
		return;
	named->flags |= SHOOTDOWN_ROW_OWNER_NAMED;
	named->owner_pid = row->owner_pid;
	memcpy(named->owner_comm, row->owner_comm, sizeof(named->owner_comm));
}

static const struct shootdown_row other_row = {
	.key = { .cause = SHOOTDOWN_CAUSE_OTHER, .user_stack = -1, .stack = -1 }
};

/* Each of the groups of others may be one more. */
static bool has_room(const struct shootdown_groups *groups, const struct group_key *key)
{
	return groups->nr_groups < GROUPS_MAX || key->is_other || *find_slot(groups, key);
}

static void make_other_key(struct group_key *ret, const struct shootdown_row *row)
{
	memset(ret, 0, sizeof(*ret));
	ret->is_other = 1;
	ret->callback = callback_of(row, true);
}

int groups_add(struct shootdown_groups *groups, const struct shootdown_row *row, const uint64_t *const *sets)
{
	struct mmcpus_shootdown *group;
	struct group_key key;
	bool is_beyond;

	if (!make_key(&key, groups->by, row))
		return 0;
	is_beyond = !has_room(groups, &key);
	if (is_beyond)
		make_other_key(&key, row);
	group = find_or_make(groups, &key, key.is_other ? &other_row : row);
	if (!group)
		return -ENOMEM;
	if (is_beyond && !is_call(row) && !is_of_kernel(row))
		groups->nr_beyond += row->counts.sent;
	adopt_owner(group, row);
	add_counts(group, &row->counts);
	if (row->key.kind < SHOOTDOWN_NR_KINDS)
		group->kinds |= 1u << row->key.kind;
	if (row->flags & SHOOTDOWN_ROW_REQUESTED_UNKNOWN)
		group->knows_requested = false;
	group->has_hidden_hits |= (row->flags & SHOOTDOWN_ROW_HITS_UNKNOWN) != 0;
	if (is_of_kernel(row) && !key.is_other && row->key.owner_id < SHOOTDOWN_NR_FUNCTIONS)
		group->functions |= 1u << row->key.owner_id;
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++)
		for (uint32_t word = 0; word < cpuset_nr_words(groups->nr_cpus); word++)
			group->sets[i]->words[word] |= sets[i][word];
	return 0;
}

static int compare_groups(const void *a, const void *b)
{
	const struct mmcpus_shootdown *left = *(struct mmcpus_shootdown *const *)a;
	const struct mmcpus_shootdown *right = *(struct mmcpus_shootdown *const *)b;
	const struct shootdown_counts *x = &left->row.counts;
	const struct shootdown_counts *y = &right->row.counts;
	uint64_t x_ns = x->stolen_ns + x->wait_ns;
	uint64_t y_ns = y->stolen_ns + y->wait_ns;

	if (left->group.is_other != right->group.is_other)
		return (int)left->group.is_other - (int)right->group.is_other;
	if (x_ns != y_ns)
		return x_ns < y_ns ? 1 : -1;
	if (x->sent != y->sent)
		return x->sent < y->sent ? 1 : -1;
	if (x->hits != y->hits)
		return x->hits < y->hits ? 1 : -1;
	return memcmp(&left->group, &right->group, sizeof(left->group));
}

void groups_sort(struct shootdown_groups *groups)
{
	if (groups->nr_groups == 0)
		return;
	qsort(groups->groups, groups->nr_groups, sizeof(groups->groups[0]), compare_groups);
	memset(groups->slots, 0, groups->nr_slots * sizeof(*groups->slots));
	for (uint32_t i = 0; i < groups->nr_groups; i++)
		*find_slot(groups, &groups->groups[i]->group) = i + 1;
}

/* ------------------------------------------------------------------------------------------------------ describing -- */

static const char *const kind_names[SHOOTDOWN_NR_KINDS] = {
	[SHOOTDOWN_KIND_RANGE] = "range", [SHOOTDOWN_KIND_WHOLE] = "whole", [SHOOTDOWN_KIND_TABLES] = "tables",
	[SHOOTDOWN_KIND_BATCH] = "batch", [SHOOTDOWN_KIND_CALL] = "call",   [SHOOTDOWN_KIND_KERNEL] = "kernel-range",
};

const char *groups_kind_name(uint32_t kind)
{
	return kind < SHOOTDOWN_NR_KINDS ? kind_names[kind] : NULL;
}

/* The names of those whose bits are set; there is room for all. */
static void join_names(uint32_t set, const char *const *names, size_t nr, char *buf, size_t size)
{
	size_t length = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < nr; i++)
		if (set & 1u << i)
			length += (size_t)snprintf(buf + length, size - length, "%s%s", length ? "," : "", names[i]);
}

/* All kinds that are in it; none if one of them is unknown. */
static void describe_kinds(struct mmcpus_shootdown *group)
{
	bool is_known = !(group->kinds & 1u << SHOOTDOWN_KIND_UNKNOWN);

	join_names(is_known ? group->kinds : 0, kind_names, SHOOTDOWN_NR_KINDS, group->kind, sizeof(group->kind));
}

static void end_at_none(uint64_t *buckets)
{
	for (size_t i = 0; i < SHOOTDOWN_NR_BUCKETS; i++)
		if ((int64_t)buckets[i] < 0)
			buckets[i] = 0;
}

#define SHOOTDOWN_FUNCTION_NAME(which, name) #name,
static const char *const function_names[] = { SHOOTDOWN_FUNCTIONS(SHOOTDOWN_FUNCTION_NAME) };

/* No hypervisor does that by itself, and it is not counted where its hits are not seen. */
static void describe_kernel(struct mmcpus_shootdown *group)
{
	group->knows_hits = group->knows_hit_cpus = group->knows_wait = true;
	join_names(group->functions, function_names, SHOOTDOWN_NR_FUNCTIONS, group->callback, sizeof(group->callback));
}

/* How a CPU comes to reschedule is not watched, and nobody waits for that; nor, often, for a call. */
static void describe_callback(struct mmcpus_shootdown *group, bool knows_hits)
{
	bool is_of_call = group->group.callback != 0;
	bool is_reschedule = group->group.callback == SHOOTDOWN_CALLBACK_RESCHEDULE;

	group->knows_hits = is_of_call ? !is_reschedule && !group->has_hidden_hits : knows_hits;
	group->knows_hit_cpus = is_of_call || knows_hits;
	group->knows_wait = !is_of_call && knows_hits;
	group->callback[0] = '\0';
	if (is_reschedule)
		snprintf(group->callback, sizeof(group->callback), "(reschedule)");
	else if (!is_of_call && !group->group.is_other)
		snprintf(group->callback, sizeof(group->callback), "flush_tlb_func");
}

/* It is noted after the hit was counted. */
static bool is_cpu_missing(const struct mmcpus_shootdown *group)
{
	return group->row.counts.hits && mmcpus_cpuset_is_empty(group->sets[SHOOTDOWN_SET_HIT]);
}

void groups_describe(struct shootdown_groups *groups, bool knows_hits)
{
	for (size_t i = 0; i < groups->nr_groups; i++) {
		struct mmcpus_shootdown *group = groups->groups[i];

		if (group->group.callback == SHOOTDOWN_CALLBACK_KERNEL)
			describe_kernel(group);
		else
			describe_callback(group, knows_hits);
		group->knows_hit_cpus &= !is_cpu_missing(group);
		group->has_cause = shootdown_cause_format(group->row.key.cause, group->row.sender.thread_comm,
							  group->cause, sizeof(group->cause)) == 0;
		describe_kinds(group);
		end_at_none(group->wait_log2);
	}
}

/* ---------------------------------------------------------------------------------------------------------- joining -- */

/* Both are described, so that no bucket holds less than none. */
static void join(struct mmcpus_shootdown *into, const struct mmcpus_shootdown *group)
{
	add_counts(into, &group->row.counts);
	for (size_t i = 0; i < SHOOTDOWN_NR_BUCKETS; i++) {
		into->stolen_log2[i] += group->stolen_log2[i];
		into->wait_log2[i] += group->wait_log2[i];
	}
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++)
		mmcpus_cpuset_or(into->sets[i], group->sets[i]);
	into->kinds |= group->kinds;
	into->knows_requested &= group->knows_requested;
	into->knows_hits |= group->knows_hits;
	into->knows_hit_cpus |= group->knows_hit_cpus;
	into->knows_wait |= group->knows_wait;
	into->nr_joined++;
}

struct mmcpus_shootdown *groups_join(const struct shootdown_groups *groups, size_t from)
{
	const struct group_key key = { .is_other = 1 };
	struct mmcpus_shootdown *ret = group_create(groups, &key, &other_row);

	for (size_t i = from; ret && i < groups->nr_groups; i++)
		join(ret, groups->groups[i]);
	if (ret)
		describe_kinds(ret);
	return ret;
}
