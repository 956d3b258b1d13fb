/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Causes that only the sender's kernel stack tells, whatever the kernel was entered for. */
#ifndef MMCPUS_LIB_STACK_CAUSES_H
#define MMCPUS_LIB_STACK_CAUSES_H

#include "tracer.h"

/* Of return addresses that are remembered: more than stacks that flush have. A power of two. */
#define STACK_CAUSES_PLACES 4096

/* What the functions at some addresses tell, once they were asked for. Zero-initialized, none was. */
struct stack_causes {
	struct {
		uint64_t address;
		int32_t cause;
	} known[STACK_CAUSES_PLACES]; /* each at the place of its hash, the latest */
};

/* Correct the cause in the key if its stack says another. */
void stack_causes_correct(struct stack_causes *causes, const struct tracer_ops *ops, void *state,
			  const struct shootdown_stack *stack, struct shootdown_key *key);

#endif
