/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of /proc/interrupts. */
#ifndef MMCPUS_LIB_INTERRUPTS_H
#define MMCPUS_LIB_INTERRUPTS_H

#include "root.h"

struct interrupts_row {
	uint64_t sum;
	uint64_t columns; /* another number where other CPUs have columns: then two sums can't be compared */
};

/*
 * Sum of a row ("TLB") over the CPUs of a set, or over all if it is NULL. text is changed. -ENODATA: there is no such
 * row; -EBADMSG: not the format of that file.
 */
int interrupts_sum(char *text, const char *name, const struct mmcpus_cpuset *cpus, struct interrupts_row *ret);

#endif
