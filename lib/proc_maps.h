/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of /proc/PID/maps as data. */
#ifndef MMCPUS_LIB_PROC_MAPS_H
#define MMCPUS_LIB_PROC_MAPS_H

#include <stdbool.h>
#include <stdint.h>

struct proc_map {
	uint64_t start;
	uint64_t end;    /* above start */
	bool has_access; /* may it be read, written or executed? Guards and reserved ranges may not */
};

/* -EBADMSG if it is not such a line. What follows the permissions is not looked at. */
int proc_maps_parse_line(const char *line, struct proc_map *ret);

#endif
