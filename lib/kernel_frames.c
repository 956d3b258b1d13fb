// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel_frames.h"

#include <stdlib.h>

#include "siphash.h"

_Static_assert(KERNEL_FRAMES_MAX <= UINT16_MAX, "so that a slot holds them all");

/* Where the address is, or would be. Half of the slots are always free. */
static uint16_t *find_slot(struct kernel_frames *frames, uint64_t address)
{
	static const uint64_t no_key[2];
	size_t mask = 2 * KERNEL_FRAMES_MAX - 1;
	size_t at = siphash(no_key, address) & mask;

	while (frames->slots[at] && frames->addresses[frames->slots[at] - 1] != address)
		at = (at + 1) & mask;
	return &frames->slots[at];
}

bool kernel_frames_keep(struct kernel_frames *frames, uint64_t address, uint16_t *ret)
{
	uint16_t *slot = find_slot(frames, address);

	if (!*slot && frames->nr == KERNEL_FRAMES_MAX)
		return false;
	if (!*slot) {
		frames->addresses[frames->nr++] = address;
		*slot = (uint16_t)frames->nr;
	}
	*ret = *slot - 1;
	return true;
}

static const char *ask_for_name(struct kernel_frames *frames, uint64_t address,
				const struct kernel_symbolizer *symbolizer)
{
	static const char unnamed[] = "?";
	const char *kept = NULL;
	char name[128];

	if (symbolizer->symbol(symbolizer->arg, address, name, sizeof(name)) == 0)
		kept = text_pool_keep(&frames->texts, name);
	return kept ? kept : unnamed;
}

const char *kernel_frames_name(struct kernel_frames *frames, uint16_t index, const struct kernel_symbolizer *symbolizer)
{
	if (!frames->names[index])
		frames->names[index] = ask_for_name(frames, frames->addresses[index], symbolizer);
	return frames->names[index];
}

void kernel_frames_destroy(struct kernel_frames *frames)
{
	if (!frames)
		return;
	text_pool_clear(&frames->texts);
	free(frames);
}
