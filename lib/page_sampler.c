// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A page is to be drawn with the same chance as every other resident one. How depends on what the process looks like:
 *
 * - Little memory: all resident pages are listed, and drawn from.
 * - Much of it, and most of what is mapped is resident: pages are drawn from what is mapped. Those that are not resident
 *   say so when they are asked.
 * - Else large mappings are cut into blocks. Resident pages are listed in blocks drawn by chance, until half of the time is
 *   over, and then drawn from. Pages of a block are alike; the estimate takes that into account. Small mappings are listed
 *   as a whole and drawn from apart, since programs, libraries and stacks would be all in few of these blocks.
 */
#include "page_sampler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "deadline.h"
#include "mappings.h"
#include "number.h"
#include "pagemap.h"
#include "population.h"
#include "proc_status.h"
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

/*
 * The kernel's count of resident pages may be behind by so many for each thread (TASK_RSS_EVENTS_THRESH, before 6.2).
 * Since then it may be behind by what each CPU holds back that the process ran on, of which this is no bound where they
 * are many.
 */
#define RSS_BEHIND 64

struct sampler {
	const struct root *process;
	int32_t pid;
	uint32_t max_pages;
	uint64_t time_ns;
	struct deadline end;
	uint64_t seed;
	uint64_t page_bytes;
	uint64_t nr_resident;
	uint64_t nr_unsure; /* it may be off by so many */
	struct pagemap pagemap;
	struct population mapped;
	struct population pages; /* to draw from */
	bool is_in_parts;
	struct population small; /* the same, of small mappings, if they are drawn from apart */
	uint32_t nr_clusters;    /* of pages */
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

/* "HugetlbPages:      2048 kB": the kernel counts them apart. A name cannot forge the line. */
static uint64_t parse_hugetlb_kib(const char *status)
{
	static const char key[] = "\nHugetlbPages:";
	const char *line = strstr(status, key);
	uint64_t kib;

	return line && parse_u64(line + strlen(key), &kib) ? kib : 0;
}

static int read_resident(struct sampler *sampler)
{
	struct text text = { 0 };
	struct proc_status status;
	uint64_t hugetlb_kib;
	int err = root_read(sampler->process, "status", &text);

	if (!err) {
		hugetlb_kib = parse_hugetlb_kib(text.data); /* before the text is cut into lines */
		proc_status_parse(text.data, &status);
		if (status.lines & STATUS_RSS)
			sampler->nr_resident = (status.rss_kib + hugetlb_kib) * 1024 / sampler->page_bytes;
		else
			err = -ESRCH;
		sampler->nr_unsure = RSS_BEHIND * (status.lines & STATUS_THREADS ? (uint64_t)status.threads : 1);
	}
	text_deinit(&text);
	return err;
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

/* Large mappings, cut into blocks of equal size. */
struct blocks {
	struct population mapped;
	uint64_t nr_pages; /* of each but the last */
	uint64_t nr_blocks;
};

static int split_mapped(struct sampler *sampler, struct blocks *blocks)
{
	const struct population *mapped = &sampler->mapped;
	struct deadline deadline = later(sampler, 30);
	uint64_t nr_small = 0;
	int err = 0;

	for (size_t i = 0; i < mapped->nr_ranges && !err; i++) {
		uint64_t first = mapped->ranges[i].first;
		uint64_t nr = pages_of_range(mapped, i);

		if (nr > SMALL_MAX || nr_small + nr > LISTED_MAX) {
			err = population_add(&blocks->mapped, first, nr, 0);
		} else {
			err = pagemap_add_resident(&sampler->pagemap, first, nr, 0, &deadline, &sampler->small);
			nr_small += nr;
		}
	}
	return err;
}

static void choose_blocks(const struct sampler *sampler, struct blocks *blocks)
{
	uint64_t nr_mapped = blocks->mapped.nr_pages;
	uint64_t nr_resident =
		sampler->nr_resident > sampler->small.nr_pages ? sampler->nr_resident - sampler->small.nr_pages : 0;
	uint64_t wanted = nr_mapped / (nr_resident + 1) * BLOCK_RESIDENT;

	blocks->nr_pages = BLOCK_PAGES_MIN;
	while (sampler->pagemap.can_scan && blocks->nr_pages < wanted && blocks->nr_pages < nr_mapped / BLOCKS_MIN)
		blocks->nr_pages *= 2;
	blocks->nr_blocks = (nr_mapped + blocks->nr_pages - 1) / blocks->nr_pages;
}

static int list_block(struct sampler *sampler, const struct blocks *blocks, uint64_t block,
		      const struct deadline *deadline)
{
	uint64_t place = block * blocks->nr_pages;
	uint64_t end = place + blocks->nr_pages;
	int err = 0;

	if (end > blocks->mapped.nr_pages)
		end = blocks->mapped.nr_pages;
	while (place < end && !err) {
		const struct page_range *range = population_find(&blocks->mapped, place);
		uint64_t nr = pages_of_range(&blocks->mapped, (size_t)(range - blocks->mapped.ranges)) -
			      (place - range->before);

		if (nr > end - place)
			nr = end - place;
		err = pagemap_add_resident(&sampler->pagemap, range->first + (place - range->before), nr,
					   sampler->nr_clusters, deadline, &sampler->pages);
		place += nr;
	}
	return err;
}

/* A block that could not be listed as a whole is left out: it would count too little. */
static int visit_blocks(struct sampler *sampler, const struct blocks *blocks)
{
	struct deadline deadline = later(sampler, 60);
	struct population *pages = &sampler->pages;
	struct shuffle order;
	int err = 0;

	shuffle_init(&order, blocks->nr_blocks, sampler->seed);
	while (sampler->nr_clusters < blocks->nr_blocks &&
	       (sampler->nr_clusters < BLOCKS_ENOUGH || pages->nr_pages < sampler->max_pages)) {
		struct population before = *pages;

		err = list_block(sampler, blocks, shuffle_at(&order, sampler->nr_clusters), &deadline);
		if (err) {
			pages->nr_ranges = before.nr_ranges;
			pages->nr_pages = before.nr_pages;
			break;
		}
		sampler->nr_clusters++;
	}
	return err == -ETIME || err == -ENOBUFS ? 0 : err;
}

static int list_blocks(struct sampler *sampler, struct blocks *blocks)
{
	int err = split_mapped(sampler, blocks);

	if (err)
		return err;
	choose_blocks(sampler, blocks);
	if (blocks->nr_blocks)
		err = visit_blocks(sampler, blocks);
	sampler->all_clusters = blocks->nr_blocks;
	sampler->is_in_parts = true;
	return err;
}

static int list_some(struct sampler *sampler)
{
	struct blocks blocks = { 0 };
	int err = list_blocks(sampler, &blocks);

	population_deinit(&blocks.mapped);
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

static int ask_batch(const struct sampler *sampler, const struct population *pages, const struct shuffle *order,
		     uint32_t nr, struct page_sample *ret)
{
	const void *addresses[BATCH];
	const struct page_range *ranges[BATCH];
	int nodes[BATCH];

	for (uint32_t i = 0; i < nr; i++) {
		uint64_t place = shuffle_at(order, ret->nr_asked + i);

		ranges[i] = population_find(pages, place);
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
static int ask(const struct sampler *sampler, const struct population *pages, uint64_t max,
	       const struct deadline *deadline, struct page_sample *ret)
{
	uint64_t took_ns = 0;
	struct shuffle order;
	int err = 0;

	ret->nr_pages = pages->nr_pages;
	if (max > pages->nr_pages)
		max = pages->nr_pages;
	if (max == 0)
		return 0;
	ret->answers = malloc(max * sizeof(ret->answers[0]));
	if (!ret->answers)
		return -ENOMEM;
	shuffle_init(&order, pages->nr_pages, sampler->seed + 1);
	while (!err && ret->nr_asked < max) {
		uint64_t start_ns = cpu_ns();
		uint64_t left = max - ret->nr_asked;

		if (ret->nr_asked && (is_past(deadline) || start_ns + took_ns >= deadline->cpu_ns))
			break;
		err = ask_batch(sampler, pages, &order, left < BATCH ? (uint32_t)left : BATCH, ret);
		took_ns = cpu_ns() - start_ns;
	}
	return err;
}

/* Resident pages among those that were drawn from, at least 1. */
static uint64_t nr_met(const struct page_sample *sample)
{
	double part = sample->nr_asked ? (double)sample->nr_answers / (double)sample->nr_asked : 1;

	return 1 + (uint64_t)((double)sample->nr_pages * part);
}

/* All of them are alike. What is resident where nothing may be accessed is not among them. */
static int ask_all(const struct sampler *sampler, struct page_findings *ret)
{
	struct page_part *part = &ret->parts[0];
	int err = ask(sampler, &sampler->pages, sampler->max_pages, &sampler->end, &part->sample);

	ret->nr_parts = 1;
	part->nr_guessed = nr_met(&part->sample);
	part->nr_resident = sampler->nr_resident > part->nr_guessed ? sampler->nr_resident : part->nr_guessed;
	return err;
}

/* As many of each part as it is large, in pages and in time. */
static int ask_parts(const struct sampler *sampler, struct page_findings *ret)
{
	struct page_part *large = &ret->parts[0];
	struct page_part *small = &ret->parts[1];
	uint64_t nr_small = sampler->small.nr_pages;
	uint64_t nr_large = sampler->nr_resident > nr_small ? sampler->nr_resident - nr_small : 0;
	struct deadline deadline;
	int err;

	ret->nr_parts = 2;
	small->nr_resident = nr_small;
	large->nr_resident = nr_large > sampler->pages.nr_pages ? nr_large : sampler->pages.nr_pages;
	large->nr_unsure = sampler->nr_unsure;
	large->nr_guessed = 1 + sampler->pages.nr_pages;
	if (sampler->nr_clusters < sampler->all_clusters) { /* else no block is left out */
		large->sample.nr_clusters = sampler->nr_clusters;
		large->sample.all_clusters = sampler->all_clusters;
		if (sampler->nr_clusters)
			large->nr_guessed = 1 + sampler->pages.nr_pages * sampler->all_clusters / sampler->nr_clusters;
	}
	nr_large = large->nr_resident;
	deadline = later(sampler, (unsigned)(100 * nr_small / (nr_small + nr_large + 1)));
	err = ask(sampler, &sampler->small, 1 + sampler->max_pages * nr_small / (nr_small + nr_large + 1), &deadline,
		  &small->sample);
	if (err)
		return err;
	if (small->sample.nr_asked >= sampler->max_pages)
		return 0;
	return ask(sampler, &sampler->pages, sampler->max_pages - small->sample.nr_asked, &sampler->end,
		   &large->sample);
}

/* Addresses were listed of one address space and asked of the process, which may have another one by now. */
static bool is_still_there(const struct sampler *sampler)
{
	uint64_t entry;

	return sampler->pagemap.fd < 0 || pread(sampler->pagemap.fd, &entry, sizeof(entry), 0) != 0;
}

static int run(struct sampler *sampler, struct page_findings *ret)
{
	int err = look_around(sampler);

	if (!err)
		err = list_pages(sampler);
	if (err)
		return err;
	err = sampler->is_in_parts ? ask_parts(sampler, ret) : ask_all(sampler, ret);
	if (err)
		return err;
	if (!is_still_there(sampler))
		return -ESRCH;
	ret->nr_asked = ret->parts[0].sample.nr_asked + ret->parts[1].sample.nr_asked;
	ret->nr_resident = sampler->nr_resident;
	if (ret->parts[0].sample.nr_answers + ret->parts[1].sample.nr_answers == 0 && sampler->nr_resident > 0)
		return -ENODATA;
	return 0;
}

void page_findings_deinit(struct page_findings *findings)
{
	free(findings->parts[0].sample.answers);
	free(findings->parts[1].sample.answers);
	*findings = (struct page_findings){ 0 };
}

int page_sampler_run(const struct root *process, int32_t pid, const struct page_limit *limit, struct page_findings *ret)
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

	*ret = (struct page_findings){ 0 };
	if (getrandom(&sampler.seed, sizeof(sampler.seed), 0) != sizeof(sampler.seed))
		return -errno;
	err = run(&sampler, ret);
	pagemap_close(&sampler.pagemap);
	population_deinit(&sampler.mapped);
	population_deinit(&sampler.pages);
	population_deinit(&sampler.small);
	if (err)
		page_findings_deinit(ret);
	return err;
}
