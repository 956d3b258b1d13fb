/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: tells of each flush and each hit by itself, where that is wanted. */
#ifndef MMCPUS_BPF_SHOOTDOWN_EVENTS_H
#define MMCPUS_BPF_SHOOTDOWN_EVENTS_H

#include "shootdown_cpu.bpf.h"
#include "shootdown_requested.bpf.h"
#include "shootdown_ring.bpf.h"
#include "shootdown_rows.bpf.h"

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
	return event;
}

/* The reader looks by itself now and then: it is woken only when it must not wait any longer. */
static __always_inline void end_event(struct shootdown_event *event)
{
	bool is_urgent = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= control.wakeup_bytes;

	bpf_ringbuf_submit(event, is_urgent ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

static __always_inline void tell_requested(struct shootdown_event *event, const struct cpu_state *sender, uint32_t cpu)
{
	uint32_t set = requested_of(cpu, sender->kind);
	bool fits = control.nr_words <= SHOOTDOWN_EVENT_WORDS;

	event->requested.nr_words = sender->knows_requested && fits ? control.nr_words : 0;
	event->requested.words[0] = sender->requested;
	for (uint32_t i = 1; i < SHOOTDOWN_EVENT_WORDS; i++) {
		const uint64_t *kept = fits && i < control.nr_words ? requested_word(set, i) : NULL;

		event->requested.words[i] = kept ? *kept : 0;
	}
}

static __always_inline void tell_sent(const struct cpu_state *sender, uint32_t cpu)
{
	struct shootdown_event *event = begin_event(sender, SHOOTDOWN_EVENT_SENT, cpu);

	if (!event)
		return;
	event->time_ns = sender->sent_ns;
	tell_requested(event, sender, cpu);
	end_event(event);
}

static __always_inline void tell_hit(const struct cpu_state *sender, uint32_t cpu, uint64_t begin_ns, uint64_t end_ns)
{
	bool is_idle = bpf_get_current_pid_tgid() == 0;
	struct shootdown_event *event =
		begin_event(sender, is_idle ? SHOOTDOWN_EVENT_HIT_IDLE : SHOOTDOWN_EVENT_HIT, cpu);

	if (!event)
		return;
	event->time_ns = end_ns;
	event->hit.stolen_ns = time_since(begin_ns, end_ns);
	event->hit.wait_ns = time_since(sender->sent_ns, end_ns);
	name_task(&event->hit.victim, (const void *)bpf_get_current_task());
	end_event(event);
}

#endif
