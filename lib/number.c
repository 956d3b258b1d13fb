// SPDX-License-Identifier: LGPL-2.1-or-later
#include "number.h"

#include <string.h>

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

bool parse_u64(const char *text, uint64_t *ret)
{
	uint64_t number = 0;

	text = skip_blanks(text);
	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*text - '0'), &number))
			return false;
	*ret = number;
	return true;
}

bool parse_u32(const char *text, uint32_t *ret)
{
	uint64_t number;

	if (!parse_u64(text, &number) || number > UINT32_MAX)
		return false;
	*ret = (uint32_t)number;
	return true;
}

bool parse_i32(const char *text, int32_t *ret)
{
	uint64_t number;
	bool is_negative;

	text = skip_blanks(text);
	is_negative = *text == '-';
	if (is_negative && (text[1] < '0' || text[1] > '9'))
		return false;
	if (!parse_u64(text + is_negative, &number) || number > INT32_MAX)
		return false;
	*ret = is_negative ? -(int32_t)number : (int32_t)number;
	return true;
}

const char *skip_number(const char *text)
{
	uint64_t number;

	if (!parse_u64(text, &number))
		return NULL;
	text = skip_blanks(text);
	return text + strspn(text, "0123456789");
}

bool parse_entry_number(const char *name, const char *prefix, uint32_t *ret)
{
	size_t length = strlen(prefix);

	if (strncmp(name, prefix, length) != 0)
		return false;
	name += length;
	if (*name == '\0' || name[strspn(name, "0123456789")] != '\0')
		return false;
	return parse_u32(name, ret);
}
