// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_group.h"

#include <stdlib.h>
#include <string.h>

#include "cpuset.h"

_Static_assert(sizeof(struct mmcpus_shootdown) % _Alignof(struct mmcpus_cpuset) == 0, "sets follow it");

static void copy_row(struct group_row *ret, const struct shootdown_row *row)
{
	ret->key = row->key;
	ret->sender = row->sender;
	ret->victim = row->victim;
	ret->cgroup = row->cgroup;
	ret->owner_pid = row->owner_pid;
	memcpy(ret->owner_comm, row->owner_comm, sizeof(ret->owner_comm));
	ret->flags = row->flags;
}

struct mmcpus_shootdown *group_create(enum mmcpus_shootdowns_by by, uint32_t nr_cpus, const struct group_key *key,
				      const struct shootdown_row *row)
{
	struct mmcpus_shootdown *group = calloc(1, sizeof(*group) + SHOOTDOWN_NR_SETS * cpuset_bytes(nr_cpus));
	char *set;

	if (!group)
		return NULL;
	set = (char *)(group + 1);
	group->by = by;
	group->group = *key;
	copy_row(&group->row, row);
	group->knows_senders = group->knows_requested = true;
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++) {
		group->sets[i] = (struct mmcpus_cpuset *)(set + i * cpuset_bytes(nr_cpus));
		cpuset_init(group->sets[i], nr_cpus);
	}
	return group;
}

void group_destroy(struct mmcpus_shootdown *group)
{
	free(group->frames);
	free(group->user_addresses);
	free(group->user_frames);
	free(group);
}

struct mmcpus_shootdown *group_create_other(enum mmcpus_shootdowns_by by, uint32_t nr_cpus, const struct group_key *key)
{
	const struct shootdown_row row = {
		.key = { .cause = SHOOTDOWN_CAUSE_OTHER },
	};

	return group_create(by, nr_cpus, key, &row);
}

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

static void add_counts(struct group_sums *sums, const struct shootdown_counts *counts)
{
	sums->sent += counts->sent;
	sums->pages += counts->pages;
	sums->hits += counts->hits;
	sums->stolen_ns += counts->stolen_ns;
	sums->wait_ns += counts->wait_ns;
	raise(&sums->stolen_max_ns, counts->stolen_max_ns);
	raise(&sums->wait_max_ns, counts->wait_max_ns);
	add_buckets(sums->stolen_log2, counts->stolen_log2);
	add_buckets(sums->wait_log2, counts->wait_log2);
}

static void add_sums(struct group_sums *into, const struct group_sums *sums)
{
	into->sent += sums->sent;
	into->pages += sums->pages;
	into->hits += sums->hits;
	into->stolen_ns += sums->stolen_ns;
	into->wait_ns += sums->wait_ns;
	raise(&into->stolen_max_ns, sums->stolen_max_ns);
	raise(&into->wait_max_ns, sums->wait_max_ns);
	for (size_t i = 0; i < SHOOTDOWN_NR_BUCKETS; i++) {
		into->stolen_log2[i] += sums->stolen_log2[i];
		into->wait_log2[i] += sums->wait_log2[i];
	}
}

/* An mm that is freed tells its owner no more, but another row of the same may have been told it. */
static void adopt_owner(struct mmcpus_shootdown *group, const struct shootdown_row *row)
{
	struct group_row *named = &group->row;

	if (named->flags & SHOOTDOWN_ROW_OWNER_NAMED || !(row->flags & SHOOTDOWN_ROW_OWNER_NAMED) ||
	    named->key.owner_id != row->key.owner_id)
		return;
	named->flags |= SHOOTDOWN_ROW_OWNER_NAMED;
	named->owner_pid = row->owner_pid;
	memcpy(named->owner_comm, row->owner_comm, sizeof(named->owner_comm));
}

void group_note_row(struct mmcpus_shootdown *group, const struct shootdown_row *row)
{
	if (row->key.kind < SHOOTDOWN_NR_KINDS)
		group->kinds |= 1u << row->key.kind;
	if (row->flags & SHOOTDOWN_ROW_REQUESTED_UNKNOWN)
		group->knows_requested = false;
	if (row->flags & SHOOTDOWN_ROW_SENDERS_UNKNOWN)
		group->knows_senders = false;
	group->has_hidden_hits |= (row->flags & SHOOTDOWN_ROW_HITS_UNKNOWN) != 0;
	if (row_is_of_kernel(row) && !group->group.is_other && row->key.owner_id < SHOOTDOWN_NR_FUNCTIONS)
		group->functions |= 1u << row->key.owner_id;
}

void group_add(struct mmcpus_shootdown *group, const struct shootdown_row *row, const uint64_t *const *sets)
{
	adopt_owner(group, row);
	add_counts(&group->sums, &row->counts);
	group_note_row(group, row);
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++)
		for (uint32_t word = 0; word < cpuset_nr_words(group->sets[i]->nr_cpus); word++)
			group->sets[i]->words[word] |= sets[i][word];
}

/* ------------------------------------------------------------------------------------------------------------ stacks -- */

static uint16_t count_frames(const struct shootdown_stack *stack)
{
	uint16_t nr = 0;

	while (nr < SHOOTDOWN_STACK_FRAMES && stack->frames[nr])
		nr++;
	return nr;
}

void group_keep_stack(struct mmcpus_shootdown *group, const struct shootdown_stack *stack, struct kernel_frames *frames)
{
	uint16_t nr = count_frames(stack);

	group->frames = nr ? calloc(nr, sizeof(*group->frames)) : NULL;
	if (!group->frames)
		return;
	while (group->nr_frames < nr &&
	       kernel_frames_keep(frames, stack->frames[group->nr_frames], &group->frames[group->nr_frames]))
		group->nr_frames++;
}

void group_keep_user_stack(struct mmcpus_shootdown *group, const struct shootdown_stack *stack)
{
	uint16_t nr = count_frames(stack);

	group->user_addresses = nr ? calloc(nr, sizeof(*group->user_addresses)) : NULL;
	if (!group->user_addresses)
		return;
	memcpy(group->user_addresses, stack->frames, nr * sizeof(*group->user_addresses));
	group->nr_user_addresses = nr;
}

static int compare_keys(const struct group_key *left, const struct group_key *right)
{
	struct group_key x = *left;
	struct group_key y = *right;

	x.stack = y.stack = 0;
	return memcmp(&x, &y, sizeof(x));
}

/* They are in the same table, and so are their frames. */
static int compare_frames(const uint16_t *left, uint16_t nr_left, const uint16_t *right, uint16_t nr_right)
{
	if (nr_left != nr_right)
		return (int)nr_left - (int)nr_right;
	return nr_left ? memcmp(left, right, nr_left * sizeof(*left)) : 0;
}

int group_compare_shown(const struct mmcpus_shootdown *left, const struct mmcpus_shootdown *right)
{
	int order = compare_keys(&left->group, &right->group);

	if (!order)
		order = compare_frames(left->frames, left->nr_frames, right->frames, right->nr_frames);
	if (!order)
		order = compare_frames(left->user_frames, left->nr_user_frames, right->user_frames,
				       right->nr_user_frames);
	return order;
}

/* -------------------------------------------------------------------------------------------------------------- joins -- */

static void add_group(struct mmcpus_shootdown *into, const struct mmcpus_shootdown *group)
{
	add_sums(&into->sums, &group->sums);
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++)
		mmcpus_cpuset_or(into->sets[i], group->sets[i]);
	into->kinds |= group->kinds;
	into->knows_senders &= group->knows_senders;
	into->knows_requested &= group->knows_requested;
}

void group_unite(struct mmcpus_shootdown *into, const struct mmcpus_shootdown *group)
{
	add_group(into, group);
	into->functions |= group->functions;
	into->has_hidden_hits |= group->has_hidden_hits;
}

void group_join(struct mmcpus_shootdown *into, const struct mmcpus_shootdown *group)
{
	add_group(into, group);
	into->knows_hits |= group->knows_hits;
	into->knows_hit_cpus |= group->knows_hit_cpus;
	into->knows_wait |= group->knows_wait;
	into->nr_joined++;
}
