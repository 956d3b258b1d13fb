/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be said about an address space. */
#ifndef MMCPUS_CLI_MM_COLUMNS_H
#define MMCPUS_CLI_MM_COLUMNS_H

#include <mmcpus/mmcpus.h>

#include "columns.h"

struct memory_book;
struct user_names;

/* Where the values come from. */
struct mm_view {
	const struct mmcpus_system *sys;
	const struct mmcpus_source *src;
	const struct mmcpus_snapshot *snap;
	struct user_names *users; /* NULL: users stay numbers */
	struct memory_book *memory;
};

/* Of rows that are struct mmcpus_mm, seen through a struct mm_view. */
extern const struct column_set mm_columns;

#endif
