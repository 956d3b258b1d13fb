/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Say why, if somebody asked. */
#ifndef MMCPUS_LIB_REASON_H
#define MMCPUS_LIB_REASON_H

#include <mmcpus/mmcpus.h>

/* Set what failed; returns err, so that "return reason_set(why, -ENOENT, …)" reads in one line. why may be NULL. */
int reason_set(struct mmcpus_reason *why, int err, const char *what, ...) __attribute__((format(printf, 3, 4)));

/* Add what the reader can do about it. */
void reason_remedy(struct mmcpus_reason *why, const char *remedy, ...) __attribute__((format(printf, 2, 3)));

#endif
