/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time that may be spent, in steps. */
#ifndef MMCPUS_LIB_DEADLINE_H
#define MMCPUS_LIB_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static inline bool is_past(uint64_t deadline_ns)
{
	return now_ns() >= deadline_ns;
}

#endif
