/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: the ring of what the reader is told by itself, and what wakes it. */
#ifndef MMCPUS_BPF_SHOOTDOWN_RING_H
#define MMCPUS_BPF_SHOOTDOWN_RING_H

#include "kernel.h"
#include "shootdown_record.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* set before loading */
} events SEC(".maps");

/* If so many events wait that there is no room, the reader is on its way. */
static __always_inline void wake_reader(void)
{
	struct shootdown_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return;
	event->type = SHOOTDOWN_EVENT_SCARCE;
	bpf_ringbuf_submit(event, BPF_RB_FORCE_WAKEUP);
}

#endif
