/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a sample of pages to the share of each node, with what is known of its error. No system call, no clock. */
#ifndef MMCPUS_LIB_NODE_SHARE_H
#define MMCPUS_LIB_NODE_SHARE_H

#include <stddef.h>
#include <stdint.h>

#include <mmcpus/mmcpus.h>

/* A page that is resident. */
struct page_answer {
	uint32_t cluster; /* that it was drawn from; 0 if there are none */
	uint32_t node;
};

struct page_sample {
	struct page_answer *answers;
	size_t nr_answers;
	uint64_t nr_asked; /* resident or not */
	uint64_t nr_pages; /* that might have been asked */
	/*
	 * How they were drawn. 0: each of nr_pages with the same chance. Otherwise some clusters of all were drawn, each
	 * with the same chance, and each page in these with the same chance.
	 */
	uint32_t nr_clusters;
	uint64_t all_clusters;
};

/* The resident pages fall into parts that were drawn from apart. */
struct page_part {
	struct page_sample sample;
	uint64_t nr_resident; /* pages of this part, by another source than the sample */
	uint64_t nr_guessed;  /* what one would think by the sample; 0: nobody would */
	uint64_t nr_unsure;   /* nr_resident may be off by so many */
};

/*
 * Share of a node, and the 95 % interval after Wilson. For clusters the number of answers is replaced by the effective one:
 * that of independent pages which would vary as much as the clusters do. -ENOMEM.
 */
int node_share_estimate(const struct page_sample *sample, uint32_t node, struct mmcpus_share *ret);

/*
 * The same of all parts, by their size. Where a sample has met less than half of the pages that there are, what it has not
 * met may be anywhere: few clusters may hold most. A size that is off gives a part more or less weight than it has.
 */
int node_share_combine(const struct page_part *parts, size_t nr_parts, uint32_t node, struct mmcpus_share *ret);

#endif
