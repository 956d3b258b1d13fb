// SPDX-License-Identifier: LGPL-2.1-or-later
#include "user_frames.h"

#include <stdlib.h>
#include <string.h>

#include "siphash.h"

#define FRAME_WORDS (sizeof(struct user_frame) / sizeof(uint64_t))

_Static_assert(sizeof(struct user_frame) == 40, "no padding, for it is compared as bytes");
_Static_assert(USER_FRAMES_MAX <= UINT16_MAX, "so that a slot holds them all");

/* Word by word, each under the hash of those before. Equal texts are at the same address. */
static size_t hash_frame(const struct user_frame *frame)
{
	uint64_t words[FRAME_WORDS];
	uint64_t hash[2] = { 0 };

	memcpy(words, frame, sizeof(words));
	for (size_t i = 0; i < FRAME_WORDS; i++)
		hash[0] = siphash(hash, words[i]);
	return hash[0];
}

/* Where the frame is, or would be. Half of the slots are always free. */
static uint16_t *find_slot(struct user_frames *frames, const struct user_frame *frame)
{
	size_t mask = 2 * USER_FRAMES_MAX - 1;
	size_t at = hash_frame(frame) & mask;

	while (frames->slots[at] && memcmp(&frames->frames[frames->slots[at] - 1], frame, sizeof(*frame)) != 0)
		at = (at + 1) & mask;
	return &frames->slots[at];
}

bool user_frames_keep(struct user_frames *frames, const struct user_frame *frame, uint16_t *ret)
{
	uint16_t *slot = find_slot(frames, frame);

	if (!*slot && frames->nr == USER_FRAMES_MAX)
		return false;
	if (!*slot) {
		frames->frames[frames->nr++] = *frame;
		*slot = (uint16_t)frames->nr;
	}
	*ret = *slot - 1;
	return true;
}

void user_frames_destroy(struct user_frames *frames)
{
	if (!frames)
		return;
	text_pool_clear(&frames->texts);
	free(frames);
}
