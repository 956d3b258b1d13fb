/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of PIDs, as users give them: -p 1,42 -p 7. */
#ifndef MMCPUS_CLI_PIDS_H
#define MMCPUS_CLI_PIDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialized it is empty. */
struct pid_list {
	int32_t *pids;
	size_t nr_pids;
};

/* Append the PIDs of a comma-separated list, each 1 … INT32_MAX. -EINVAL and a message that names the wrong word. */
int pid_list_parse(struct pid_list *list, const char *text, char **why);
void pid_list_deinit(struct pid_list *list);

bool pid_list_has(const struct pid_list *list, int32_t pid);
void pid_list_add(struct pid_list *list, int32_t pid);

#endif
