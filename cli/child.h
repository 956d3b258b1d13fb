/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command that runs as our child, for as long as which something is done. */
#ifndef MMCPUS_CLI_CHILD_H
#define MMCPUS_CLI_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "stop.h"

struct child {
	pid_t pid;
	bool has_ended;
	int status; /* as a shell would return it: its own, or 128 and the signal */
};

/*
 * Start it; with the signals as they were before stop_begin_with_child(). STATUS_OK if it runs, or the status to exit with,
 * and it has been said why: that of a shell if it can't be run.
 */
int child_start(struct child *child, char **argv, const struct stop *stop);

/* Has it ended? Does not wait. */
bool child_check(struct child *child);

/* Ask it to end, if it has not, and wait for that. Who is asked to end meanwhile makes it end. */
void child_end(struct child *child, const struct stop *stop);

#endif
