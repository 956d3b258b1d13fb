/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address spaces to show, in the order to show them. */
#ifndef MMCPUS_CLI_MM_LIST_H
#define MMCPUS_CLI_MM_LIST_H

#include <stddef.h>

#include <mmcpus/mmcpus.h>

struct mm_view;
struct sort_order;

/* Zero-initialized it is empty. The address spaces belong to their snapshot. */
struct mm_list {
	const struct mmcpus_mm **mms;
	size_t nr_mms;
};

void mm_list_add(struct mm_list *list, const struct mmcpus_mm *mm);
void mm_list_deinit(struct mm_list *list);

/* Equal ones stay in the order of their PIDs; those whose key is unknown come last in either direction. */
void mm_list_sort(struct mm_list *list, const struct mm_view *view, const struct sort_order *order);

#endif
