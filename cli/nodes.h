/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of NUMA nodes are cpusets, too, but of another width than the machine has CPUs. */
#ifndef MMCPUS_CLI_NODES_H
#define MMCPUS_CLI_NODES_H

#include <mmcpus/mmcpus.h>

/* An empty set that has room for every node. */
struct mmcpus_cpuset *nodes_create(void);

#endif
