// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_callbacks.h"

#include <stdlib.h>
#include <string.h>

static bool is_function(uint64_t callback)
{
	return callback && callback != SHOOTDOWN_CALLBACK_RESCHEDULE && callback != SHOOTDOWN_CALLBACK_OTHER &&
	       callback != SHOOTDOWN_CALLBACK_KERNEL;
}

/* What is called is the begin of a function, or it is not what it seems. */
static const char *keep_function(struct text_pool *texts, const char *name)
{
	size_t length = strcspn(name, "+");
	char function[128];

	if (strcmp(name + length, "+0x0") != 0 || length >= sizeof(function))
		return NULL;
	memcpy(function, name, length);
	function[length] = '\0';
	return text_pool_keep(texts, function);
}

void callback_name(struct kernel_frames *known, struct mmcpus_shootdown *group, struct text_pool *texts,
		   const struct kernel_symbolizer *symbolizer)
{
	uint16_t index;

	if (is_function(group->group.callback) && kernel_frames_keep(known, group->group.callback, &index))
		group->callback = keep_function(texts, kernel_frames_name(known, index, symbolizer));
}

void callbacks_name(struct shootdown_groups *groups, const struct kernel_symbolizer *symbolizer)
{
	struct kernel_frames *known = calloc(1, sizeof(*known));

	for (size_t i = 0; known && i < groups->nr_groups; i++)
		callback_name(known, groups->groups[i], &groups->texts, symbolizer);
	kernel_frames_destroy(known);
}
