/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MMCPUS_LIB_CLOCK_H
#define MMCPUS_LIB_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

#endif
