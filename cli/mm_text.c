/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_text.h"

#include <errno.h>
#include <stdlib.h>

#include "xalloc.h"

char *mm_cgroup_text(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm)
{
	size_t size = 256;
	char *path = xcalloc(size, 1);
	int length = mmcpus_mm_cgroup(snap, mm, path, size);

	while (length == -ENAMETOOLONG) {
		size *= 2;
		path = xreallocarray(path, size, 1);
		length = mmcpus_mm_cgroup(snap, mm, path, size);
	}
	if (length >= 0)
		return path;
	free(path);
	return NULL;
}
