/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where automatic NUMA balancing wants a thread to be: /proc/PID/task/TID/sched as data. */
#ifndef MMCPUS_LIB_NUMA_PREFERRED_H
#define MMCPUS_LIB_NUMA_PREFERRED_H

#include <stdint.h>

/* -1: it has no preference. -ENODATA if the text does not tell. */
int numa_preferred_parse(const char *text, int32_t *ret);

#endif
