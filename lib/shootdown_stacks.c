// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_stacks.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_symbols.h"

/* What a stack begins with is how the program got to run; the first of the kernel's own business is what flushes. */
static const char *const prologues[] = { "bpf_", "__bpf_", "___bpf_", "__traceiter_", "trace_", "__trace", "perf_" };

/* Different addresses that get a name. Those of rows that cost most come first. */
#define ADDRESSES_MAX 8192
#define ADDRESSES_NEW 4096 /* and so many until the ones that stand there twice are looked for */

/* In order, and each once, when it has been tidied. */
struct addresses {
	uint64_t list[ADDRESSES_MAX + ADDRESSES_NEW];
	size_t nr;
};

/* All that the kernel has told of these. */
struct names {
	struct kernel_symbol *symbols; /* in the order of their addresses */
	size_t nr;
	const char **texts; /* the same, and one more for an address that is not there */
};

static size_t read_stack(const struct mmcpus_shootdown *group, const struct tracer_ops *ops, void *state,
			 uint64_t ret[SHOOTDOWN_STACK_FRAMES])
{
	int nr = group->row.key.stack < 0 ? 0 : ops->stack(state, group->row.key.stack, ret);

	return nr > 0 ? (size_t)nr : 0;
}

/* --------------------------------------------------------------------------------------------------------- addresses -- */

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void tidy(struct addresses *addresses)
{
	size_t nr = 0;

	qsort(addresses->list, addresses->nr, sizeof(addresses->list[0]), compare_numbers);
	for (size_t i = 0; i < addresses->nr; i++)
		if (nr == 0 || addresses->list[nr - 1] != addresses->list[i])
			addresses->list[nr++] = addresses->list[i];
	addresses->nr = nr;
}

static bool has_room(struct addresses *addresses)
{
	if (addresses->nr + SHOOTDOWN_STACK_FRAMES <= ADDRESSES_MAX + ADDRESSES_NEW)
		return true;
	tidy(addresses);
	return addresses->nr <= ADDRESSES_MAX;
}

static void find_addresses(struct addresses *ret, const struct shootdown_groups *groups, const struct tracer_ops *ops,
			   void *state)
{
	for (size_t i = 0; i < groups->nr_groups && has_room(ret); i++)
		ret->nr += read_stack(groups->groups[i], ops, state, ret->list + ret->nr);
	tidy(ret);
}

/* ------------------------------------------------------------------------------------------------------------- names -- */

static const char unnamed[] = "?";

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

static bool names_init(struct names *ret, const struct addresses *addresses, const struct root *root,
		       struct text_pool *texts)
{
	*ret = (struct names){
		.symbols = calloc(addresses->nr, sizeof(*ret->symbols)),
		.nr = addresses->nr,
		.texts = calloc(addresses->nr + 1, sizeof(*ret->texts)),
	};
	if (!ret->symbols || !ret->texts)
		return false;
	for (size_t i = 0; i < ret->nr; i++)
		ret->symbols[i].address = addresses->list[i];
	kernel_symbols_find(root, ret->symbols, ret->nr);
	for (size_t i = 0; i < ret->nr; i++)
		ret->texts[i] = frame_text(&ret->symbols[i], texts);
	ret->texts[ret->nr] = unnamed;
	return true;
}

static int compare_address(const void *key, const void *symbol)
{
	return compare_numbers(key, &((const struct kernel_symbol *)symbol)->address);
}

static uint16_t find_name(const struct names *names, uint64_t address)
{
	const struct kernel_symbol *symbol =
		bsearch(&address, names->symbols, names->nr, sizeof(*symbol), compare_address);

	return (uint16_t)(symbol ? symbol - names->symbols : (ptrdiff_t)names->nr);
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
static size_t count_prologue(const struct names *names, const uint16_t *frames, size_t nr)
{
	size_t nr_prologue = 0;

	for (size_t i = 0; i < nr; i++) {
		const char *text = names->texts[frames[i]];

		if (is_prologue(text))
			nr_prologue = i + 1;
		else if (text != unnamed)
			break;
	}
	return nr_prologue;
}

static void name_frames(struct mmcpus_shootdown *group, const struct names *names, const uint64_t *addresses, size_t nr)
{
	uint16_t frames[SHOOTDOWN_STACK_FRAMES];
	size_t skip;

	for (size_t i = 0; i < nr; i++)
		frames[i] = find_name(names, addresses[i]);
	skip = count_prologue(names, frames, nr);
	if (skip == nr)
		return;
	group->frames = malloc((nr - skip) * sizeof(*group->frames));
	if (!group->frames)
		return;
	memcpy(group->frames, frames + skip, (nr - skip) * sizeof(*group->frames));
	group->nr_frames = (uint16_t)(nr - skip);
	group->frame_texts = names->texts;
}

/* They are read twice: all at a time would take more memory than anything else. */
void stacks_name(struct shootdown_groups *groups, const struct root *root, const struct tracer_ops *ops, void *state)
{
	struct addresses *addresses = calloc(1, sizeof(*addresses));
	uint64_t stack[SHOOTDOWN_STACK_FRAMES];
	struct names names = { 0 };

	if (addresses)
		find_addresses(addresses, groups, ops, state);
	if (addresses && addresses->nr && names_init(&names, addresses, root, &groups->texts))
		for (size_t i = 0; i < groups->nr_groups; i++)
			name_frames(groups->groups[i], &names, stack, read_stack(groups->groups[i], ops, state, stack));
	free(addresses);
	free(names.symbols);
	groups->frame_texts = names.texts;
}
