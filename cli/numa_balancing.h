/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the setting kernel.numa_balancing means. */
#ifndef MMCPUS_CLI_NUMA_BALANCING_H
#define MMCPUS_CLI_NUMA_BALANCING_H

/* NUMA_BALANCING_NORMAL of include/linux/sched/sysctl.h; the other mode moves pages between tiers of memory. */
#define BALANCES_NODES 1

#endif
