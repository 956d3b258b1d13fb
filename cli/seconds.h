/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as users give them: -d 0.5. */
#ifndef MMCPUS_CLI_SECONDS_H
#define MMCPUS_CLI_SECONDS_H

#include <stdint.h>

/* A year. */
#define SECONDS_MAX 31536000

/*
 * Seconds, more than 0, with at most three digits behind a point whatever the locale, as milliseconds. -EINVAL and a
 * message that names the word.
 */
int seconds_parse(const char *text, uint64_t *ret_ms, char **why);

#endif
