/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What code is where in a process, from /proc/PID/maps. */
#ifndef MMCPUS_LIB_CODE_MAPS_H
#define MMCPUS_LIB_CODE_MAPS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "root.h"

struct code_map {
	uint64_t start;
	uint64_t end;
	uint64_t offset; /* in the file */
	uint64_t inode;  /* 0: no file is behind it */
	char *path;      /* as the process's root has it; raw bytes; empty: it has no name */
};

/* Zero-initialized it is empty. */
struct code_maps {
	struct code_map *maps; /* those that can be executed, by their starts */
	size_t nr_maps;
};

int code_maps_read(struct code_maps *ret, const struct root *root, pid_t pid);
void code_maps_deinit(struct code_maps *maps);

/* NULL: there is no code. */
const struct code_map *code_maps_find(const struct code_maps *maps, uint64_t address);

#endif
