/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Causes of shootdowns, in words. */
#ifndef MMCPUS_LIB_SHOOTDOWN_CAUSE_H
#define MMCPUS_LIB_SHOOTDOWN_CAUSE_H

#include <stddef.h>
#include <stdint.h>

/*
 * cause: enum shootdown_cause. comm: of the sending thread. -ENODATA if it is unknown. What is written may be cut, and is
 * as untrusted as comm.
 */
int shootdown_cause_format(int32_t cause, const char *comm, char *buf, size_t size);

#endif
