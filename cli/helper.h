/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short-lived child processes on chosen CPUs, for experiments. None outlives us, and no wait is without end. */
#ifndef MMCPUS_CLI_HELPER_H
#define MMCPUS_CLI_HELPER_H

#include <stdint.h>
#include <sys/types.h>

struct helper {
	pid_t pid;
	int ready_fd; /* the helper writes a byte when it is done */
};

/* Bind the calling process to one CPU; it runs there on return. -errno. */
int helper_bind(uint32_t cpu);

/* Both fork a helper and wait until it is done, one second at most. It then sleeps until it is stopped. -errno. */

/* One that runs on CPU away and then stays on CPU home, without touching any memory after it has left. */
int helper_start_visitor(struct helper *helper, uint32_t away, uint32_t home);
/* One that keeps a CPU busy for some milliseconds. */
int helper_start_spinner(struct helper *helper, uint32_t cpu);

/* Safe on a helper that did not start. */
void helper_stop(struct helper *helper);

#endif
