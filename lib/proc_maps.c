// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proc_maps.h"

#include <errno.h>
#include <string.h>

/* A hexadecimal number that ends with end; what follows that, or NULL. */
static const char *parse_hex(const char *text, char end, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	size_t length = strspn(text, digits);

	if (length == 0 || length > 16 || text[length] != end)
		return NULL;
	*ret = 0;
	for (size_t i = 0; i < length; i++)
		*ret = *ret << 4 | (uint64_t)(strchr(digits, text[i]) - digits);
	return text + length + 1;
}

int proc_maps_parse_line(const char *line, struct proc_map *ret)
{
	line = parse_hex(line, '-', &ret->start);
	if (line)
		line = parse_hex(line, ' ', &ret->end);
	if (!line || ret->start >= ret->end || strnlen(line, 4) < 4 || strspn(line, "rwxps-") != 4)
		return -EBADMSG;
	ret->has_access = strncmp(line, "---", 3) != 0;
	return 0;
}
