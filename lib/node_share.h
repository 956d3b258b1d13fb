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

/*
 * Share of a node, and the 95 % interval after Wilson. For clusters the number of answers is replaced by the effective one:
 * that of independent pages which would vary as much as the clusters do. -ENOMEM.
 */
int node_share_estimate(const struct page_sample *sample, uint32_t node, struct mmcpus_share *ret);

#endif
