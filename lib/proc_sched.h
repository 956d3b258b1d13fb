/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/PID/task/TID/sched as data. */
#ifndef MMCPUS_LIB_PROC_SCHED_H
#define MMCPUS_LIB_PROC_SCHED_H

#include <stdint.h>

/* The node where NUMA balancing wants a thread to be; -1: none in particular. -ENODATA if the text does not tell. */
int proc_sched_parse_preferred(const char *text, int32_t *ret);

#endif
