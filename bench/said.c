// SPDX-License-Identifier: GPL-2.0-or-later
#include "said.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEGIN_BYTES 4096

/* Of the file's begin, what follows that name; NULL: the name is not there. */
static const char *find_value(const char *path, const char *name, char begin[static BEGIN_BYTES])
{
	char key[32];
	const char *at;
	ssize_t got = -1;
	int fd = open(path, O_RDONLY);

	if (fd >= 0)
		got = read(fd, begin, BEGIN_BYTES - 1);
	if (got < 0)
		err(EXIT_FAILURE, "%s", path);
	close(fd);
	begin[got] = '\0';
	snprintf(key, sizeof(key), "\"%s\": ", name);
	at = strstr(begin, key);
	return at ? at + strlen(key) : NULL;
}

bool says(const char *path, const char *name, const char *value)
{
	char begin[BEGIN_BYTES];
	const char *at = find_value(path, name, begin);

	return at && strncmp(at, value, strlen(value)) == 0;
}

bool says_number(const char *path, const char *name, uint64_t *ret)
{
	char begin[BEGIN_BYTES];
	const char *at = find_value(path, name, begin);
	char *end;

	if (!at)
		return false;
	*ret = strtoull(at, &end, 10);
	return end != at;
}

uint64_t said_number(const char *path, const char *name)
{
	uint64_t ret;

	return says_number(path, name, &ret) ? ret : 0;
}
