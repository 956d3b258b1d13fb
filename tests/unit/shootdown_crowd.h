/* SPDX-License-Identifier: GPL-2.0-or-later */
/* More senders than there is room for in an interval, each with all that takes memory, on a machine of 64 CPUs. */
#ifndef MMCPUS_TESTS_SHOOTDOWN_CROWD_H
#define MMCPUS_TESTS_SHOOTDOWN_CROWD_H

#include "shootdown_scene.h"

#define NR_SENDERS 20000
#define NR_A_LOOK  2000 /* as many as the kernel has room for, about */

/* A thread with a cause and names of its own, which has sent from, and hit, all CPUs, in all kinds of time. */
static inline void count_one(uint32_t index, int32_t pid)
{
	struct shootdown_row *row = take_row(index, pid, SHOOTDOWN_CAUSE_KTHREAD);
	uint64_t *sets = &fake.sets[index * SHOOTDOWN_NR_SETS];

	snprintf(row->sender.thread_comm, sizeof(row->sender.thread_comm), "worker-%d", pid);
	row->counts = (struct shootdown_counts){ .sent = 32, .hits = 32, .stolen_ns = 1, .wait_ns = 1 };
	for (size_t i = 0; i < SHOOTDOWN_NR_BUCKETS; i++)
		row->counts.stolen_log2[i] = row->counts.wait_log2[i] = 1;
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++)
		sets[i] = UINT64_MAX;
}

static inline void count_crowd(struct scene *scene)
{
	for (int32_t pid = 1; pid <= NR_SENDERS; pid += NR_A_LOOK) {
		for (int32_t i = 0; i < NR_A_LOOK; i++)
			count_one((uint32_t)i + 1, pid + i);
		assert_int_equal(mmcpus_shootdowns_collect(scene->src), 0);
	}
}

static inline void crowd_open(struct scene *ret, const struct tree *tree)
{
	write_tlb_row(tree, 12, 0);
	tree_write(tree, "sys/devices/system/cpu/possible", "0-63\n");
	assert_int_equal(mmcpus_system_open(tree->root, &ret->sys, NULL), 0);
	assert_int_equal(shootdowns_open_with(&fake_tracer, ret->sys, MMCPUS_BY_FLOW, 0, NULL, &ret->src, NULL), 0);
}

#endif
