/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stacks of senders: those of the kernel by the names of their functions. */
#ifndef MMCPUS_LIB_SHOOTDOWN_STACKS_H
#define MMCPUS_LIB_SHOOTDOWN_STACKS_H

#include "root.h"
#include "shootdown_groups.h"

/* Name the functions of all stacks, and leave out what is not the kernel's own. Where memory is short, some have none. */
void stacks_name(struct shootdown_groups *groups, const struct root *root);

#endif
