/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_list.h"

#include <stdlib.h>

#include "column_list.h"
#include "columns.h"
#include "value.h"
#include "xalloc.h"

struct sort_entry {
	const struct mmcpus_mm *mm;
	struct value key;
	bool is_descending; /* the same in all; qsort() hands nothing else on */
};

void mm_list_add(struct mm_list *list, const struct mmcpus_mm *mm)
{
	list->mms = xreallocarray(list->mms, list->nr_mms + 1, sizeof(list->mms[0]));
	list->mms[list->nr_mms++] = mm;
}

void mm_list_deinit(struct mm_list *list)
{
	free(list->mms);
	*list = (struct mm_list){ 0 };
}

static int compare_pids(const struct mmcpus_mm *a, const struct mmcpus_mm *b)
{
	int32_t pid_a = mmcpus_mm_pid(a);
	int32_t pid_b = mmcpus_mm_pid(b);

	return (pid_a > pid_b) - (pid_a < pid_b);
}

static int compare_entries(const void *first, const void *second)
{
	const struct sort_entry *a = first;
	const struct sort_entry *b = second;
	int order;

	if (a->key.is_known != b->key.is_known)
		return b->key.is_known - a->key.is_known;
	order = value_compare(&a->key, &b->key);
	if (order)
		return a->is_descending ? -order : order;
	return compare_pids(a->mm, b->mm);
}

void mm_list_sort(struct mm_list *list, const struct mm_view *view, const struct sort_order *order)
{
	struct sort_entry *entries = xcalloc(list->nr_mms, sizeof(*entries));

	for (size_t i = 0; i < list->nr_mms; i++)
		entries[i] = (struct sort_entry){
			.mm = list->mms[i],
			.key = column_get(order->column, view, list->mms[i]),
			.is_descending = order->is_descending,
		};
	qsort(entries, list->nr_mms, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < list->nr_mms; i++) {
		list->mms[i] = entries[i].mm;
		value_deinit(&entries[i].key);
	}
	free(entries);
}
