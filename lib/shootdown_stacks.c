// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_stacks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_symbols.h"

/* What a stack begins with is how the program got to run; the first of the kernel's own business is what flushes. */
static const char *const prologues[] = { "bpf_", "__bpf_", "___bpf_", "__traceiter_", "trace_", "__trace", "perf_" };

static const char unnamed[] = "?";

/* ------------------------------------------------------------------------------------------------------------- names -- */

static const char *frame_text(const struct kernel_symbol *symbol, struct text_pool *texts)
{
	char text[KERNEL_SYMBOL_SIZE + 16];
	const char *kept;

	if (!symbol->start)
		return unnamed;
	snprintf(text, sizeof(text), "%s+0x%x", symbol->name, (unsigned)(symbol->address - symbol->start));
	kept = text_pool_keep(texts, text);
	return kept ? kept : unnamed;
}

/* The name of each of the frames. NULL: no memory. */
static const char **name_addresses(struct kernel_frames *frames, const struct root *root)
{
	struct kernel_symbol *symbols = calloc(frames->nr, sizeof(*symbols));
	const char **ret = calloc(frames->nr, sizeof(*ret));
	uint16_t index;

	for (size_t i = 0; symbols && i < frames->nr; i++)
		symbols[i].address = frames->addresses[i];
	if (symbols)
		kernel_symbols_find(root, symbols, frames->nr);
	for (size_t i = 0; ret && i < frames->nr; i++)
		ret[i] = unnamed;
	for (size_t i = 0; symbols && ret && i < frames->nr; i++)
		if (kernel_frames_keep(frames, symbols[i].address, &index))
			ret[index] = frame_text(&symbols[i], &frames->texts);
	free(symbols);
	return ret;
}

/* ------------------------------------------------------------------------------------------------------------ frames -- */

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
		const char *text = group->frame_texts[group->frames[i]];

		if (is_prologue(text))
			nr_prologue = i + 1;
		else if (text != unnamed)
			break;
	}
	return nr_prologue;
}

static void name_frames(struct mmcpus_shootdown *group, const char *const *texts)
{
	uint16_t skip;

	group->frame_texts = texts;
	if (!texts)
		group->nr_frames = 0;
	skip = count_prologue(group);
	group->nr_frames -= skip;
	if (skip)
		memmove(group->frames, group->frames + skip, group->nr_frames * sizeof(*group->frames));
}

void stacks_name(struct shootdown_groups *groups, const struct root *root)
{
	if (!groups->kernel_frames || !groups->kernel_frames->nr)
		return;
	groups->frame_texts = name_addresses(groups->kernel_frames, root);
	for (size_t i = 0; i < groups->nr_groups; i++)
		name_frames(groups->groups[i], groups->frame_texts);
}
