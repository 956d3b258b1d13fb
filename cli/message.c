/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "escape.h"
#include "xalloc.h"

const char *plural(size_t nr)
{
	return nr == 1 ? "" : "s";
}

void complain(const char *format, ...)
{
	va_list args;
	char *raw;
	char *line;

	va_start(args, format);
	raw = xvasprintf(format, args);
	va_end(args);
	line = escape_message(raw);
	fprintf(stderr, "mmcpus: %s\n", line);
	free(line);
	free(raw);
}

char *reason_text(const struct mmcpus_reason *why)
{
	return xasprintf("%s%s%s", why->what, why->remedy[0] ? "; " : "", why->remedy);
}

void complain_reason(const struct mmcpus_reason *why)
{
	char *text = reason_text(why);

	complain("%s", text);
	free(text);
}

int usage_error(char **ret, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	*ret = xvasprintf(format, args);
	va_end(args);
	return -EINVAL;
}

int complain_usage(char *why)
{
	complain("%s", why);
	free(why);
	return STATUS_USAGE;
}
