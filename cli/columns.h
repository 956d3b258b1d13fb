/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be said about an address space: one row a column. Tables, pairs, JSON, sorting, --help and the completion
 * all read these rows, and nothing else knows a column.
 */
#ifndef MMCPUS_CLI_COLUMNS_H
#define MMCPUS_CLI_COLUMNS_H

#include <mmcpus/mmcpus.h>

#include "value.h"

struct user_names;

/* Where the values come from. */
struct mm_view {
	const struct mmcpus_system *sys;
	const struct mmcpus_source *src;
	const struct mmcpus_snapshot *snap;
	struct user_names *users; /* NULL: users stay numbers */
};

enum column_flags {
	COLUMN_IS_DEFAULT = 1 << 0,   /* shown unless -o says otherwise, in the order of the rows */
	COLUMN_CAN_TRUNCATE = 1 << 1, /* may be cut where a terminal is too narrow; a set may not */
};

struct column {
	const char *header;
	const char *key; /* in JSON */
	enum value_type type;
	unsigned flags;
	uint32_t fields; /* that the library has to read for it */
	/* Fills in ret, whose type is set, or returns -ENODATA. */
	int (*get)(const struct mm_view *view, const struct mmcpus_mm *mm, struct value *ret);
	const char *help;
};

extern const struct column columns[];
extern const size_t nr_columns;

/* Names are not case-sensitive. NULL if there is none. */
const struct column *column_find(const char *name, size_t length);

/* The value of an address space in a column; unknown if it can't be told. To be deinit()ed. */
struct value column_get(const struct column *column, const struct mm_view *view, const struct mmcpus_mm *mm);

#endif
