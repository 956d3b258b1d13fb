/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pinned files, as who pins them and who reads them see them. */
#ifndef MMCPUS_LIB_PINNED_FILE_H
#define MMCPUS_LIB_PINNED_FILE_H

#include <mmcpus/mmcpus.h>

#include "../bpf/pin_format.h"

#define PINNED_SNAPSHOT "snapshot"
#define PINNED_STATUS   "status"

/*
 * Read the header of a snapshot file that was just opened, and see if it is one that we and this system understand.
 * -EAGAIN: the kernel was short of memory, and another try may work.
 */
int pinned_read_header(int fd, const struct mmcpus_system *sys, struct pin_header *ret, struct mmcpus_reason *why);

#endif
