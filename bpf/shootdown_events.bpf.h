/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: tells of each flush and each hit by itself, where that is wanted. */
#ifndef MMCPUS_BPF_SHOOTDOWN_EVENTS_H
#define MMCPUS_BPF_SHOOTDOWN_EVENTS_H

#include "shootdown_cpu.bpf.h"
#include "shootdown_rows.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* set before loading */
} events SEC(".maps");

/* NULL: there is no room, and that is counted. */
static __always_inline struct shootdown_event *begin_event(const struct cpu_state *sender, uint32_t type, uint32_t cpu)
{
	struct shootdown_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&control.nr_dropped, 1);
		return NULL;
	}
	event->id = sender->id;
	event->type = type;
	event->cpu = cpu;
	event->row = sender->row;
	event->kind = sender->kind;
	event->start = sender->start;
	event->end = sender->end;
	event->stolen_ns = 0;
	event->wait_ns = 0;
	return event;
}

/* The reader looks by itself now and then: it is woken only when it must not wait any longer. */
static __always_inline void end_event(struct shootdown_event *event)
{
	bool is_urgent = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= control.wakeup_bytes;

	bpf_ringbuf_submit(event, is_urgent ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

static __always_inline void tell_sent(const struct cpu_state *sender, uint32_t cpu)
{
	struct shootdown_event *event = begin_event(sender, SHOOTDOWN_EVENT_SENT, cpu);

	if (!event)
		return;
	event->time_ns = sender->sent_ns;
	__builtin_memset(&event->victim, 0, sizeof(event->victim));
	end_event(event);
}

static __always_inline void tell_hit(const struct cpu_state *sender, uint32_t cpu, uint64_t begin_ns, uint64_t end_ns)
{
	struct shootdown_event *event = begin_event(sender, SHOOTDOWN_EVENT_HIT, cpu);

	if (!event)
		return;
	event->time_ns = end_ns;
	event->stolen_ns = time_since(begin_ns, end_ns);
	event->wait_ns = time_since(sender->sent_ns, end_ns);
	name_task(&event->victim, (const void *)bpf_get_current_task());
	end_event(event);
}

#endif
