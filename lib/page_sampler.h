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

/*
 * process: its directory; pid: its number. -ESRCH: it has exited or execed meanwhile; -EACCES, -EPERM: the caller may not
 * see its memory; -ETIME: its mappings could not even be listed in the time; -ENODATA: no resident page was found in the
 * time; -ENOSYS: the kernel does not tell; -errno. On success ret->answers is to be freed, and ret_resident is the number of
 * pages that are resident, as the kernel counts them.
 */
int page_sampler_run(const struct root *process, int32_t pid, const struct page_limit *limit, struct page_sample *ret,
		     uint64_t *ret_resident);

#endif
