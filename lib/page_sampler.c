// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A page is to be drawn with the same chance as every other resident one. How depends on what the process looks like:
 *
 * - Little memory: all resident pages are listed, and drawn from.
 * - Much of it, and most of what is mapped is resident: pages are drawn from what is mapped. Those that are not resident
 *   say so when they are asked.
 * - Else large mappings are cut into blocks. Resident pages are listed in blocks drawn by chance, until half of the time is
 *   over, and then drawn from. Pages of a block are alike; the estimate takes that into account. Small mappings are listed
 *   as a whole, and a page there has the same chance as a block.
 */
#include "page_sampler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "deadline.h"
#include "mappings.h"
#include "number.h"
#include "pagemap.h"
#include "population.h"
#include "shuffle.h"

/* So many can be listed in a part of the default time: 20 ns each, or more if the caches are cold. */
#define LISTED_MAX 32768

/* Mappings up to this size are listed page by page even if others are not. */
#define SMALL_MAX 2048

/* To list a block's resident pages costs about as much as the call; there are so many at least, and so many are enough. */
#define BLOCK_RESIDENT  64
#define BLOCK_PAGES_MIN 64
#define BLOCKS_MIN      128
#define BLOCKS_ENOUGH   512

/* Who is kept waiting, by others who run or by the locks of the process, gives up after so many times the time. */
#define WAITS 10

/* Pages of one system call. It is not interrupted by our clock. */
#define BATCH 256

struct sampler {
	const struct root *process;
	int32_t pid;
	uint32_t max_pages;
	uint64_t time_ns;
	struct deadline end;
	uint64_t seed;
	uint64_t page_bytes;
	uint64_t nr_resident;
	struct pagemap pagemap;
	struct population mapped;
	struct population pages; /* to draw from */
	uint32_t nr_clusters;
	uint64_t all_clusters;
};

/* The moment when so much of the time that is left is over. */
static struct deadline later(const struct sampler *sampler, unsigned percent)
{
	uint64_t now = cpu_ns();
	uint64_t end = sampler->end.cpu_ns;

	return (struct deadline){ now < end ? now + (end - now) / 100 * percent : now, sampler->end.wall_ns };
}

/* ------------------------------------------------------------------------------------------------------ to list -- */

/* "size resident …", in pages. */
static int read_resident(struct sampler *sampler)
{
	char line[256];
	const char *rest;
	int err = root_read_line(sampler->process, "statm", line, sizeof(line));

	if (err)
		return err;
	rest = skip_number(line);
	return rest && parse_u64(rest, &sampler->nr_resident) ? 0 : -EBADMSG;
}

static uint64_t pages_of_range(const struct population *all, size_t index)
{
	const struct page_range *range = &all->ranges[index];

	return (index + 1 < all->nr_ranges ? range[1].before : all->nr_pages) - range->before;
}

static int list_all(struct sampler *sampler)
{
	const struct population *mapped = &sampler->mapped;
	struct deadline deadline = later(sampler, 30);
	int err = 0;

	for (size_t i = 0; i < mapped->nr_ranges && !err; i++)
		err = pagemap_add_resident(&sampler->pagemap, mapped->ranges[i].first, pages_of_range(mapped, i), 0,
					   &deadline, &sampler->pages);
	return err;
}

/* --------------------------------------------------------------------------------------------------- by blocks -- */

/* What is mapped, by size. */
struct parts {
	struct population large; /* cut into blocks of equal size */
	struct population
		small; /* resident pages of the rest, all of them: each of them is drawn as if it were a block */
	uint64_t block_pages;
	uint64_t nr_blocks;
};

/* Programs, libraries and stacks are small and resident, and would be all in few blocks among many that are empty. */
static int split_mapped(struct sampler *sampler, struct parts *parts)
{
	const struct population *mapped = &sampler->mapped;
	struct deadline deadline = later(sampler, 30);
	uint64_t nr_small = 0;
	int err = 0;

	for (size_t i = 0; i < mapped->nr_ranges && !err; i++) {
		uint64_t first = mapped->ranges[i].first;
		uint64_t nr = pages_of_range(mapped, i);

		if (nr > SMALL_MAX || nr_small + nr > LISTED_MAX) {
			err = population_add(&parts->large, first, nr, 0);
		} else {
			err = pagemap_add_resident(&sampler->pagemap, first, nr, 0, &deadline, &parts->small);
			nr_small += nr;
		}
	}
	return err;
}

static void choose_blocks(const struct sampler *sampler, struct parts *parts)
{
	uint64_t nr_mapped = parts->large.nr_pages;
	uint64_t nr_resident =
		sampler->nr_resident > parts->small.nr_pages ? sampler->nr_resident - parts->small.nr_pages : 0;
	uint64_t wanted = nr_mapped / (nr_resident + 1) * BLOCK_RESIDENT;

	parts->block_pages = BLOCK_PAGES_MIN;
	while (sampler->pagemap.can_scan && parts->block_pages < wanted && parts->block_pages < nr_mapped / BLOCKS_MIN)
		parts->block_pages *= 2;
	parts->nr_blocks = (nr_mapped + parts->block_pages - 1) / parts->block_pages;
}

static int list_block(struct sampler *sampler, const struct parts *parts, uint64_t block,
		      const struct deadline *deadline)
{
	uint64_t place = block * parts->block_pages;
	uint64_t end = place + parts->block_pages;
	int err = 0;

	if (end > parts->large.nr_pages)
		end = parts->large.nr_pages;
	while (place < end && !err) {
		const struct page_range *range = population_find(&parts->large, place);
		uint64_t nr =
			pages_of_range(&parts->large, (size_t)(range - parts->large.ranges)) - (place - range->before);

		if (nr > end - place)
			nr = end - place;
		err = pagemap_add_resident(&sampler->pagemap, range->first + (place - range->before), nr,
					   sampler->nr_clusters, deadline, &sampler->pages);
		place += nr;
	}
	return err;
}

/* A block that could not be listed as a whole is left out: it would count too little. */
static int visit_blocks(struct sampler *sampler, const struct parts *parts)
{
	struct deadline deadline = later(sampler, 60);
	struct population *pages = &sampler->pages;
	struct shuffle order;
	int err = 0;

	shuffle_init(&order, parts->nr_blocks, sampler->seed);
	while (sampler->nr_clusters < parts->nr_blocks &&
	       (sampler->nr_clusters < BLOCKS_ENOUGH || pages->nr_pages < sampler->max_pages)) {
		struct population before = *pages;

		err = list_block(sampler, parts, shuffle_at(&order, sampler->nr_clusters), &deadline);
		if (err) {
			pages->nr_ranges = before.nr_ranges;
			pages->nr_pages = before.nr_pages;
			break;
		}
		sampler->nr_clusters++;
	}
	return err == -ETIME || err == -ENOBUFS ? 0 : err;
}

/* As many of all single pages as of all blocks were visited. */
static int draw_small(struct sampler *sampler, const struct parts *parts)
{
	const struct population *small = &parts->small;
	uint64_t nr = parts->nr_blocks ? small->nr_pages * sampler->nr_clusters / parts->nr_blocks : small->nr_pages;
	struct shuffle order;
	int err = 0;

	if (nr == 0)
		return 0;
	shuffle_init(&order, small->nr_pages, sampler->seed + 2);
	for (uint64_t i = 0; i < nr && !err; i++) {
		uint64_t place = shuffle_at(&order, i);
		const struct page_range *range = population_find(small, place);

		err = population_add(&sampler->pages, range->first + (place - range->before), 1, sampler->nr_clusters);
		sampler->nr_clusters++;
	}
	return err;
}

static int list_parts(struct sampler *sampler, struct parts *parts)
{
	int err = split_mapped(sampler, parts);

	if (err)
		return err;
	choose_blocks(sampler, parts);
	if (parts->nr_blocks)
		err = visit_blocks(sampler, parts);
	if (!err)
		err = draw_small(sampler, parts);
	sampler->all_clusters = parts->nr_blocks + parts->small.nr_pages;
	if (sampler->nr_clusters == sampler->all_clusters)
		sampler->nr_clusters = 0; /* nothing is left out */
	return err;
}

static int list_some(struct sampler *sampler)
{
	struct parts parts = { 0 };
	int err = list_parts(sampler, &parts);

	population_deinit(&parts.large);
	population_deinit(&parts.small);
	return err == -ETIME || err == -ENOBUFS ? -ENODATA : err;
}

/* -------------------------------------------------------------------------------------------------- which way -- */

/* With a scan it is the resident pages that cost, without it is all that are mapped. */
static bool is_small(const struct sampler *sampler)
{
	return (sampler->pagemap.can_scan ? sampler->nr_resident : sampler->mapped.nr_pages) <= LISTED_MAX;
}

static bool is_dense(const struct sampler *sampler)
{
	return sampler->nr_resident >= sampler->mapped.nr_pages / 4;
}

static void draw_from_mapped(struct sampler *sampler)
{
	struct population pages = sampler->pages;

	sampler->pages = sampler->mapped;
	sampler->mapped = pages;
}

static int list_pages(struct sampler *sampler)
{
	int err = -ETIME;

	if (sampler->pagemap.fd < 0) {
		draw_from_mapped(sampler);
		return 0;
	}
	if (is_small(sampler))
		err = list_all(sampler);
	if (err != -ETIME && err != -ENOBUFS)
		return err;
	population_clear(&sampler->pages);
	if (is_dense(sampler)) {
		draw_from_mapped(sampler);
		return 0;
	}
	return list_some(sampler);
}

static int look_around(struct sampler *sampler)
{
	struct deadline deadline = later(sampler, 60);
	int err = mappings_read(sampler->process, sampler->page_bytes, &deadline, &sampler->mapped);

	if (!err && sampler->mapped.nr_pages == 0)
		err = -ESRCH;
	if (!err)
		err = read_resident(sampler);
	if (!err)
		err = pagemap_open(&sampler->pagemap, sampler->process, sampler->page_bytes, sampler->time_ns / 20);
	if (err == -ENOENT && faccessat(sampler->process->fd, "maps", F_OK, 0) == 0)
		err = 0; /* there is no such file in this kernel */
	return err == -ENOENT ? -ESRCH : err;
}

/* ------------------------------------------------------------------------------------------------------ to ask -- */

static int ask_batch(const struct sampler *sampler, const struct shuffle *order, uint64_t done, uint32_t nr,
		     struct page_sample *ret)
{
	const void *addresses[BATCH];
	const struct page_range *ranges[BATCH];
	int nodes[BATCH];

	for (uint32_t i = 0; i < nr; i++) {
		uint64_t place = shuffle_at(order, done + i);

		ranges[i] = population_find(&sampler->pages, place);
		addresses[i] = (const void *)(uintptr_t)((ranges[i]->first + (place - ranges[i]->before)) *
							 sampler->page_bytes);
	}
	if (syscall(SYS_move_pages, sampler->pid, (unsigned long)nr, addresses, NULL, nodes, 0) < 0)
		return errno == EINVAL ? -ESRCH : -errno; /* a process without memory is no valid argument */
	for (uint32_t i = 0; i < nr; i++)
		if (nodes[i] >= 0) /* else it is not resident any more, or no memory that belongs to a node */
			ret->answers[ret->nr_answers++] =
				(struct page_answer){ ranges[i]->cluster, (uint32_t)nodes[i] };
	ret->nr_asked += nr;
	return 0;
}

/* The first batch is asked in any case; another one only if there is as much time left as the last one took. */
static int ask(const struct sampler *sampler, struct page_sample *ret)
{
	uint64_t max = sampler->pages.nr_pages < sampler->max_pages ? sampler->pages.nr_pages : sampler->max_pages;
	uint64_t took_ns = 0;
	struct shuffle order;
	int err = 0;

	if (max == 0)
		return 0;
	ret->answers = malloc(max * sizeof(ret->answers[0]));
	if (!ret->answers)
		return -ENOMEM;
	shuffle_init(&order, sampler->pages.nr_pages, sampler->seed + 1);
	while (!err && ret->nr_asked < max) {
		uint64_t start_ns = cpu_ns();
		uint64_t left = max - ret->nr_asked;

		if (ret->nr_asked && (is_past(&sampler->end) || start_ns + took_ns >= sampler->end.cpu_ns))
			break;
		err = ask_batch(sampler, &order, ret->nr_asked, left < BATCH ? (uint32_t)left : BATCH, ret);
		took_ns = cpu_ns() - start_ns;
	}
	return err;
}

/* Addresses were listed of one address space and asked of the process, which may have another one by now. */
static bool is_still_there(const struct sampler *sampler)
{
	uint64_t entry;

	return sampler->pagemap.fd < 0 || pread(sampler->pagemap.fd, &entry, sizeof(entry), 0) != 0;
}

static int run(struct sampler *sampler, struct page_sample *ret)
{
	int err = look_around(sampler);

	if (!err)
		err = list_pages(sampler);
	if (!err)
		err = ask(sampler, ret);
	if (err)
		return err;
	if (!is_still_there(sampler))
		return -ESRCH;
	ret->nr_pages = sampler->pages.nr_pages;
	ret->nr_clusters = sampler->nr_clusters;
	ret->all_clusters = sampler->all_clusters;
	return ret->nr_answers == 0 && sampler->nr_resident > 0 ? -ENODATA : 0;
}

int page_sampler_run(const struct root *process, int32_t pid, const struct page_limit *limit, struct page_sample *ret,
		     uint64_t *ret_resident)
{
	struct sampler sampler = {
		.process = process,
		.pid = pid,
		.max_pages = limit->nr_pages,
		.time_ns = limit->time_ns,
		.end = { cpu_ns() + limit->time_ns, clock_ns(CLOCK_MONOTONIC) + WAITS * limit->time_ns },
		.page_bytes = (uint64_t)sysconf(_SC_PAGESIZE),
		.pagemap = { .fd = -1 },
	};
	int err;

	*ret = (struct page_sample){ 0 };
	if (getrandom(&sampler.seed, sizeof(sampler.seed), 0) != sizeof(sampler.seed))
		return -errno;
	err = run(&sampler, ret);
	pagemap_close(&sampler.pagemap);
	population_deinit(&sampler.mapped);
	population_deinit(&sampler.pages);
	*ret_resident = sampler.nr_resident;
	if (err) {
		free(ret->answers);
		ret->answers = NULL;
	}
	return err;
}
