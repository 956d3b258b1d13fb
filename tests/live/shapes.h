/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes whose memory has a known shape: how much, how dense, of which kind, and how much of it on which node. */
#ifndef MMCPUS_TESTS_SHAPES_H
#define MMCPUS_TESTS_SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct shape {
	const char *name;
	const char *what;
	bool is_mixed; /* a given part of it can be on the second node */
	/* Take that shape; false: it can't be had on this machine. */
	bool (*take)(unsigned percent);
};

extern const struct shape shapes[];
extern const size_t nr_shapes;

/* Is there a second node with memory? Without one all of it is on the first. */
bool has_second_node(void);

/* Start a child of that shape, which sleeps and dies with its parent. 0: it can't be had here. */
pid_t shape_start(const struct shape *shape, unsigned percent);
void shape_stop(pid_t pid);

#endif
