// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proc_stat.h"

#include <errno.h>
#include <string.h>

#include "number.h"

/* Start of a field, counted as proc(5) does; text starts at field 3. NULL if the line ends before. */
static const char *field(const char *text, int number)
{
	for (int i = 3; i < number && text; i++) {
		text = strchr(text, ' ');
		if (text)
			text++;
	}
	return text;
}

int proc_stat_parse(const char *text, struct proc_stat *ret)
{
	const char *name_end = strrchr(text, ')');
	const char *start_ticks;
	const char *last_cpu;

	if (!name_end || name_end[1] != ' ' || name_end[2] == '\0')
		return -EBADMSG;
	text = name_end + 2;
	start_ticks = field(text, 22);
	last_cpu = field(text, 39);
	if (!start_ticks || !parse_u64(start_ticks, &ret->start_ticks) || !last_cpu ||
	    !parse_u32(last_cpu, &ret->last_cpu))
		return -EBADMSG;
	ret->state = *text;
	return 0;
}
