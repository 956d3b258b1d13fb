// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_stacks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_symbols.h"

/* What a stack begins with is how the program got to run; the first of the kernel's own business is what flushes. */
static const char *const prologues[] = { "bpf_", "__bpf_", "___bpf_", "__traceiter_", "trace_", "__trace", "perf_" };

struct stack {
	uint64_t addresses[SHOOTDOWN_STACK_FRAMES];
	size_t nr;
};

static void read_stack(const struct mmcpus_shootdown *group, const struct tracer_ops *ops, void *state,
		       struct stack *ret)
{
	int nr = group->row.key.stack < 0 ? 0 : ops->stack(state, group->row.key.stack, ret->addresses);

	ret->nr = nr > 0 ? (size_t)nr : 0;
}

static int compare_address(const void *key, const void *symbol)
{
	uint64_t left = *(const uint64_t *)key;
	uint64_t right = ((const struct kernel_symbol *)symbol)->address;

	return (left > right) - (left < right);
}

/* "?" unless it has a name. To be freed. */
static char *frame_text(const struct kernel_symbol *symbols, size_t nr_symbols, uint64_t address)
{
	const struct kernel_symbol *symbol = bsearch(&address, symbols, nr_symbols, sizeof(*symbols), compare_address);
	char text[KERNEL_SYMBOL_SIZE + 16];

	if (!symbol || !symbol->start)
		return strdup("?");
	snprintf(text, sizeof(text), "%s+0x%x", symbol->name, (unsigned)(address - symbol->start));
	return strdup(text);
}

static bool is_prologue(const char *frame)
{
	for (size_t i = 0; i < sizeof(prologues) / sizeof(prologues[0]); i++)
		if (strncmp(frame, prologues[i], strlen(prologues[i])) == 0)
			return true;
	return false;
}

/* Frames without a name in front belong to the program, if others of the prologue follow. */
static size_t count_prologue(char *const *frames, size_t nr)
{
	size_t nr_prologue = 0;

	for (size_t i = 0; i < nr && (is_prologue(frames[i]) || strcmp(frames[i], "?") == 0); i++)
		if (is_prologue(frames[i]))
			nr_prologue = i + 1;
	return nr_prologue;
}

static void name_frames(struct mmcpus_shootdown *group, const struct stack *stack, const struct kernel_symbol *symbols,
			size_t nr_symbols)
{
	char *frames[SHOOTDOWN_STACK_FRAMES];
	size_t nr = 0;
	size_t skip;

	while (nr < stack->nr && (frames[nr] = frame_text(symbols, nr_symbols, stack->addresses[nr])))
		nr++;
	skip = count_prologue(frames, nr);
	group->frames = calloc(nr - skip + 1, sizeof(*group->frames));
	for (size_t i = 0; i < nr; i++) {
		if (i >= skip && group->frames)
			group->frames[group->nr_frames++] = frames[i];
		else
			free(frames[i]);
	}
}

void stacks_name(struct shootdown_groups *groups, const struct root *root, const struct tracer_ops *ops, void *state)
{
	struct stack *stacks = calloc(groups->nr_groups + 1, sizeof(*stacks));
	struct kernel_symbol *symbols = calloc(groups->nr_groups * SHOOTDOWN_STACK_FRAMES + 1, sizeof(*symbols));
	size_t nr_symbols = 0;

	for (size_t i = 0; stacks && symbols && i < groups->nr_groups; i++) {
		read_stack(groups->groups[i], ops, state, &stacks[i]);
		for (size_t j = 0; j < stacks[i].nr; j++)
			symbols[nr_symbols++].address = stacks[i].addresses[j];
	}
	if (nr_symbols)
		kernel_symbols_find(root, symbols, nr_symbols);
	for (size_t i = 0; stacks && symbols && i < groups->nr_groups; i++)
		name_frames(groups->groups[i], &stacks[i], symbols, nr_symbols);
	free(symbols);
	free(stacks);
}
