/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside of a system, for the parts of the library that read more of it. */
#ifndef MMCPUS_LIB_SYSTEM_H
#define MMCPUS_LIB_SYSTEM_H

#include "root.h"
#include <mmcpus/mmcpus.h>

/* CONFIG_NODES_SHIFT is at most 10. */
#define SYSTEM_NODES_MAX 1024

struct mmcpus_system {
	struct root root;
	uint32_t nr_cpus;
	uint64_t pid_ns;
	struct mmcpus_cpuset *sets[MMCPUS_NR_SYSTEM_SETS]; /* NULL: unknown */
	struct mmcpus_cpuset *nodes[SYSTEM_NODES_MAX];     /* CPUs of each; NULL: no such node */
	char *texts[MMCPUS_NR_SYSTEM_TEXTS];               /* NULL: unknown */
};

/* False where the architecture has an mm_cpumask but keeps no bits in it. */
bool system_maintains_mask(const struct mmcpus_system *sys);

/* isolation.c: isolcpus=, nohz_full= and cpuset partitions. Leaves NULL what is unknown. */
int system_read_isolation(struct mmcpus_system *sys);

/* hypervisor.c: name of the hypervisor, allocated; NULL if unknown. */
char *system_read_hypervisor(const struct root *root);

/* background.c: NUMA balancing, khugepaged, KSM. Leaves NULL what is unknown. */
void system_read_background(struct mmcpus_system *sys);

/* flush_mode.c: is this a flag of the CPU, " name ", in /proc/cpuinfo? 1, 0, or -ENODATA. */
int system_has_cpu_flag(const struct mmcpus_system *sys, const char *flag_and_blanks);

/* A CPU list file as a set of this width. -ENOENT: no such file; -EBADMSG: not such a list. */
int system_read_list(const struct root *root, const char *path, uint32_t nr_cpus, struct mmcpus_cpuset **ret);

#endif
