// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_callbacks.h"

#include <stdlib.h>
#include <string.h>

#include "kernel_symbols.h"
#include "root.h"

/* There are not that many in a kernel; beyond, they have no name. */
#define CALLBACKS_MAX 1024

static bool is_function(const struct mmcpus_shootdown *group)
{
	return group->group.callback && group->group.callback != SHOOTDOWN_CALLBACK_RESCHEDULE &&
	       group->group.callback != SHOOTDOWN_CALLBACK_KERNEL;
}

static const struct kernel_symbol *find(const struct callback_names *names, uint64_t address)
{
	for (size_t i = 0; i < names->nr_symbols; i++)
		if (names->symbols[i].address == address)
			return &names->symbols[i];
	return NULL;
}

/* Is there one that was not looked up? */
static bool add_new(struct callback_names *names, const struct shootdown_groups *groups)
{
	size_t nr_before = names->nr_symbols;

	for (size_t i = 0; i < groups->nr_groups; i++) {
		uint64_t address = groups->groups[i]->group.callback;
		struct kernel_symbol *grown;

		if (!is_function(groups->groups[i]) || find(names, address) || names->nr_symbols == CALLBACKS_MAX)
			continue;
		grown = reallocarray(names->symbols, names->nr_symbols + 1, sizeof(*grown));
		if (!grown)
			break;
		names->symbols = grown;
		names->symbols[names->nr_symbols++] = (struct kernel_symbol){ .address = address };
	}
	return names->nr_symbols > nr_before;
}

void callbacks_name(struct callback_names *names, struct shootdown_groups *groups, const struct root *root)
{
	if (add_new(names, groups))
		kernel_symbols_find(root, names->symbols, names->nr_symbols);
	for (size_t i = 0; i < groups->nr_groups; i++) {
		struct mmcpus_shootdown *group = groups->groups[i];
		const struct kernel_symbol *symbol = NULL;

		if (is_function(group))
			symbol = find(names, group->group.callback);
		if (symbol && symbol->start == symbol->address)
			group->callback = text_pool_keep(&groups->texts, symbol->name);
	}
}

void callbacks_deinit(struct callback_names *names)
{
	free(names->symbols);
	*names = (struct callback_names){ 0 };
}
