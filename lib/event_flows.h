/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who events are about: of each row of the tracer its names and stacks, looked up once and not for each event. */
#ifndef MMCPUS_LIB_EVENT_FLOWS_H
#define MMCPUS_LIB_EVENT_FLOWS_H

#include "shootdown_groups.h"
#include "user_frames.h"

/* Of so many rows at a time: more senders than that send nothing at once, as a rule. */
#define EVENT_FLOWS_PLACES 512

/* Zero-initialized it is empty. */
struct event_flows {
	struct mmcpus_shootdown *places[EVENT_FLOWS_PLACES]; /* of the row that was looked up last. NULL: none was */
	struct kernel_frames *kernel_frames;
	struct user_frames *user_frames;
	struct text_pool texts;
};

struct mmcpus_shootdowns;

/* Of the row that is a copy of that number's. It lives until the next call. NULL: no memory. */
const struct mmcpus_shootdown *event_flow_of(struct mmcpus_shootdowns *src, uint32_t index,
					     const struct shootdown_row *row);

void event_flows_deinit(struct event_flows *flows);

#endif
