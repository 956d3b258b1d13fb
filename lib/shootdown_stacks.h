/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stacks of senders: those of the kernel by the names of their functions. */
#ifndef MMCPUS_LIB_SHOOTDOWN_STACKS_H
#define MMCPUS_LIB_SHOOTDOWN_STACKS_H

#include "shootdown_groups.h"

/* Name the functions of its stack, whose frames are among these, and leave out what is not the kernel's own. */
void stack_name(struct mmcpus_shootdown *group, struct kernel_frames *frames,
		const struct kernel_symbolizer *symbolizer);

/* Those of all. */
void stacks_name(struct shootdown_groups *groups, const struct kernel_symbolizer *symbolizer);

#endif
