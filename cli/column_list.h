/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which columns to show and by which to sort, as the user names them with -o and -s. */
#ifndef MMCPUS_CLI_COLUMN_LIST_H
#define MMCPUS_CLI_COLUMN_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct column;
struct column_set;

/* Zero-initialized it is empty. */
struct column_list {
	const struct column **columns;
	size_t nr_columns;
};

/*
 * text: comma-separated names, which come after what is in the list; with a + in front and nothing in the list, the default
 * columns come first; NULL: these only. Messages speak of --output.
 */
int column_list_parse(struct column_list *list, const struct column_set *set, const char *text, char **why);
void column_list_deinit(struct column_list *list);

/* The fields that the library has to read for all of them. */
uint32_t column_list_fields(const struct column_list *list);

struct sort_order {
	const struct column *column;
	const struct column *key; /* settles what the column leaves equal */
	bool is_descending;
};

/* text: a name, -name for descending; NULL: by the key of the set. */
int sort_order_parse(struct sort_order *order, const struct column_set *set, const char *text, char **why);

#endif
