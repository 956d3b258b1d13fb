// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_key.h"

#include <string.h>

#include "shootdown_cause.h"
#include "siphash.h"

static uint64_t owner_id_of(const struct shootdown_row *row)
{
	return row_is_call(row) || row_is_of_kernel(row) ? 0 : row->key.owner_id;
}

/* What is called, if it is none that flushes an address space. */
static uint64_t callback_of(const struct shootdown_row *row, bool is_other)
{
	if (row_is_of_kernel(row))
		return SHOOTDOWN_CALLBACK_KERNEL;
	if (!row_is_call(row))
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
}

bool group_key_make(struct group_key *ret, enum mmcpus_shootdowns_by by, const struct shootdown_row *row)
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

void group_key_make_other(struct group_key *ret, const struct shootdown_row *row)
{
	memset(ret, 0, sizeof(*ret));
	ret->is_other = 1;
	ret->callback = callback_of(row, true);
}

/* Word by word, each under the hash of those before. */
uint64_t group_key_hash(const struct group_key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)];
	uint64_t hash[2] = { 0 };

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hash[0] = siphash(hash, words[i]);
	return hash[0];
}
