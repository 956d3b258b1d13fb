/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be said about a kind of thing: one row a column. Tables, pairs, JSON, sorting, --help and the completion all
 * read these rows. Each kind of thing (address spaces, …) has a set of columns in a file of its own.
 */
#ifndef MMCPUS_CLI_COLUMNS_H
#define MMCPUS_CLI_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include <mmcpus/mmcpus.h>

#include "value.h"

enum column_flags {
	COLUMN_IS_DEFAULT = 1 << 0,   /* shown unless -o says otherwise, in the order of the rows */
	COLUMN_CAN_TRUNCATE = 1 << 1, /* may be cut where a terminal is too narrow; a set may not */
	COLUMN_CAN_WRAP = 1 << 2,     /* prose, which may go on in the next line there, as lists always may */
	COLUMN_CAN_SINK = 1 << 3,     /* as the last column: it may stand below its row there instead */
	COLUMN_IS_OF_WATCH = 1 << 4,  /* who watches for a while is shown it as well, in the order of the rows */
};

struct column {
	const char *header;
	const char *key; /* in JSON */
	enum value_type type;
	unsigned flags;
	uint32_t fields; /* that the library has to read for it */
	/*
	 * Fills in ret, whose type is set, or returns -ENODATA. view: where the values come from; row: the thing. Both
	 * are of the types that the set is made for.
	 */
	int (*get)(const void *view, const void *row, struct value *ret);
	const char *help;
};

struct column_set {
	const struct column *columns; /* the first is the key: rows are sorted by it unless -s says otherwise */
	size_t nr_columns;
	const char *command; /* whose --help lists them */
	/* Why a column is unknown of every row, to be freed; NULL if there is nothing to say. NULL: there never is. */
	char *(*why_unknown)(const struct column *column, const struct mmcpus_system *sys);
};

/* Names are not case-sensitive. NULL if there is none. */
const struct column *column_find(const struct column_set *set, const char *name, size_t length);

/* The value of a row in a column; unknown if it can't be told. To be deinit()ed. */
struct value column_get(const struct column *column, const void *view, const void *row);

/* What --help says of them. */
void columns_print_help(const struct column_set *set);

#endif
