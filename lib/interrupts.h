/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of /proc/interrupts. */
#ifndef MMCPUS_LIB_INTERRUPTS_H
#define MMCPUS_LIB_INTERRUPTS_H

#include "root.h"

/*
 * Sum of a row ("TLB") over the CPUs of a set, or over all if it is NULL. text is changed. -ENODATA: there is no such
 * row; -EBADMSG: not the format of that file.
 */
int interrupts_sum(char *text, const char *name, const struct mmcpus_cpuset *cpus, uint64_t *ret);

#endif
