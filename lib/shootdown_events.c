// SPDX-License-Identifier: LGPL-2.1-or-later
/* Hands on what happened, one event at a time. */
#include "shootdown_source.h"

#include <string.h>

#include "clock.h"
#include "cpuset.h"
#include "shootdown_describe.h"

#define PAGE_SIZE 4096 /* of x86 */

struct listener {
	struct mmcpus_shootdowns *src;
	void (*take)(void *arg, const struct mmcpus_event *event);
	void *arg;
};

/* All that is not told is told as all. */
static uint64_t pages_of(const struct shootdown_event *event)
{
	if (event->end == UINT64_MAX || event->end < event->start)
		return 0;
	return (event->end - event->start + PAGE_SIZE - 1) / PAGE_SIZE;
}

static void fill_what(struct mmcpus_event *ret, const struct shootdown_event *event)
{
	ret->kind = shootdown_kind_name(event->kind);
	ret->start = event->start;
	ret->end = event->end;
	ret->pages = ret->kind ? pages_of(event) : 0;
}

static void fill_owner(struct mmcpus_event *ret, const struct shootdown_row *row)
{
	bool has_owner = row->flags & SHOOTDOWN_ROW_OWNER_NAMED;

	ret->owner_command = has_owner ? row->owner_comm : NULL;
	ret->owner_pid = has_owner ? row->owner_pid : 0;
	ret->owner_id = row_is_of_kernel(row) || row_is_call(row) ? 0 : row->key.owner_id;
}

/* flow: NULL if there is no memory for it. Of rows of many, neither names nor owners are known. */
static void fill_who(struct mmcpus_event *ret, const struct shootdown_row *row, const struct mmcpus_shootdown *flow)
{
	ret->flow = flow;
	ret->cause = flow ? mmcpus_shootdown_text(flow, MMCPUS_SHOOTDOWN_CAUSE) : NULL;
	ret->cgroup = flow ? mmcpus_shootdown_text(flow, MMCPUS_SHOOTDOWN_SENDER_CGROUP) : NULL;
	ret->callback = flow ? mmcpus_shootdown_text(flow, MMCPUS_SHOOTDOWN_CALLBACK) : NULL;
	fill_owner(ret, row);
	if (!row->sender.tid && !row->sender.comm[0])
		return;
	ret->pid = row->sender.pid;
	ret->tid = row->sender.tid;
	ret->command = row->sender.comm;
	ret->thread = row->sender.thread_comm;
}

/* NULL: unknown. */
static const struct mmcpus_cpuset *fill_requested(struct mmcpus_cpuset *ret, const struct shootdown_event *event)
{
	uint32_t nr_words = cpuset_nr_words(ret->nr_cpus);

	if (event->requested.nr_words != nr_words || nr_words > SHOOTDOWN_EVENT_WORDS)
		return NULL;
	memcpy(ret->words, event->requested.words, nr_words * sizeof(uint64_t));
	ret->words[nr_words - 1] &= cpuset_last_word(ret->nr_cpus);
	return ret;
}

static void fill_hit(struct mmcpus_event *ret, const struct shootdown_event *event)
{
	ret->stolen_ns = event->hit.stolen_ns;
	ret->wait_ns = event->hit.wait_ns;
	ret->victim_pid = event->hit.victim.pid;
	ret->victim_tid = event->hit.victim.tid;
	ret->victim_command = event->hit.victim.comm;
	ret->victim_thread = event->hit.victim.thread_comm;
	ret->victim_is_idle = event->type == SHOOTDOWN_EVENT_HIT_IDLE;
}

static void hand_on(void *arg, const struct shootdown_event *event)
{
	const struct listener *listener = arg;
	struct shootdown_row row = { 0 };
	struct mmcpus_event ret = { .time_ns = event->time_ns, .id = event->id, .cpu = event->cpu };

	if (event->type == SHOOTDOWN_EVENT_SCARCE) /* mmcpus_shootdowns_is_crowded() tells */
		return;
	if (event->time_ns > listener->src->told_ns)
		listener->src->told_ns = event->time_ns;
	if (event->row >= SHOOTDOWN_NR_ROWS)
		return;
	ret.type = event->type == SHOOTDOWN_EVENT_SENT ? MMCPUS_EVENT_SENT : MMCPUS_EVENT_HIT;
	if (ret.type == MMCPUS_EVENT_HIT) {
		fill_hit(&ret, event);
	} else {
		shootdowns_copy_row(listener->src, event->row, &row);
		fill_what(&ret, event);
		fill_who(&ret, &row, event_flow_of(listener->src, event->row, &row));
		ret.requested = fill_requested(listener->src->requested, event);
	}
	listener->take(listener->arg, &ret);
}

int mmcpus_shootdowns_fd(const struct mmcpus_shootdowns *src)
{
	return src->ops->fd(src->state);
}

int mmcpus_shootdowns_poll(struct mmcpus_shootdowns *src, int timeout_ms,
			   void (*take)(void *arg, const struct mmcpus_event *event), void *arg)
{
	struct listener listener = { src, take, arg };
	uint64_t begin_ns = clock_ns(CLOCK_MONOTONIC);
	int nr = src->ops->poll(src->state, timeout_ms, hand_on, &listener);

	if (nr == 0 && begin_ns > src->told_ns)
		src->told_ns = begin_ns;
	return nr;
}
