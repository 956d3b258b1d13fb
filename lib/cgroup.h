/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of cgroups. */
#ifndef MMCPUS_LIB_CGROUP_H
#define MMCPUS_LIB_CGROUP_H

#include <limits.h>

#include "snapshot.h"

/*
 * The path that stands for a process among the lines of its /proc/PID/cgroup, cut out in place: that of cgroup v2;
 * without, of the v1 hierarchy "systemd", or the first. NULL if there is none.
 */
char *cgroup_path_in(char *text);

/* Where cgroup v2 is mounted: its directories can be opened by the id that the kernel gives a cgroup. */
struct cgroup_mount {
	bool is_looked_for;
	int fd; /* -1: there is none */
	char path[PATH_MAX];
};

/* mount->fd is -1 before, and to be closed after. */
void cgroup_mount_find(struct cgroup_mount *mount, const struct root *root);

/* Path below the mount, "/" for its root. Returns its length, or -ENODATA. */
int cgroup_path_of_id(const struct cgroup_mount *mount, uint64_t id, char ret[PATH_MAX]);

/* Turn the kernel's ids in the records of all address spaces into paths. What cannot be named becomes unknown. */
int cgroup_name_all(struct mmcpus_snapshot *snap);

#endif
