/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many address spaces concern each CPU. */
#ifndef MMCPUS_CLI_CPU_COUNTS_H
#define MMCPUS_CLI_CPU_COUNTS_H

#include <stdint.h>

#include <mmcpus/mmcpus.h>

/* A count is unknown, NULL, if the set of any address space is. */
struct cpu_counts {
	uint64_t *active; /* by number of the CPU */
	uint64_t *targets;
};

void cpu_counts_init(struct cpu_counts *counts, const struct mmcpus_system *sys, const struct mmcpus_snapshot *snap);
void cpu_counts_deinit(struct cpu_counts *counts);

#endif
