// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pagemap.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* 6.7: 52526ca7fdb9 ("fs/proc/task_mmu: implement IOCTL to get and optionally clear info about PTEs") */
struct scan_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end; /* where the kernel stopped */
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define SCAN_REQUEST _IOWR('f', 16, struct scan_arg)
#define IS_PRESENT   (UINT64_C(1) << 3)
#define IS_ZERO_PAGE (UINT64_C(1) << 5)

#define REGIONS 512

#define WINDOW_MIN 512

/* Without a scan: entries of 8 bytes. */
#define ENTRIES          512
#define ENTRY_IS_PRESENT (UINT64_C(1) << 63)

/* ------------------------------------------------------------------------------------------------------- a scan -- */

/* Number of regions, all of resident pages but the zero page, which is on no node. */
static int scan(const struct pagemap *map, uint64_t first, uint64_t nr_pages, struct scan_region *regions,
		struct scan_arg *arg)
{
	int nr;

	*arg = (struct scan_arg){
		.size = sizeof(*arg),
		.start = first * map->page_bytes,
		.end = (first + nr_pages) * map->page_bytes,
		.vec = (uint64_t)(uintptr_t)regions,
		.vec_len = REGIONS,
		.category_inverted = IS_ZERO_PAGE,
		.category_mask = IS_PRESENT | IS_ZERO_PAGE,
		.return_mask = IS_PRESENT,
	};
	nr = ioctl(map->fd, SCAN_REQUEST, arg);
	return nr < 0 ? -errno : nr;
}

static int add_regions(const struct pagemap *map, const struct scan_region *regions, int nr, uint32_t cluster,
		       struct population *ret)
{
	int err = 0;

	for (int i = 0; i < nr && !err; i++)
		err = population_add(ret, regions[i].start / map->page_bytes,
				     (regions[i].end - regions[i].start) / map->page_bytes, cluster);
	return err;
}

/* A call that takes longer makes the next ones smaller, one that takes much less makes them larger. */
static void adapt_window(struct pagemap *map, uint64_t took_ns)
{
	if (took_ns > map->call_ns && map->window_pages > WINDOW_MIN)
		map->window_pages /= 2;
	else if (took_ns < map->call_ns / 4 && map->window_pages < INT64_MAX / map->page_bytes / 2)
		map->window_pages *= 2;
}

static int scan_range(struct pagemap *map, uint64_t first, uint64_t nr_pages, uint32_t cluster,
		      const struct deadline *deadline, struct population *ret)
{
	struct scan_region regions[REGIONS];
	struct scan_arg arg;

	while (nr_pages) {
		uint64_t start_ns = cpu_ns();
		uint64_t window = nr_pages < map->window_pages ? nr_pages : map->window_pages;
		int nr;
		int err;

		if (is_past(deadline))
			return -ETIME;
		nr = scan(map, first, window, regions, &arg);
		err = nr < 0 ? nr : add_regions(map, regions, nr, cluster, ret);
		if (err)
			return err;
		if (arg.walk_end <= arg.start || arg.walk_end > arg.end)
			return -EIO;
		nr_pages -= arg.walk_end / map->page_bytes - first;
		first = arg.walk_end / map->page_bytes;
		adapt_window(map, cpu_ns() - start_ns);
	}
	return 0;
}

/* --------------------------------------------------------------------------------------------- entry after entry -- */

static int add_entries(const uint64_t *entries, size_t nr, uint64_t first, uint32_t cluster, struct population *ret)
{
	int err = 0;

	for (size_t i = 0; i < nr && !err; i++)
		if (entries[i] & ENTRY_IS_PRESENT)
			err = population_add(ret, first + i, 1, cluster);
	return err;
}

static int read_range(const struct pagemap *map, uint64_t first, uint64_t nr_pages, uint32_t cluster,
		      const struct deadline *deadline, struct population *ret)
{
	uint64_t entries[ENTRIES];

	while (nr_pages) {
		size_t wanted = nr_pages < ENTRIES ? nr_pages : ENTRIES;
		ssize_t got;
		int err;

		if (is_past(deadline))
			return -ETIME;
		got = pread(map->fd, entries, wanted * sizeof(entries[0]), (off_t)(first * sizeof(entries[0])));
		if (got < (ssize_t)sizeof(entries[0]))
			return got < 0 ? -errno : -ESRCH; /* it has exited, and its memory is gone */
		got /= (ssize_t)sizeof(entries[0]);
		err = add_entries(entries, (size_t)got, first, cluster, ret);
		if (err)
			return err;
		first += (uint64_t)got;
		nr_pages -= (uint64_t)got;
	}
	return 0;
}

/* -------------------------------------------------------------------------------------------------------------- -- */

int pagemap_open(struct pagemap *map, const struct root *process, uint64_t page_bytes, uint64_t call_ns)
{
	struct scan_region regions[REGIONS];
	struct scan_arg arg;

	*map = (struct pagemap){ .page_bytes = page_bytes, .call_ns = call_ns, .window_pages = 16 * WINDOW_MIN };
	map->fd = root_open_file(process, "pagemap");
	if (map->fd < 0)
		return map->fd;
	map->can_scan = scan(map, 1, 1, regions, &arg) != -ENOTTY;
	return 0;
}

void pagemap_close(struct pagemap *map)
{
	if (map->fd >= 0)
		close(map->fd);
	map->fd = -1;
}

int pagemap_add_resident(struct pagemap *map, uint64_t first, uint64_t nr_pages, uint32_t cluster,
			 const struct deadline *deadline, struct population *ret)
{
	if (map->can_scan)
		return scan_range(map, first, nr_pages, cluster, deadline, ret);
	return read_range(map, first, nr_pages, cluster, deadline, ret);
}
