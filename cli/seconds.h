/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as users give them, -d 0.5, and when the next is due. */
#ifndef MMCPUS_CLI_SECONDS_H
#define MMCPUS_CLI_SECONDS_H

#include <stdint.h>

/* A year. */
#define SECONDS_MAX 31536000

/*
 * Seconds, more than 0, with at most three digits behind a point whatever the locale, as milliseconds. -EINVAL and a
 * message that names the option and the word.
 */
int seconds_parse(const char *option, const char *text, uint64_t *ret_ms, char **why);

/*
 * When what is done every delay_ms, and was due at last_ms, is due again. Who has missed it (stopped by Ctrl-Z, or held up by
 * who reads the output) does not make up for it, but has a whole delay before him.
 */
uint64_t seconds_next_ms(uint64_t last_ms, uint64_t delay_ms, uint64_t now_ms);

#endif
