/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which pages of a process are resident: /proc/PID/pagemap. */
#ifndef MMCPUS_LIB_PAGEMAP_H
#define MMCPUS_LIB_PAGEMAP_H

#include <stdbool.h>

#include "deadline.h"
#include "population.h"
#include "root.h"

struct pagemap {
	int fd;
	bool can_scan; /* the kernel finds the pages itself, and skips what has no page table */
	uint64_t page_bytes;
	uint64_t call_ns;      /* how long one call may take: the clock is looked at in between */
	uint64_t window_pages; /* of one call, adapted to that */
};

/* process: its directory. -EACCES, -EPERM: the caller may not see it; -ENOENT: the kernel has none; -errno. */
int pagemap_open(struct pagemap *map, const struct root *process, uint64_t page_bytes, uint64_t call_ns);
void pagemap_close(struct pagemap *map);

/* Add those pages of a range that are resident. -ETIME: not done at the deadline; as population_add(); -errno. */
int pagemap_add_resident(struct pagemap *map, uint64_t first, uint64_t nr_pages, uint32_t cluster,
			 const struct deadline *deadline, struct population *ret);

#endif
