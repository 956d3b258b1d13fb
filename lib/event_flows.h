/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who events are about: of each row of the tracer its names and stacks, looked up once and not for each event. */
#ifndef MMCPUS_LIB_EVENT_FLOWS_H
#define MMCPUS_LIB_EVENT_FLOWS_H

#include "shootdown_groups.h"
#include "user_frames.h"

/* Of so many rows at a time, those that were looked up last: few senders send at once. */
#define EVENT_FLOWS_MAX 512

/* Zero-initialized it is empty. */
struct event_flows {
	struct mmcpus_shootdown *of_row[SHOOTDOWN_NR_ROWS]; /* NULL: not looked up */
	uint16_t rows[EVENT_FLOWS_MAX];                     /* that were, a ring */
	size_t nr;                                          /* since it was empty */
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
