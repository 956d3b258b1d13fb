/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/PID/stat as data. */
#ifndef MMCPUS_LIB_PROC_STAT_H
#define MMCPUS_LIB_PROC_STAT_H

#include <stdint.h>

struct proc_stat {
	char state;           /* field 3: R, S, D, Z … */
	uint64_t start_ticks; /* field 22: since boot, in clock ticks */
	uint32_t last_cpu;    /* field 39: where the task runs, or ran last */
};

/* -EBADMSG if it is not such a line. The name, field 2, may hold anything, parentheses and line ends included. */
int proc_stat_parse(const char *text, struct proc_stat *ret);

#endif
