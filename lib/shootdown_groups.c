// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void groups_init(struct shootdown_groups *groups, enum mmcpus_shootdowns_by by, uint32_t nr_cpus)
{
	*groups = (struct shootdown_groups){ .by = by, .nr_cpus = nr_cpus };
}

void groups_clear(struct shootdown_groups *groups)
{
	for (size_t i = 0; i < groups->nr_groups; i++)
		group_destroy(groups->groups[i]);
	groups->nr_groups = 0;
	groups->nr_beyond = 0;
	text_pool_clear(&groups->texts);
	kernel_frames_destroy(groups->kernel_frames);
	groups->kernel_frames = NULL;
	user_frames_destroy(groups->user_frames);
	groups->user_frames = NULL;
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

/* Where the key is, or would be. There is always a free slot. */
static uint32_t *find_slot(const struct shootdown_groups *groups, const struct group_key *key)
{
	size_t mask = groups->nr_slots - 1;
	size_t at = group_key_hash(key) & mask;

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

/* The row may be another's by the time that they are named. Where one could not be unwound, the next that is alike is taken. */
static void keep_stacks(struct shootdown_groups *groups, struct mmcpus_shootdown *group,
			const struct row_stacks *stacks)
{
	if (stacks->kernel && !groups->kernel_frames)
		groups->kernel_frames = calloc(1, sizeof(*groups->kernel_frames));
	if (stacks->kernel && groups->kernel_frames && !group->frames)
		group_keep_stack(group, stacks->kernel, groups->kernel_frames);
	if (stacks->user && !group->user_addresses && !group->user_frames)
		group_keep_user_stack(group, stacks->user);
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
	group = key->is_other ? group_create_other(groups->by, groups->nr_cpus, key)
			      : group_create(groups->by, groups->nr_cpus, key, row);
	if (!group)
		return NULL;
	groups->groups[groups->nr_groups++] = group;
	*slot = (uint32_t)groups->nr_groups;
	return group;
}

/* Each of the groups of others may be one more. */
static bool has_room(const struct shootdown_groups *groups, const struct group_key *key)
{
	return groups->nr_groups < GROUPS_MAX || key->is_other || *find_slot(groups, key);
}

int groups_add(struct shootdown_groups *groups, const struct shootdown_row *row, const uint64_t *const *sets,
	       const struct row_stacks *stacks)
{
	struct mmcpus_shootdown *group;
	struct group_key key;
	bool is_beyond;

	if (!group_key_make(&key, groups->by, row))
		return 0;
	is_beyond = !has_room(groups, &key);
	if (is_beyond)
		group_key_make_other(&key, row);
	group = find_or_make(groups, &key, row);
	if (!group)
		return -ENOMEM;
	if (!key.is_other)
		keep_stacks(groups, group, stacks);
	if (is_beyond && !row_is_call(row) && !row_is_of_kernel(row))
		groups->nr_beyond += row->counts.sent;
	group_add(group, row, sets);
	return 0;
}

static int compare_shown(const void *a, const void *b)
{
	return group_compare_shown(*(struct mmcpus_shootdown *const *)a, *(struct mmcpus_shootdown *const *)b);
}

void groups_unite(struct shootdown_groups *groups)
{
	struct mmcpus_shootdown **list = groups->groups;
	size_t nr = 0;

	if (groups->nr_groups == 0)
		return;
	qsort(list, groups->nr_groups, sizeof(list[0]), compare_shown);
	for (size_t i = 0; i < groups->nr_groups; i++) {
		if (nr == 0 || group_compare_shown(list[nr - 1], list[i]) != 0) {
			list[nr++] = list[i];
			continue;
		}
		group_unite(list[nr - 1], list[i]);
		group_destroy(list[i]);
	}
	groups->nr_groups = nr;
}

void groups_forget_waits(struct shootdown_groups *groups)
{
	for (size_t i = 0; i < groups->nr_groups; i++) {
		struct mmcpus_shootdown *group = groups->groups[i];

		if (group->group.callback) /* calls, and flushes of the kernel's own range */
			continue;
		group->sums.wait_ns = group->sums.wait_max_ns = 0;
		memset(group->sums.wait_log2, 0, sizeof(group->sums.wait_log2));
	}
}

/* The largest first. */
static int compare_numbers(uint64_t left, uint64_t right)
{
	return (left < right) - (left > right);
}

static int compare_sent(const struct mmcpus_shootdown *left, const struct mmcpus_shootdown *right)
{
	int order = compare_numbers(left->sums.sent, right->sums.sent);

	if (!order)
		order = compare_numbers(left->sums.hits, right->sums.hits);
	return order ? order : memcmp(&left->group, &right->group, sizeof(left->group));
}

static int compare_by_cost(const void *a, const void *b)
{
	const struct mmcpus_shootdown *left = *(struct mmcpus_shootdown *const *)a;
	const struct mmcpus_shootdown *right = *(struct mmcpus_shootdown *const *)b;
	int order = (int)left->group.is_other - (int)right->group.is_other;

	if (!order)
		order = compare_numbers(left->sums.stolen_ns + left->sums.wait_ns,
					right->sums.stolen_ns + right->sums.wait_ns);
	return order ? order : compare_sent(left, right);
}

static int compare_by_sent(const void *a, const void *b)
{
	const struct mmcpus_shootdown *left = *(struct mmcpus_shootdown *const *)a;
	const struct mmcpus_shootdown *right = *(struct mmcpus_shootdown *const *)b;
	int order = (int)left->group.is_other - (int)right->group.is_other;

	return order ? order : compare_sent(left, right);
}

void groups_sort(struct shootdown_groups *groups, bool knows_cost)
{
	if (groups->nr_groups == 0)
		return;
	qsort(groups->groups, groups->nr_groups, sizeof(groups->groups[0]),
	      knows_cost ? compare_by_cost : compare_by_sent);
	memset(groups->slots, 0, groups->nr_slots * sizeof(*groups->slots));
	for (uint32_t i = 0; i < groups->nr_groups; i++)
		*find_slot(groups, &groups->groups[i]->group) = i + 1;
}

void groups_describe(struct shootdown_groups *groups, const struct group_knowledge *knowledge)
{
	for (size_t i = 0; i < groups->nr_groups; i++)
		group_describe(groups->groups[i], knowledge, &groups->texts);
}

struct mmcpus_shootdown *groups_join(const struct shootdown_groups *groups, size_t from)
{
	const struct group_key key = { .is_other = 1 };
	struct mmcpus_shootdown *ret = group_create_other(groups->by, groups->nr_cpus, &key);

	for (size_t i = from; ret && i < groups->nr_groups; i++)
		group_join(ret, groups->groups[i]);
	if (ret)
		group_describe_joined(ret);
	return ret;
}
