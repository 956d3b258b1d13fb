/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control groups of senders, by their paths. */
#ifndef MMCPUS_LIB_SHOOTDOWN_CGROUPS_H
#define MMCPUS_LIB_SHOOTDOWN_CGROUPS_H

#include "root.h"
#include "shootdown_groups.h"

/* Name the one of each, as long as it is there. What has no name stays without one. */
void cgroups_name(struct shootdown_groups *groups, const struct root *root);

/* The same for one, whose texts are kept there. */
void cgroup_name(struct mmcpus_shootdown *group, struct text_pool *texts, const struct root *root);

#endif
