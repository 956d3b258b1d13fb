/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc/PID/status as data. */
#ifndef MMCPUS_LIB_PROC_STATUS_H
#define MMCPUS_LIB_PROC_STATUS_H

#include <mmcpus/mmcpus.h>

/* Which lines were there. */
enum proc_status_line {
	STATUS_NAME = 1 << 0,
	STATUS_TGID = 1 << 1,
	STATUS_PPID = 1 << 2,
	STATUS_UID = 1 << 3,
	STATUS_THREADS = 1 << 4,
	STATUS_RSS = 1 << 5, /* not there: the task has no mm */
	STATUS_ALLOWED = 1 << 6,
	STATUS_ACTIVE = 1 << 7, /* Cpus_active_mm, of a kernel with the patch */
};

/* The lines Cpus_* point into the text that was parsed. */
struct proc_status {
	uint32_t lines;
	char name[16]; /* unescaped, cut to what a task name can hold */
	int32_t tgid;
	int32_t ppid;
	uint32_t uid; /* effective */
	uint32_t threads;
	uint64_t rss_kib; /* UINT64_MAX: not a number */
	const char *allowed_mask;
	const char *active_mask;
};

/* Parse the text, which is cut into lines in place. Malformed lines count as absent. */
void proc_status_parse(char *text, struct proc_status *ret);

#endif
