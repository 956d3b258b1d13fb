/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be said about a CPU. */
#ifndef MMCPUS_CLI_CPU_COLUMNS_H
#define MMCPUS_CLI_CPU_COLUMNS_H

#include <mmcpus/mmcpus.h>

#include "columns.h"
#include "cpu_counts.h"

/* Where the values come from. */
struct cpu_view {
	const struct mmcpus_system *sys;
	const struct mmcpus_source *src;
	const struct mmcpus_snapshot *snap;
	uint32_t wanted; /* fields that the snapshot was asked for */
	struct cpu_counts counts;
};

/* Of rows that are uint32_t, the CPU's number, seen through a struct cpu_view. */
extern const struct column_set cpu_columns;

#endif
