/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is there, or the end: a command that can't allocate a few bytes has nothing better to do than to say so. */
#ifndef MMCPUS_CLI_XALLOC_H
#define MMCPUS_CLI_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* What an allocation returned, if it is not NULL. */
void *xcheck(void *memory);

void *xcalloc(size_t nr, size_t size);
void *xreallocarray(void *old, size_t nr, size_t size);
char *xstrdup(const char *text);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#endif
