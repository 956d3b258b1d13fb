// SPDX-License-Identifier: LGPL-2.1-or-later
/* What can be said about a row of an interval. */
#include <errno.h>
#include <stddef.h>

#include "shootdown_group.h"

#define VIEW(by) (1u << MMCPUS_BY_##by)

/* The views whose rows speak of one sending process, and so on: in others they speak of several. */
#define OF_SENDER (VIEW(FLOW) | VIEW(PAIR) | VIEW(SENDER) | VIEW(USER_STACK))
#define OF_OWNER  (VIEW(FLOW) | VIEW(OWNER))
#define OF_CAUSE  (VIEW(FLOW) | VIEW(CAUSE) | VIEW(STACK) | VIEW(USER_STACK))
#define OF_HITS   (VIEW(PAIR) | VIEW(CPU))

/* A hit that has a row apart from its sending does not say from which CPU it was sent. */
static bool is_of_sent(const struct mmcpus_shootdown *row)
{
	return !(OF_HITS >> row->by & 1) && !row->counts_nothing;
}

static bool tells(const struct mmcpus_shootdown *row, uint32_t views)
{
	return !row->group.is_other && views >> row->by & 1;
}

bool mmcpus_shootdown_is_other(const struct mmcpus_shootdown *row)
{
	return row->group.is_other && !row->nr_joined;
}

size_t mmcpus_shootdown_joined(const struct mmcpus_shootdown *row)
{
	return row->nr_joined;
}

/* ----------------------------------------------------------------------------------------------------------- numbers -- */

static int give(uint64_t *ret, bool is_known, uint64_t number)
{
	if (!is_known)
		return -ENODATA;
	*ret = number;
	return 0;
}

/* In the reader's pid namespace; what is not seen there has no number. */
static int give_pid(uint64_t *ret, bool is_known, int32_t pid)
{
	return give(ret, is_known && pid > 0, (uint64_t)pid);
}

static int give_name_number(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_number which, uint64_t *ret)
{
	const struct group_row *of = &row->row;

	switch (which) {
	case MMCPUS_SHOOTDOWN_SENDER_TID:
		return give_pid(ret, tells(row, VIEW(FLOW)), of->sender.tid);
	case MMCPUS_SHOOTDOWN_SENDER_PID:
		return give_pid(ret, tells(row, OF_SENDER), of->sender.pid);
	case MMCPUS_SHOOTDOWN_OWNER_PID:
		return give_pid(ret, tells(row, OF_OWNER) && of->flags & SHOOTDOWN_ROW_OWNER_NAMED, of->owner_pid);
	case MMCPUS_SHOOTDOWN_OWNER_ID:
		return give(ret, tells(row, OF_OWNER) && row->group.owner_id, row->group.owner_id);
	case MMCPUS_SHOOTDOWN_VICTIM_PID:
		return give(ret, tells(row, VIEW(PAIR)) && (of->key.victim == 0 || of->victim.pid > 0),
			    (uint64_t)of->victim.pid);
	case MMCPUS_SHOOTDOWN_CPU:
		return give(ret, tells(row, VIEW(CPU)), of->key.cpu - 1);
	default:
		return -ENODATA;
	}
}

int mmcpus_shootdown_number(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_number which, uint64_t *ret)
{
	const struct group_sums *sums = &row->sums;

	switch (which) {
	case MMCPUS_SHOOTDOWN_SENT:
		return give(ret, is_of_sent(row), sums->sent);
	case MMCPUS_SHOOTDOWN_PAGES:
		return give(ret, is_of_sent(row) && !(row->kinds & 1) && (sums->pages || !sums->sent), sums->pages);
	case MMCPUS_SHOOTDOWN_HITS:
		return give(ret, row->knows_hits, sums->hits);
	case MMCPUS_SHOOTDOWN_STOLEN_NS:
		return give(ret, row->knows_hits, sums->stolen_ns);
	case MMCPUS_SHOOTDOWN_STOLEN_MAX_NS:
		return give(ret, row->knows_hits, sums->stolen_max_ns);
	case MMCPUS_SHOOTDOWN_WAIT_NS:
		return give(ret, row->knows_wait && is_of_sent(row), sums->wait_ns);
	case MMCPUS_SHOOTDOWN_WAIT_MAX_NS:
		return give(ret, row->knows_wait && is_of_sent(row), sums->wait_max_ns);
	default:
		return give_name_number(row, which, ret);
	}
}

const uint64_t *mmcpus_shootdown_histogram(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_number which)
{
	uint64_t unused;

	if (mmcpus_shootdown_number(row, which, &unused))
		return NULL;
	if (which == MMCPUS_SHOOTDOWN_STOLEN_NS)
		return row->sums.stolen_log2;
	return which == MMCPUS_SHOOTDOWN_WAIT_NS ? row->sums.wait_log2 : NULL;
}

/* ------------------------------------------------------------------------------------------------------------- texts -- */

static const char *if_told(bool is_told, const char *text)
{
	return is_told ? text : NULL;
}

const char *mmcpus_shootdown_text(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_text which)
{
	const struct group_row *of = &row->row;

	switch (which) {
	case MMCPUS_SHOOTDOWN_SENDER_COMM:
		return if_told(tells(row, OF_SENDER) && of->sender.comm[0], of->sender.comm);
	case MMCPUS_SHOOTDOWN_SENDER_THREAD:
		return if_told(tells(row, VIEW(FLOW)) && of->sender.comm[0], of->sender.thread_comm);
	case MMCPUS_SHOOTDOWN_SENDER_CGROUP:
		return if_told(tells(row, VIEW(FLOW)), row->cgroup);
	case MMCPUS_SHOOTDOWN_OWNER_COMM:
		return if_told(tells(row, OF_OWNER) && of->flags & SHOOTDOWN_ROW_OWNER_NAMED, of->owner_comm);
	case MMCPUS_SHOOTDOWN_VICTIM_COMM:
		return if_told(tells(row, VIEW(PAIR)), of->victim.comm);
	case MMCPUS_SHOOTDOWN_CAUSE:
		return if_told(tells(row, OF_CAUSE), row->cause);
	case MMCPUS_SHOOTDOWN_CALLBACK:
		return row->callback;
	case MMCPUS_SHOOTDOWN_KIND:
		return if_told(row->kind[0], row->kind);
	default:
		return NULL;
	}
}

const char *mmcpus_shootdown_frame(const struct mmcpus_shootdown *row, size_t index)
{
	return index < row->nr_frames ? row->frame_names[row->frames[index]] : NULL;
}

int mmcpus_shootdown_user_frame(const struct mmcpus_shootdown *row, size_t index, struct mmcpus_user_frame *ret)
{
	const struct user_frame *frame;

	if (index >= row->nr_user_frames)
		return -ERANGE;
	frame = &row->user_frames_kept[row->user_frames[index]];
	*ret = (struct mmcpus_user_frame){
		.address = frame->address,
		.module = frame->module,
		.offset = frame->offset,
		.symbol = frame->symbol,
		.symbol_offset = frame->symbol_offset,
	};
	return 0;
}

const struct mmcpus_cpuset *mmcpus_shootdown_set(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_set which)
{
	switch (which) {
	case MMCPUS_SHOOTDOWN_SENDER_CPUS:
		return is_of_sent(row) && row->knows_senders ? row->sets[SHOOTDOWN_SET_SENDERS] : NULL;
	case MMCPUS_SHOOTDOWN_REQUESTED_CPUS:
		return is_of_sent(row) && row->knows_requested ? row->sets[SHOOTDOWN_SET_REQUESTED] : NULL;
	case MMCPUS_SHOOTDOWN_HIT_CPUS:
		return row->knows_hit_cpus ? row->sets[SHOOTDOWN_SET_HIT] : NULL;
	default:
		return NULL;
	}
}
