/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which address spaces the user wants to see: -p, -C and --comm. */
#ifndef MMCPUS_CLI_FILTER_H
#define MMCPUS_CLI_FILTER_H

#include <stdbool.h>

#include <mmcpus/mmcpus.h>

#include "pids.h"

struct mm_view;
struct options;

/* Zero-initialized it lets everything through. */
struct filter {
	bool has_pids;
	struct pid_list pids; /* of processes, where the user may have named threads */
	struct mmcpus_cpuset *cpus;
	const char *comm; /* a pattern of fnmatch() */
};

/* -EINVAL and a message if the CPU list is not one of this machine. */
int filter_init(struct filter *filter, const struct options *opts, const struct mmcpus_system *sys, char **why);
void filter_deinit(struct filter *filter);

/*
 * Look up the processes of -p. Returns how many there are not, after a message for each; the others can be shown. To be
 * called before the snapshot is taken, which it would invalidate.
 */
size_t filter_resolve_pids(struct filter *filter, const struct options *opts, struct mmcpus_source *src);

/* How many of them are not in the snapshot although they were there a moment ago, after a message for each. */
size_t filter_count_gone(const struct filter *filter, const struct mm_view *view);

/* The fields that the library has to read for it. */
uint32_t filter_fields(const struct filter *filter);

bool filter_matches(const struct filter *filter, const struct mm_view *view, const struct mmcpus_mm *mm);

#endif
