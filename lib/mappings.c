// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mappings.h"

#include <errno.h>

#include "line_reader.h"
#include "proc_maps.h"

/* The clock is looked at after so many lines. */
#define LINES_A_LOOK 32

/* The upper half is the kernel's: [vsyscall] is no page of the process. */
static bool is_own(const struct proc_map *map)
{
	return map->has_access && map->end <= INT64_MAX;
}

/*
 * The kernel writes them ascending and apart, but in portions: a mapping that is merged with the one before it meanwhile is
 * written from its start. Only what is beyond the last is new.
 */
static int add_map(struct population *ret, const struct proc_map *map, uint64_t page_bytes)
{
	uint64_t first = map->start / page_bytes;
	uint64_t end = map->end / page_bytes;
	const struct page_range *last = ret->nr_ranges ? &ret->ranges[ret->nr_ranges - 1] : NULL;
	uint64_t last_end = last ? last->first + (ret->nr_pages - last->before) : 0;

	if (first < last_end)
		first = last_end;
	return first < end ? population_add(ret, first, end - first, 0) : 0;
}

static int read_lines(struct line_reader *lines, uint64_t page_bytes, const struct deadline *deadline,
		      struct population *ret)
{
	struct proc_map map;
	char *line;
	int got = 0;
	int err = 0;

	for (unsigned nr = 1; !err && (got = line_reader_next(lines, &line)) > 0; nr++) {
		err = proc_maps_parse_line(line, &map);
		if (!err && is_own(&map))
			err = add_map(ret, &map, page_bytes);
		if (!err && nr % LINES_A_LOOK == 0 && is_past(deadline))
			err = -ETIME;
	}
	return err ? err : got;
}

int mappings_read(const struct root *process, uint64_t page_bytes, const struct deadline *deadline,
		  struct population *ret)
{
	struct line_reader lines;
	int fd = root_open_file(process, "maps");
	int err = fd < 0 ? fd : line_reader_init(&lines, fd, LINE_BYTES_MAX);

	if (err)
		return err;
	err = read_lines(&lines, page_bytes, deadline, ret);
	line_reader_deinit(&lines);
	return err;
}
