/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Experiments that show whether a backend reads the right bits, and whether the rule that governs them is the one that
 * the library found.
 */
#ifndef MMCPUS_CLI_SELFCHECK_H
#define MMCPUS_CLI_SELFCHECK_H

#include <stddef.h>

#include <mmcpus/mmcpus.h>

enum selfcheck_result {
	SELFCHECK_OK,
	SELFCHECK_FAILED,
	SELFCHECK_SKIPPED,
};

struct selfcheck {
	const char *name;
	const char *summary;
	/* Takes less than ten seconds; detail becomes what was seen, to be freed by the caller. */
	enum selfcheck_result (*run)(const struct mmcpus_system *sys, struct mmcpus_source *src, char **detail);
};

extern const struct selfcheck selfchecks[];
extern const size_t nr_selfchecks;

#endif
