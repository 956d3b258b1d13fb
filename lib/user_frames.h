/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Places in user space, each kept once, for all stacks that they stand in. */
#ifndef MMCPUS_LIB_USER_FRAMES_H
#define MMCPUS_LIB_USER_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "text_pool.h"

/* What goes beyond is not kept. */
#define USER_FRAMES_MAX 16384

struct user_frame {
	uint64_t address;
	uint64_t offset; /* in the file of the module */
	uint64_t symbol_offset;
	const char *module; /* in the texts; NULL: unknown */
	const char *symbol; /* the same */
};

/* To be allocated, filled with zeros: memory that is not touched is not there. */
struct user_frames {
	struct text_pool texts;
	struct user_frame frames[USER_FRAMES_MAX];
	uint16_t slots[2 * USER_FRAMES_MAX]; /* hash of the frames: the index, plus 1 */
	size_t nr;
};

/* Where it is in the frames. False: there is no room. */
bool user_frames_keep(struct user_frames *frames, const struct user_frame *frame, uint16_t *ret);

/* With all that was allocated for it, and itself. NULL: none. */
void user_frames_destroy(struct user_frames *frames);

#endif
