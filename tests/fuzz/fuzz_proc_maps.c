/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text as it is; then numbers of the input as a line that the kernel could have written, with the rest as its path. */
#include "fuzz.h"

#include "proc_maps.h"

static void fuzz_text(const char *text)
{
	struct proc_map map;

	if (proc_maps_parse_line(text, &map) == 0)
		must(map.start < map.end);
}

static void fuzz_numbers(const uint8_t *data, size_t size)
{
	uint64_t numbers[2];
	struct proc_map map;
	char *path;
	char *line;

	if (size < sizeof(numbers) + 1)
		return;
	memcpy(numbers, data, sizeof(numbers));
	path = string_of(data + sizeof(numbers), size - sizeof(numbers));
	line = malloc(128 + strlen(path));
	must(line);
	sprintf(line, "%08lx-%08lx %s 00000000 08:02 173521 %s", numbers[0], numbers[1],
		data[size - 1] & 1 ? "r-xp" : "---p", path);
	if (numbers[0] < numbers[1]) {
		must(proc_maps_parse_line(line, &map) == 0);
		must(map.start == numbers[0] && map.end == numbers[1] && map.has_access == (data[size - 1] & 1));
	} else {
		must(proc_maps_parse_line(line, &map) == -EBADMSG);
	}
	free(path);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	with_string(data, size, fuzz_text);
	fuzz_numbers(data, size);
	return 0;
}
