/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory_book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "message.h"
#include "nodes.h"
#include "xalloc.h"

struct memory_page {
	int32_t pid;
	int err;
	struct mmcpus_memory *memory;
};

int memory_mode_parse(const char *text, enum memory_mode *ret, char **why)
{
	*ret = MEMORY_UNSET;
	if (!text)
		return 0;
	if (strcmp(text, "sample") == 0)
		*ret = MEMORY_SAMPLE;
	else if (strcmp(text, "exact") == 0)
		*ret = MEMORY_EXACT;
	else
		return usage_error(why, "'%s' is no way to look at memory: sample or exact", text);
	return 0;
}

void memory_book_init(struct memory_book *book, const struct mmcpus_system *sys, enum memory_mode mode,
		      const struct mmcpus_memory_limit *limit)
{
	*book = (struct memory_book){ .sys = sys, .limit = limit, .remote_share = MEMORY_REMOTE_SHARE };
	book->is_exact = mode == MEMORY_EXACT || (mode == MEMORY_UNSET && !mmcpus_system_is_live(sys));
}

void memory_book_limit_counts(struct memory_book *book, uint64_t one_ns, uint64_t all_ns)
{
	book->has_count_limit = true;
	book->count_one_ns = one_ns;
	book->count_left_ns = all_ns;
}

void memory_book_deinit(struct memory_book *book)
{
	for (size_t i = 0; i < book->nr_pages; i++)
		mmcpus_memory_destroy(book->pages[i].memory);
	free(book->pages);
	*book = (struct memory_book){ 0 };
}

/* ------------------------------------------------------------------------------------------------------ looking up -- */

static struct memory_page *find_page(struct memory_book *book, int32_t pid)
{
	for (size_t i = 0; i < book->nr_pages; i++) {
		size_t at = (book->last + i) % book->nr_pages;

		if (book->pages[at].pid == pid) {
			book->last = at;
			return &book->pages[at];
		}
	}
	return NULL;
}

static void count_page(struct memory_book *book, const struct memory_page *page, const struct mmcpus_reason *why)
{
	if (page->err) {
		if (book->nr_unknown++ == 0)
			book->why = *why;
		return;
	}
	book->nr_known++;
	book->cost_ns += mmcpus_memory_cost_ns(page->memory);
}

/* Processor time of this thread. */
static uint64_t spent_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* With so many pages, an interval is narrower than half a percent of the memory. */
#define LARGE_SAMPLE 65536

/* Who has too much memory to be counted has its pages asked instead, some at a time, with a look at the clock in between. */
static void count_or_sample(const struct memory_book *book, struct memory_page *page, uint64_t limit_ns,
			    struct mmcpus_reason *why)
{
	struct mmcpus_memory_limit limit = { .time_ns = limit_ns, .nr_pages = LARGE_SAMPLE };
	uint64_t begin_ns = spent_ns();
	uint64_t took_ns;

	page->err = mmcpus_memory_count(book->sys, page->pid, &limit, &page->memory, why);
	took_ns = spent_ns() - begin_ns;
	if (page->err != -ENODATA || took_ns > limit_ns / 2)
		return;
	limit.time_ns -= took_ns;
	page->err = mmcpus_memory_sample(book->sys, page->pid, &limit, &page->memory, why);
}

static void count_memory(struct memory_book *book, struct memory_page *page, struct mmcpus_reason *why)
{
	uint64_t one_ns = book->count_one_ns < book->count_left_ns ? book->count_one_ns : book->count_left_ns;
	uint64_t begin_ns = spent_ns();
	uint64_t took_ns;

	if (!book->has_count_limit) {
		page->err = mmcpus_memory_count(book->sys, page->pid, NULL, &page->memory, why);
		return;
	}
	count_or_sample(book, page, one_ns, why);
	took_ns = spent_ns() - begin_ns;
	book->count_left_ns -= took_ns < book->count_left_ns ? took_ns : book->count_left_ns;
}

static void fill_page(struct memory_book *book, struct memory_page *page, bool is_exact)
{
	struct mmcpus_reason why;

	if (is_exact)
		count_memory(book, page, &why);
	else
		page->err = mmcpus_memory_sample(book->sys, page->pid, book->limit, &page->memory, &why);
	if (page->err)
		page->memory = NULL;
	count_page(book, page, &why);
}

static struct memory_page *add_page(struct memory_book *book, int32_t pid)
{
	struct memory_page page = { .pid = pid };

	fill_page(book, &page, book->is_exact);
	book->pages = xreallocarray(book->pages, book->nr_pages + 1, sizeof(book->pages[0]));
	book->last = book->nr_pages++;
	book->pages[book->last] = page;
	return &book->pages[book->last];
}

int memory_book_look_up(struct memory_book *book, int32_t pid, const struct mmcpus_memory **ret)
{
	const struct memory_page *page = find_page(book, pid);

	if (!page)
		page = add_page(book, pid);
	*ret = page->memory;
	return page->err;
}

int memory_book_count(struct memory_book *book, int32_t pid, const struct mmcpus_memory **ret)
{
	struct memory_page *page = find_page(book, pid);

	if (!page)
		page = add_page(book, pid);
	mmcpus_memory_destroy(page->memory);
	fill_page(book, page, true);
	*ret = page->memory;
	return page->err;
}

/* --------------------------------------------------------------------------------------------------------- words -- */

void memory_shares(const struct mmcpus_memory *memory, struct share_list *ret)
{
	struct mmcpus_cpuset *nodes = nodes_create();

	mmcpus_memory_nodes(memory, nodes);
	for (uint32_t node = 0; mmcpus_cpuset_next(nodes, node, &node); node++) {
		const struct node_share share = { node, mmcpus_memory_share(memory, node) };

		share_list_add(ret, &share);
	}
	mmcpus_cpuset_destroy(nodes);
}

char *memory_text(const struct mmcpus_memory *memory)
{
	struct share_list shares = { 0 };
	char *text;

	memory_shares(memory, &shares);
	text = share_list_text(&shares);
	share_list_deinit(&shares);
	return text;
}

void memory_book_remark(const struct memory_book *book, bool has_cost)
{
	char *reason;

	if (has_cost && book->nr_known)
		complain("%s the memory of %zu address space%s in %.1f ms", book->is_exact ? "counted" : "sampled",
			 book->nr_known, plural(book->nr_known), (double)book->cost_ns / 1e6);
	if (!book->nr_unknown)
		return;
	reason = reason_text(&book->why);
	complain("the memory of %zu address space%s is unknown%s: %s", book->nr_unknown, plural(book->nr_unknown),
		 book->nr_unknown > 1 ? ", for instance" : "", reason);
	free(reason);
}
