/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "percent.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

#define DIGITS "0123456789"

/* Digits, and perhaps a point with one or two behind it, whatever the locale says of points. */
static bool parse(const char *text, unsigned long *ret_hundredths)
{
	size_t whole = strspn(text, DIGITS);
	bool has_point = text[whole] == '.';
	const char *rest = text + whole + has_point;
	size_t decimals = has_point ? strspn(rest, DIGITS) : 0;

	if (whole < 1 || whole > 3 || rest[decimals] != '\0' || decimals > 2 || (has_point && decimals == 0))
		return false;
	*ret_hundredths = strtoul(text, NULL, 10) * 100;
	if (decimals)
		*ret_hundredths += strtoul(rest, NULL, 10) * (decimals == 1 ? 10 : 1);
	return true;
}

int percent_parse(const char *text, double *ret, char **why)
{
	unsigned long hundredths;

	if (!parse(text, &hundredths) || hundredths == 0 || hundredths > 10000)
		return usage_error(why, "'%s' is no percentage: give a number such as 2.5, more than 0 and at most 100",
				   text);
	*ret = (double)hundredths / 10000;
	return 0;
}
