/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Causes that only the sender's kernel stack tells, whatever the kernel was entered for. */
#ifndef MMCPUS_LIB_STACK_CAUSES_H
#define MMCPUS_LIB_STACK_CAUSES_H

#include "tracer.h"

/* What each stack was found to tell, once it was looked at. Zero-initialized, none was. */
struct stack_causes {
	int32_t found[SHOOTDOWN_NR_STACKS];
};

/* Correct the cause in the key if its stack says another. */
void stack_causes_correct(struct stack_causes *causes, const struct tracer_ops *ops, void *state,
			  struct shootdown_key *key);

#endif
