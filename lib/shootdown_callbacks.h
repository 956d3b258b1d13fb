/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions that are called on other CPUs, by name. */
#ifndef MMCPUS_LIB_SHOOTDOWN_CALLBACKS_H
#define MMCPUS_LIB_SHOOTDOWN_CALLBACKS_H

#include "shootdown_groups.h"

struct root;
struct kernel_symbol;

/* Those that were looked up: the kernel's list is too long to read it for every interval. Zero-initialized it is empty. */
struct callback_names {
	struct kernel_symbol *symbols; /* in the order of their addresses */
	size_t nr_symbols;
};

/* Name what is called in each group that is of a call. What has no name stays without one. */
void callbacks_name(struct callback_names *names, struct shootdown_groups *groups, const struct root *root);
void callbacks_deinit(struct callback_names *names);

#endif
