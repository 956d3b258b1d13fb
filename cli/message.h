/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the command says on stderr: one line each, "mmcpus: …", safe to print whatever a word in it holds. */
#ifndef MMCPUS_CLI_MESSAGE_H
#define MMCPUS_CLI_MESSAGE_H

#include <stddef.h>

#include <mmcpus/mmcpus.h>

/* Exit statuses. */
enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_FOUND = 3, /* a check found something */
};

/* The ending of a word for so many. */
const char *plural(size_t nr);

void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What failed, and what the reader can do about it where the library knows: "what; remedy". Freed by the caller. */
char *reason_text(const struct mmcpus_reason *why);
void complain_reason(const struct mmcpus_reason *why);

/* For parsers, which do not print: *ret becomes the message, to be freed by the caller. Returns -EINVAL. */
int usage_error(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Print and free such a message. Returns STATUS_USAGE. */
int complain_usage(char *why);

#endif
