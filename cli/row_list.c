/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "row_list.h"

#include <stdlib.h>

#include "column_list.h"
#include "columns.h"
#include "value.h"
#include "xalloc.h"

struct sort_entry {
	const void *row;
	struct value value;
	struct value key;
	bool is_descending; /* the same in all; qsort() hands nothing else on */
};

void row_list_add(struct row_list *list, const void *row)
{
	list->rows = xreallocarray(list->rows, list->nr_rows + 1, sizeof(list->rows[0]));
	list->rows[list->nr_rows++] = row;
}

void row_list_deinit(struct row_list *list)
{
	free(list->rows);
	*list = (struct row_list){ 0 };
}

static int compare_entries(const void *first, const void *second)
{
	const struct sort_entry *a = first;
	const struct sort_entry *b = second;
	int order;

	if (a->value.is_known != b->value.is_known)
		return b->value.is_known - a->value.is_known;
	order = value_compare(&a->value, &b->value);
	if (order)
		return a->is_descending ? -order : order;
	return value_compare(&a->key, &b->key);
}

void row_list_sort(struct row_list *list, const void *view, const struct sort_order *order)
{
	struct sort_entry *entries = xcalloc(list->nr_rows, sizeof(*entries));

	for (size_t i = 0; i < list->nr_rows; i++)
		entries[i] = (struct sort_entry){
			.row = list->rows[i],
			.value = column_get(order->column, view, list->rows[i]),
			.key = column_get(order->key, view, list->rows[i]),
			.is_descending = order->is_descending,
		};
	qsort(entries, list->nr_rows, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < list->nr_rows; i++) {
		list->rows[i] = entries[i].row;
		value_deinit(&entries[i].value);
		value_deinit(&entries[i].key);
	}
	free(entries);
}
