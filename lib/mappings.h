/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a process has mapped and may access: /proc/PID/maps. */
#ifndef MMCPUS_LIB_MAPPINGS_H
#define MMCPUS_LIB_MAPPINGS_H

#include "deadline.h"
#include "population.h"
#include "root.h"

/*
 * Add all mapped pages to ret, as ranges in ascending order. process: its directory. -ETIME: not done at the deadline;
 * -ENOBUFS: too many mappings; -EBADMSG: the file can't be understood; -errno.
 */
int mappings_read(const struct root *process, uint64_t page_bytes, const struct deadline *deadline,
		  struct population *ret);

#endif
