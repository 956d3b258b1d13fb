/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Return addresses of the kernel, each kept once, for all stacks that they stand in. */
#ifndef MMCPUS_LIB_KERNEL_FRAMES_H
#define MMCPUS_LIB_KERNEL_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text_pool.h"

/* What goes beyond is not kept. */
#define KERNEL_FRAMES_MAX 8192

/* To be allocated, filled with zeros: memory that is not touched is not there. */
struct kernel_frames {
	uint64_t addresses[KERNEL_FRAMES_MAX];
	uint16_t slots[2 * KERNEL_FRAMES_MAX]; /* hash of the addresses: the index, plus 1 */
	size_t nr;
	struct text_pool texts; /* that name them */
};

/* Where it is in the addresses. False: there is no room. */
bool kernel_frames_keep(struct kernel_frames *frames, uint64_t address, uint16_t *ret);

/* NULL is none. */
void kernel_frames_destroy(struct kernel_frames *frames);

#endif
