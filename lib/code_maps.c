// SPDX-License-Identifier: LGPL-2.1-or-later
#include "code_maps.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Beyond so many, code has no name. */
#define MAPS_MAX 4096

/* A path is at most PATH_MAX, and up to four times that where the kernel writes a line end as \012. */
#define LINE_BYTES (4 * PATH_MAX + 256)

void code_maps_deinit(struct code_maps *maps)
{
	for (size_t i = 0; i < maps->nr_maps; i++)
		free(maps->maps[i].path);
	free(maps->maps);
	*maps = (struct code_maps){ 0 };
}

/* "7f00-7f10 r-xp 00002000 fe:00 1234    /usr/lib/libc.so.6" */
static bool parse_line(char *line, struct code_map *ret, char **ret_path)
{
	char rights[5];
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*x:%*x %" SCNu64 " %n", &ret->start, &ret->end,
		   rights, &ret->offset, &ret->inode, &path) < 5)
		return false;
	line[strcspn(line, "\n")] = '\0';
	*ret_path = path && (size_t)path <= strlen(line) ? line + path : line + strlen(line);
	return strlen(rights) == 4 && rights[2] == 'x' && ret->start < ret->end;
}

/* Back from \012, the only byte that the kernel writes so. */
static void unescape(char *path)
{
	char *to = path;

	for (const char *from = path; *from; to++) {
		bool is_line_end = strncmp(from, "\\012", 4) == 0;

		*to = is_line_end ? '\n' : *from;
		from += is_line_end ? 4 : 1;
	}
	*to = '\0';
}

static int add(struct code_maps *ret, struct code_map map, char *path)
{
	struct code_map *grown = reallocarray(ret->maps, ret->nr_maps + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	ret->maps = grown;
	unescape(path);
	map.path = strdup(path);
	if (!map.path)
		return -ENOMEM;
	ret->maps[ret->nr_maps++] = map;
	return 0;
}

static int read_lines(struct code_maps *ret, FILE *file, char *line)
{
	int err = 0;

	while (!err && ret->nr_maps < MAPS_MAX && fgets(line, LINE_BYTES, file)) {
		struct code_map map;
		char *path;

		if (parse_line(line, &map, &path))
			err = add(ret, map, path);
	}
	return err;
}

int code_maps_read(struct code_maps *ret, const struct root *root, pid_t pid)
{
	char path[64];
	char *line;
	FILE *file;
	int err;
	int fd;

	*ret = (struct code_maps){ 0 };
	snprintf(path, sizeof(path), "proc/%d/maps", (int)pid);
	fd = root_open_file(root, path);
	if (fd < 0)
		return fd;
	file = fdopen(fd, "re");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	line = malloc(LINE_BYTES);
	err = line ? read_lines(ret, file, line) : -ENOMEM;
	free(line);
	fclose(file);
	if (err)
		code_maps_deinit(ret);
	return err;
}

const struct code_map *code_maps_find(const struct code_maps *maps, uint64_t address)
{
	for (size_t i = 0; i < maps->nr_maps; i++)
		if (address >= maps->maps[i].start && address < maps->maps[i].end)
			return &maps->maps[i];
	return NULL;
}
