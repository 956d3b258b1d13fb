/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people read of a group, once it is complete: its cause, kind and function in words, and what is known of it. */
#ifndef MMCPUS_LIB_SHOOTDOWN_DESCRIBE_H
#define MMCPUS_LIB_SHOOTDOWN_DESCRIBE_H

#include "shootdown_group.h"

/* What can be seen on this machine. */
struct group_knowledge {
	bool hits;        /* of shootdowns */
	bool waits;       /* of their senders */
	bool reschedules; /* that a CPU which was told to reschedule comes to that */
};

/* What is not constant is kept in texts: without room, it is unknown. */
void group_describe(struct mmcpus_shootdown *group, const struct group_knowledge *knowledge, struct text_pool *texts);

/* The same for one that sums up several, which are described. */
void group_describe_joined(struct mmcpus_shootdown *group);

/* One word; NULL: unknown. */
const char *shootdown_kind_name(uint32_t kind);

#endif
