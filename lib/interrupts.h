/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of /proc/interrupts. */
#ifndef MMCPUS_LIB_INTERRUPTS_H
#define MMCPUS_LIB_INTERRUPTS_H

#include "line_reader.h"
#include "root.h"

/* A column takes 11 bytes, and a kernel is built for 8,192 CPUs at most. */
#define INTERRUPTS_LINE_MAX 131072

struct interrupts_row {
	uint64_t sum;
	uint64_t columns; /* another number where other CPUs have columns: then two sums can't be compared */
};

/*
 * Sum of a row ("TLB") over the CPUs of a set, or over all if it is NULL. lines: of the whole file, which may have
 * megabytes, with room for INTERRUPTS_LINE_MAX. -ENODATA: there is no such row; -EBADMSG: not the format of that file;
 * -ENOMEM; -errno.
 */
int interrupts_sum(struct line_reader *lines, const char *name, const struct mmcpus_cpuset *cpus,
		   struct interrupts_row *ret);

#endif
