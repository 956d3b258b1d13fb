/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of /proc/PID/numa_maps as data. */
#ifndef MMCPUS_LIB_NUMA_MAPS_H
#define MMCPUS_LIB_NUMA_MAPS_H

#include <stdint.h>

#define NUMA_MAPS_NODES 1024 /* CONFIG_NODES_SHIFT is at most 10 */

/* Resident memory, as far as it was counted; never more than INT64_MAX. */
struct node_bytes {
	uint64_t bytes[NUMA_MAPS_NODES];
	uint64_t sum;
};

/* Add what the line counts. -EBADMSG, and some of it may be added, if it has counts of pages of no known size. */
int numa_maps_add_line(const char *line, struct node_bytes *ret);

#endif
