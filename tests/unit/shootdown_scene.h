/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source of shootdowns whose tracer is made of memory, mostly on a machine of two CPUs, and what is expected of it. */
#ifndef MMCPUS_TESTS_SHOOTDOWN_SCENE_H
#define MMCPUS_TESTS_SHOOTDOWN_SCENE_H

#include "fake_tracer.h"

struct scene {
	struct mmcpus_system *sys;
	struct mmcpus_shootdowns *src;
};

static inline void write_tlb_row(const struct tree *tree, unsigned first, unsigned second)
{
	char text[128];

	snprintf(text, sizeof(text), "     CPU0 CPU1\n TLB: %u %u TLB shootdowns\n", first, second);
	tree_write(tree, "proc/interrupts", text);
}

/* possible: its CPUs, as the kernel writes them. */
static inline struct scene scene_open_on(const struct tree *tree, const char *possible, enum mmcpus_shootdowns_by by,
					 unsigned extras)
{
	struct scene scene;

	tree_write(tree, "sys/devices/system/cpu/possible", possible);
	assert_int_equal(mmcpus_system_open(tree->root, &scene.sys, NULL), 0);
	assert_int_equal(shootdowns_open_with(&fake_tracer, scene.sys, by, extras, NULL, &scene.src, NULL), 0);
	return scene;
}

static inline struct scene scene_open_with(const struct tree *tree, enum mmcpus_shootdowns_by by, unsigned extras)
{
	return scene_open_on(tree, "0-1\n", by, extras);
}

static inline struct scene scene_open_after(const struct tree *tree, enum mmcpus_shootdowns_by by, unsigned nr_hits)
{
	write_tlb_row(tree, nr_hits, 0);
	return scene_open_with(tree, by, 0);
}

static inline struct scene scene_open(const struct tree *tree, enum mmcpus_shootdowns_by by)
{
	return scene_open_after(tree, by, 12);
}

static inline void scene_close(struct scene *scene)
{
	mmcpus_shootdowns_close(scene->src);
	mmcpus_system_close(scene->sys);
}

static inline const struct mmcpus_interval *read_interval(struct scene *scene)
{
	const struct mmcpus_interval *interval;

	assert_int_equal(mmcpus_shootdowns_read(scene->src, &interval, NULL), 0);
	return interval;
}

/* err: of the call that gave the number which of its kind. */
static inline void expect_known(int err, int which, uint64_t number, uint64_t expected)
{
	check(err == 0, "number %d is unknown", which);
	check(number == expected, "number %d is %lu, should be %lu", which, (unsigned long)number,
	      (unsigned long)expected);
}

static inline void expect_total(const struct mmcpus_interval *interval, enum mmcpus_interval_number which,
				uint64_t expected)
{
	uint64_t number = ~expected;
	int err = mmcpus_interval_number(interval, which, &number);

	expect_known(err, which, number, expected);
}

static inline void expect_number(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_number which,
				 uint64_t expected)
{
	uint64_t number = ~expected;
	int err = mmcpus_shootdown_number(row, which, &number);

	expect_known(err, which, number, expected);
}

#endif
