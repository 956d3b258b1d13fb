/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seconds.h"

#include <stdbool.h>

#include "message.h"

/* Digits of a number below limit; NULL if there are none, or too many. */
static const char *skip_digits(const char *text, uint64_t limit, uint64_t *ret)
{
	const char *at = text;

	for (*ret = 0; *at >= '0' && *at <= '9'; at++) {
		*ret = *ret * 10 + (uint64_t)(*at - '0');
		if (*ret > limit)
			return NULL;
	}
	return at == text ? NULL : at;
}

static bool parse(const char *text, uint64_t *ret_ms)
{
	const char *point = skip_digits(text, SECONDS_MAX, ret_ms);
	const char *end = point;
	uint64_t rest = 0;

	if (!point)
		return false;
	if (*point == '.')
		end = skip_digits(point + 1, 999, &rest);
	if (!end || *end != '\0' || end - point > 4)
		return false;
	*ret_ms *= 1000;
	if (end > point) {
		for (long digits = end - point - 1; digits < 3; digits++)
			rest *= 10;
		*ret_ms += rest;
	}
	return *ret_ms > 0 && *ret_ms <= (uint64_t)SECONDS_MAX * 1000;
}

int seconds_parse(const char *option, const char *text, uint64_t *ret_ms, char **why)
{
	if (parse(text, ret_ms))
		return 0;
	return usage_error(why, "--%s: '%s' is no time in seconds: give a number such as 0.5, from 0.001 to %d", option,
			   text, SECONDS_MAX);
}

uint64_t seconds_next_ms(uint64_t last_ms, uint64_t delay_ms, uint64_t now_ms)
{
	uint64_t next_ms = last_ms + delay_ms;

	return next_ms > now_ms ? next_ms : now_ms + delay_ms;
}
