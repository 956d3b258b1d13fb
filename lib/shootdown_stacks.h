/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel stacks of senders, by the names of their functions. */
#ifndef MMCPUS_LIB_SHOOTDOWN_STACKS_H
#define MMCPUS_LIB_SHOOTDOWN_STACKS_H

#include "shootdown_groups.h"
#include "tracer.h"

/* Give each group the frames of its stack. Where memory is short, some have none. */
void stacks_name(struct shootdown_groups *groups, const struct root *root, const struct tracer_ops *ops, void *state);

#endif
