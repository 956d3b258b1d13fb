// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_stacks.h"

#include <string.h>

/* What a stack begins with is how the program got to run; the first of the kernel's own business is what flushes. */
static const char *const prologues[] = { "bpf_", "__bpf_", "___bpf_", "__traceiter_", "trace_", "__trace", "perf_" };

static bool is_prologue(const char *frame)
{
	for (size_t i = 0; i < sizeof(prologues) / sizeof(prologues[0]); i++)
		if (strncmp(frame, prologues[i], strlen(prologues[i])) == 0)
			return true;
	return false;
}

/* Frames without a name in front belong to the program, if others of the prologue follow. */
static uint16_t count_prologue(const struct mmcpus_shootdown *group)
{
	uint16_t nr_prologue = 0;

	for (uint16_t i = 0; i < group->nr_frames; i++) {
		const char *name = group->frame_names[group->frames[i]];

		if (is_prologue(name))
			nr_prologue = i + 1;
		else if (strcmp(name, "?") != 0)
			break;
	}
	return nr_prologue;
}

void stack_name(struct mmcpus_shootdown *group, struct kernel_frames *frames,
		const struct kernel_symbolizer *symbolizer)
{
	uint16_t skip;

	for (uint16_t i = 0; i < group->nr_frames; i++)
		kernel_frames_name(frames, group->frames[i], symbolizer);
	group->frame_names = frames->names;
	skip = count_prologue(group);
	group->nr_frames -= skip;
	if (skip)
		memmove(group->frames, group->frames + skip, group->nr_frames * sizeof(*group->frames));
}

void stacks_name(struct shootdown_groups *groups, const struct kernel_symbolizer *symbolizer)
{
	for (size_t i = 0; i < groups->nr_groups; i++)
		if (groups->groups[i]->nr_frames)
			stack_name(groups->groups[i], groups->kernel_frames, symbolizer);
}
