/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *xcheck(void *memory)
{
	if (!memory) {
		fputs("mmcpus: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	return memory;
}

void *xcalloc(size_t nr, size_t size)
{
	return xcheck(calloc(nr ? nr : 1, size));
}

void *xreallocarray(void *old, size_t nr, size_t size)
{
	return xcheck(reallocarray(old, nr ? nr : 1, size));
}

char *xstrdup(const char *text)
{
	return xcheck(strdup(text));
}

char *xvasprintf(const char *format, va_list args)
{
	char *text = NULL;

	return xcheck(vasprintf(&text, format, args) < 0 ? NULL : text);
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	return text;
}
