/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "columns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct column *column_find(const struct column_set *set, const char *name, size_t length)
{
	for (size_t i = 0; i < set->nr_columns; i++) {
		const struct column *column = &set->columns[i];

		if (strlen(column->header) == length && strncasecmp(column->header, name, length) == 0)
			return column;
	}
	return NULL;
}

struct value column_get(const struct column *column, const void *view, const void *row)
{
	struct value value = { .type = column->type };

	value.is_known = column->get(view, row, &value) == 0;
	return value;
}

void columns_print_help(const struct column_set *set)
{
	puts("\nColumns (* is shown by default):");
	for (size_t i = 0; i < set->nr_columns; i++) {
		const struct column *column = &set->columns[i];

		printf(" %-15s%s %s\n", column->header, column->flags & COLUMN_IS_DEFAULT ? "*" : " ", column->help);
	}
	puts("\nIn a table, - is known to be empty and ? is unknown.");
}
