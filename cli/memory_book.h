/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the memory of processes is, looked up once for each, and only for those that are asked about. */
#ifndef MMCPUS_CLI_MEMORY_BOOK_H
#define MMCPUS_CLI_MEMORY_BOOK_H

#include <mmcpus/mmcpus.h>

#include "shares.h"

/* A node that has less than this share of the memory of a process counts as one without it, unless somebody says otherwise. */
#define MEMORY_REMOTE_SHARE 0.05
#define MEMORY_REMOTE_TEXT  "5 %"

enum memory_mode {
	MEMORY_UNSET, /* a sample, but of a captured machine a count */
	MEMORY_SAMPLE,
	MEMORY_EXACT,
};

struct memory_page; /* what is written of one process */

struct memory_book {
	const struct mmcpus_system *sys;
	const struct mmcpus_memory_limit *limit; /* of a sample; NULL: the library's */
	bool is_exact;
	double remote_share; /* a node that has less counts as one without it */
	bool has_count_limit;
	uint64_t count_one_ns;  /* processor time for each process that is counted … */
	uint64_t count_left_ns; /* … and what is left of it for all */
	struct memory_page *pages;
	size_t nr_pages;
	size_t last; /* that was looked up: mostly the next one is the same */

	/* Of all that was looked up. */
	uint64_t cost_ns;
	size_t nr_known;
	size_t nr_unknown;
	struct mmcpus_reason why; /* of the first that is unknown */
};

/* "sample" or "exact"; NULL: unset. -EINVAL and why for any other word. */
int memory_mode_parse(const char *text, enum memory_mode *ret, char **why);

void memory_book_init(struct memory_book *book, const struct mmcpus_system *sys, enum memory_mode mode,
		      const struct mmcpus_memory_limit *limit);
void memory_book_deinit(struct memory_book *book);

/* To count takes so long at most: one process, and all together. What takes longer is a large sample instead. */
void memory_book_limit_counts(struct memory_book *book, uint64_t one_ns, uint64_t all_ns);

/* Of a process; lives until it is counted, or as long as the book. Or the error of the library. */
int memory_book_look_up(struct memory_book *book, int32_t pid, const struct mmcpus_memory **ret);

/* The same, counted, or as well as can be told within the limits; what was looked up before is replaced. */
int memory_book_count(struct memory_book *book, int32_t pid, const struct mmcpus_memory **ret);

/* Of the nodes where some of it was found. ret is empty before. */
void memory_shares(const struct mmcpus_memory *memory, struct share_list *ret);

/* "0:97% 1:3%" */
char *memory_text(const struct mmcpus_memory *memory);

/* Remarks on stderr, if anything was looked up: what it cost, if that is asked for; and what could not be found out. */
void memory_book_remark(const struct memory_book *book, bool has_cost);

#endif
