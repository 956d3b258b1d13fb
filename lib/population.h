/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages that may be asked where they are, as ranges, and numbered through. */
#ifndef MMCPUS_LIB_POPULATION_H
#define MMCPUS_LIB_POPULATION_H

#include <stddef.h>
#include <stdint.h>

struct page_range {
	uint64_t first;   /* number of the page: its address in pages */
	uint64_t before;  /* pages in the ranges before this one */
	uint32_t cluster; /* that the range belongs to */
};

/* Zero-initialized it is empty. */
struct population {
	struct page_range *ranges;
	size_t nr_ranges;
	size_t capacity;
	uint64_t nr_pages;
};

/* Memory of one process may be in as many pieces as it has pages; more than these are not kept. */
#define POPULATION_RANGES_MAX 65536

/* -ENOBUFS: there are too many ranges; -EOVERFLOW: there are too many pages; -ENOMEM. */
int population_add(struct population *all, uint64_t first, uint64_t nr_pages, uint32_t cluster);
void population_deinit(struct population *all);

/* Forget all pages, keep the room for them. */
void population_clear(struct population *all);

/* The range of a page by its place among all, which is below nr_pages. */
const struct page_range *population_find(const struct population *all, uint64_t place);

#endif
