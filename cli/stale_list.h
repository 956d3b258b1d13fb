/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where address spaces were stale in a look. One look is not enough: the masks are read before the CPUs, and a process
 * that leaves a CPU in between seems to be stale there.
 */
#ifndef MMCPUS_CLI_STALE_LIST_H
#define MMCPUS_CLI_STALE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmcpus/mmcpus.h>

struct scene;
struct stale_entry;

/* Zero-initialized it is empty. */
struct stale_list {
	struct stale_entry *entries;
	size_t nr_entries;
	bool has_torn; /* some rows contradict themselves: they have to be looked at again */
};

/* All that are stale on isolated CPUs, which must be known. What the list had before is gone. */
void stale_list_fill(struct stale_list *list, const struct scene *scene);
void stale_list_deinit(struct stale_list *list);

/* The isolated CPUs where the address space of this identity was stale; NULL: none. */
const struct mmcpus_cpuset *stale_list_find(const struct stale_list *list, uint64_t mm_id);

#endif
