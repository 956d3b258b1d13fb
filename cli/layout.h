/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the cells of a table fit a terminal. Sets that are too wide go on in the next line, broken at commas, since a
 * set that is cut off would be a lie; so does prose, broken at blanks; names may be cut off, and then end in "+".
 */
#ifndef MMCPUS_CLI_LAYOUT_H
#define MMCPUS_CLI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

enum layout_fit {
	LAYOUT_KEEP,
	LAYOUT_CUT,
	LAYOUT_WRAP, /* with line ends inside the cell */
};

struct layout_column {
	enum layout_fit fit;
	size_t width; /* in terminal columns, of the widest cell or the header */
	bool is_narrowed;
};

/* Columns that text takes on a terminal; text must be printable. */
size_t layout_text_width(const char *text);

/* Narrow columns, separated by one blank, until they fit into nr_terminal_columns or can't be narrowed any more. */
void layout_narrow(struct layout_column *columns, size_t nr_columns, size_t nr_terminal_columns);

/* The text as it is shown in such a column; text must be from malloc() and is freed if another one is returned. */
char *layout_fit_text(char *text, const struct layout_column *column);

/* Width of the terminal that stdout is; 0: it is not one. */
size_t layout_terminal_width(void);

#endif
