/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of cgroups. */
#ifndef MMCPUS_LIB_CGROUP_H
#define MMCPUS_LIB_CGROUP_H

#include "snapshot.h"

/*
 * The path that stands for a process among the lines of its /proc/PID/cgroup, cut out in place: that of cgroup v2;
 * without, of the v1 hierarchy "systemd", or the first. NULL if there is none.
 */
char *cgroup_path_in(char *text);

/* Turn the kernel's ids in the records of all address spaces into paths. What cannot be named becomes unknown. */
int cgroup_name_all(struct mmcpus_snapshot *snap);

#endif
