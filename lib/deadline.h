/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time that may be spent: of the processor, since that is what looking costs; and by the wall clock, since one may be kept
 * waiting.
 */
#ifndef MMCPUS_LIB_DEADLINE_H
#define MMCPUS_LIB_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"

struct deadline {
	uint64_t cpu_ns;
	uint64_t wall_ns;
};

/* Processor time of this thread. */
static inline uint64_t cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static inline bool is_past(const struct deadline *deadline)
{
	return cpu_ns() >= deadline->cpu_ns || clock_ns(CLOCK_MONOTONIC) >= deadline->wall_ns;
}

#endif
