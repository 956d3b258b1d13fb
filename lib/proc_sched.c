// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proc_sched.h"

#include <errno.h>
#include <string.h>

#include "number.h"

/* At the start of a line. The first line begins with a name, which may hold line ends, but is too short for this. */
#define KEY "\nnuma_preferred_nid "

int proc_sched_parse_preferred(const char *text, int32_t *ret)
{
	const char *line = strstr(text, KEY);
	const char *value;

	if (!line)
		return -ENODATA;
	value = line + strlen(KEY);
	value += strspn(value, " ");
	return *value == ':' && parse_i32(value + 1, ret) && *ret >= -1 ? 0 : -ENODATA;
}
