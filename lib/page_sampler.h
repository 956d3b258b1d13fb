/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ask a bounded number of a process's resident pages, drawn by chance, which node they are on. */
#ifndef MMCPUS_LIB_PAGE_SAMPLER_H
#define MMCPUS_LIB_PAGE_SAMPLER_H

#include "node_share.h"
#include "root.h"

/* What it may cost. */
struct page_limit {
	uint64_t time_ns;
	uint32_t nr_pages;
};

/* What was found out: of all its pages, or of those in large mappings and of those in small ones. */
struct page_findings {
	struct page_part parts[2];
	size_t nr_parts;
	uint64_t nr_asked;
	uint64_t nr_resident; /* as the kernel counts them */
};

/*
 * process: its directory; pid: its number. -ESRCH: it has exited or execed meanwhile; -EACCES, -EPERM: the caller may not
 * see its memory; -ETIME: its mappings could not even be listed in the time; -ENODATA: no resident page was found in the
 * time; -ENOSYS: the kernel does not tell; -errno. On success ret is to be deinit()ed.
 */
int page_sampler_run(const struct root *process, int32_t pid, const struct page_limit *limit,
		     struct page_findings *ret);
void page_findings_deinit(struct page_findings *findings);

#endif
