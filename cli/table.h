/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A grid as a table for people, or as KEY="value" pairs for shells. */
#ifndef MMCPUS_CLI_TABLE_H
#define MMCPUS_CLI_TABLE_H

#include <stdbool.h>

struct grid;

struct table_style {
	bool is_pairs;
	bool has_header;
	bool has_units;
};

/* 0, or -errno, after which nothing or only a part was printed. */
int table_print(const struct grid *grid, const struct table_style *style);

#endif
