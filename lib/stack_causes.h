/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Causes that only the sender's kernel stack tells, whatever the kernel was entered for. */
#ifndef MMCPUS_LIB_STACK_CAUSES_H
#define MMCPUS_LIB_STACK_CAUSES_H

#include "kernel_symbols.h"
#include "tracer.h"

#define STACK_CAUSES_NR 3

struct stack_causes {
	struct kernel_function functions[STACK_CAUSES_NR];
	bool has_looked; /* for where they are, which happens when it is needed */
};

/* Correct the cause in the key if its stack says another. */
void stack_causes_correct(struct stack_causes *causes, const struct root *root, const struct tracer_ops *ops,
			  void *state, struct shootdown_key *key);

#endif
