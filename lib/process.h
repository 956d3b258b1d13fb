/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What /proc tells of a single process. */
#ifndef MMCPUS_LIB_PROCESS_H
#define MMCPUS_LIB_PROCESS_H

#include "root.h"

/* When it started, since boot. -ESRCH: it is not there, or hidden; -EBADMSG: its stat file can't be understood. */
int process_read_start(const struct root *root, int32_t pid, uint64_t *ret_ns);

#endif
