/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: tells of each flush and each hit by itself, where that is wanted. */
#ifndef MMCPUS_BPF_SHOOTDOWN_EVENTS_H
#define MMCPUS_BPF_SHOOTDOWN_EVENTS_H

#include "shootdown_cpu.bpf.h"
#include "shootdown_requested.bpf.h"
#include "shootdown_ring.bpf.h"
#include "shootdown_rows.bpf.h"

/* NULL: there is no room, and that is counted. */
static __always_inline struct shootdown_event *begin_event(uint32_t type, uint64_t id, uint32_t cpu, uint32_t row,
							   uint32_t kind)
{
	struct shootdown_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&control.nr_dropped, 1);
		return NULL;
	}
	event->id = id;
	event->type = type;
	event->cpu = cpu;
	event->row = row;
	event->kind = kind;
	return event;
}

/* The reader looks by itself now and then: it is woken only when it must not wait any longer. */
static __always_inline void end_event(struct shootdown_event *event)
{
	bool is_urgent = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= settings.wakeup_bytes;

	bpf_ringbuf_submit(event, is_urgent ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

static __always_inline void tell_requested(struct shootdown_event *event, const struct cpu_state *sender, uint32_t cpu)
{
	uint32_t set = requested_of(cpu, sender->kind);
	bool fits = settings.nr_words <= SHOOTDOWN_EVENT_WORDS;

	event->requested.nr_words = sender->knows_requested && fits ? settings.nr_words : 0;
	event->requested.words[0] = sender->requested;
	for (uint32_t i = 1; i < SHOOTDOWN_EVENT_WORDS; i++) {
		const uint64_t *kept = fits && i < settings.nr_words ? requested_word(set, i) : NULL;

		event->requested.words[i] = kept ? *kept : 0;
	}
}

static __always_inline void tell_sent(const struct cpu_state *sender, uint32_t cpu)
{
	struct shootdown_event *event = begin_event(SHOOTDOWN_EVENT_SENT, sender->id, cpu, sender->row, sender->kind);

	if (!event)
		return;
	event->time_ns = sender->sent_ns;
	event->start = sender->start;
	event->end = sender->end;
	tell_requested(event, sender, cpu);
	end_event(event);
}

/* Of a hit that begins and ends then, and was sent at sent_ns; 0: it is one of a call. */
static __always_inline void tell_hit_of(uint64_t id, uint32_t row, uint32_t kind, uint32_t cpu, uint64_t begin_ns,
					uint64_t end_ns, uint64_t sent_ns)
{
	bool is_idle = bpf_get_current_pid_tgid() == 0;
	struct shootdown_event *event =
		begin_event(is_idle ? SHOOTDOWN_EVENT_HIT_IDLE : SHOOTDOWN_EVENT_HIT, id, cpu, row, kind);

	if (!event)
		return;
	event->time_ns = end_ns;
	event->start = event->end = 0;
	event->hit.stolen_ns = time_since(begin_ns, end_ns);
	event->hit.wait_ns = sent_ns ? time_since(sent_ns, end_ns) : SHOOTDOWN_WAIT_UNKNOWN;
	name_task(&event->hit.victim, (const void *)bpf_get_current_task());
	end_event(event);
}

static __always_inline void tell_hit(const struct cpu_state *sender, uint32_t cpu, uint64_t begin_ns, uint64_t end_ns)
{
	tell_hit_of(sender->id, sender->row, sender->kind, cpu, begin_ns, end_ns, sender->sent_ns);
}

/* from: SHOOTDOWN_CPU_UNKNOWN if it was not seen when it was sent. */
static __always_inline void tell_call(uint64_t id, uint32_t row, uint32_t from, uint32_t target)
{
	struct shootdown_event *event = begin_event(SHOOTDOWN_EVENT_SENT, id, from, row, SHOOTDOWN_KIND_CALL);

	if (!event)
		return;
	event->time_ns = bpf_ktime_get_ns();
	event->start = 0;
	event->end = ~0ull;
	event->requested.nr_words = settings.nr_words <= SHOOTDOWN_EVENT_WORDS ? settings.nr_words : 0;
	for (uint32_t i = 0; i < SHOOTDOWN_EVENT_WORDS; i++)
		event->requested.words[i] = target / 64 == i ? 1ull << target % 64 : 0;
	end_event(event);
}

#endif
