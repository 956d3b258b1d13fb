/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of the kernel's code, each kept once and named once, for all stacks that they stand in. */
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
	const char *names[KERNEL_FRAMES_MAX]; /* NULL: not asked for */
	struct text_pool texts;
};

/* Who names them: the function at an address and how far into it that is, "do_madvise+0x1b2", or -errno. */
struct kernel_symbolizer {
	int (*symbol)(void *arg, uint64_t address, char *buf, size_t size);
	void *arg;
};

/* Where it is in the addresses. False: there is no room. */
bool kernel_frames_keep(struct kernel_frames *frames, uint64_t address, uint16_t *ret);

/* The name of the one that is there, asked for if it has none yet. Never NULL: "?" if it is unknown. */
const char *kernel_frames_name(struct kernel_frames *frames, uint16_t index,
			       const struct kernel_symbolizer *symbolizer);

/* NULL is none. */
void kernel_frames_destroy(struct kernel_frames *frames);

#endif
