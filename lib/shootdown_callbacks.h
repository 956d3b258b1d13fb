/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions that are called on other CPUs, by name. */
#ifndef MMCPUS_LIB_SHOOTDOWN_CALLBACKS_H
#define MMCPUS_LIB_SHOOTDOWN_CALLBACKS_H

#include "shootdown_groups.h"

/* Name what is called in each group that is of a call. What has no name stays without one. */
void callbacks_name(struct shootdown_groups *groups, const struct kernel_symbolizer *symbolizer);

/* The same for one, whose texts are kept there. known: those that were asked for before. */
void callback_name(struct kernel_frames *known, struct mmcpus_shootdown *group, struct text_pool *texts,
		   const struct kernel_symbolizer *symbolizer);

#endif
