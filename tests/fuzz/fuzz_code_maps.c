/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of mappings as it is; then the input as the path of a line that the kernel could have written. */
#include "input_file.h"

#include "code_maps.h"

static const struct root root;

static void fuzz_file(const uint8_t *data, size_t size)
{
	struct code_maps maps;

	input_be_every_file(data, size);
	must(code_maps_read(&maps, &root, 1) == 0);
	for (size_t i = 0; i < maps.nr_maps; i++) {
		const struct code_map *map = &maps.maps[i];

		must(map->start < map->end && map->path && strlen(map->path) <= size);
		must(code_maps_find(&maps, map->start) && code_maps_find(&maps, map->end - 1));
	}
	code_maps_deinit(&maps);
}

/* The kernel writes a line end as \012; that is undone, and nothing else. */
static void fuzz_path(const char *path)
{
	size_t length = strlen(path);
	char *line = malloc(128 + 4 * length);
	struct code_maps maps;
	char *to;

	must(line);
	if (length > 4000 || strstr(path, "\\012") || path[0] == ' ' || path[0] == '\t' || strpbrk(path, "\r\v\f")) {
		free(line);
		return;
	}
	to = line + sprintf(line, "1000-2000 r-xp 00003000 fe:00 17 /");
	for (const char *from = path; *from; from++)
		to += sprintf(to, *from == '\n' ? "\\012" : "%c", *from);
	input_be_every_file((const uint8_t *)line, (size_t)(to - line));
	must(code_maps_read(&maps, &root, 1) == 0);
	must(maps.nr_maps == 1 && maps.maps[0].inode == 17 && maps.maps[0].offset == 0x3000);
	must(maps.maps[0].path[0] == '/' && strcmp(maps.maps[0].path + 1, path) == 0);
	code_maps_deinit(&maps);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_file(data, size);
	with_string(data, size, fuzz_path);
	return 0;
}
