// SPDX-License-Identifier: LGPL-2.1-or-later
#include "population.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* What shuffle_at() can count. */
#define PAGES_MAX (UINT64_C(1) << 62)

void population_deinit(struct population *all)
{
	free(all->ranges);
	*all = (struct population){ 0 };
}

void population_clear(struct population *all)
{
	all->nr_ranges = 0;
	all->nr_pages = 0;
}

static int make_room(struct population *all)
{
	size_t capacity = all->capacity ? all->capacity * 2 : 256;
	struct page_range *ranges;

	if (all->nr_ranges < all->capacity)
		return 0;
	if (capacity > POPULATION_RANGES_MAX)
		return -ENOBUFS;
	ranges = realloc(all->ranges, capacity * sizeof(ranges[0]));
	if (!ranges)
		return -ENOMEM;
	all->ranges = ranges;
	all->capacity = capacity;
	return 0;
}

static bool continues_last(const struct population *all, uint64_t first, uint32_t cluster)
{
	const struct page_range *last = all->nr_ranges ? &all->ranges[all->nr_ranges - 1] : NULL;

	return last && last->cluster == cluster && last->first + (all->nr_pages - last->before) == first;
}

int population_add(struct population *all, uint64_t first, uint64_t nr_pages, uint32_t cluster)
{
	int err;

	if (nr_pages > PAGES_MAX - all->nr_pages)
		return -EOVERFLOW;
	if (nr_pages && !continues_last(all, first, cluster)) {
		err = make_room(all);
		if (err)
			return err;
		all->ranges[all->nr_ranges++] = (struct page_range){ first, all->nr_pages, cluster };
	}
	all->nr_pages += nr_pages;
	return 0;
}

const struct page_range *population_find(const struct population *all, uint64_t place)
{
	size_t low = 0;
	size_t high = all->nr_ranges;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (all->ranges[middle].before <= place)
			low = middle;
		else
			high = middle;
	}
	return &all->ranges[low];
}
