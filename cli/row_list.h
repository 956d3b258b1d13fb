/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows to show, in the order to show them: address spaces, or whatever a set of columns is made for. */
#ifndef MMCPUS_CLI_ROW_LIST_H
#define MMCPUS_CLI_ROW_LIST_H

#include <stddef.h>

struct sort_order;

/* Zero-initialized it is empty. What the rows are belongs to somebody else. */
struct row_list {
	const void **rows;
	size_t nr_rows;
};

void row_list_add(struct row_list *list, const void *row);
void row_list_deinit(struct row_list *list);

/* Equal ones stay in the order of their keys; those whose value is unknown come last in either direction. */
void row_list_sort(struct row_list *list, const void *view, const struct sort_order *order);

#endif
