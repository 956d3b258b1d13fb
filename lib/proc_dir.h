/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directories of processes and threads under /proc. */
#ifndef MMCPUS_LIB_PROC_DIR_H
#define MMCPUS_LIB_PROC_DIR_H

#include "root.h"

/* Numbers of processes or threads, ascending. */
struct pid_list {
	int32_t *pids;
	size_t nr;
	size_t capacity;
};

void pid_list_deinit(struct pid_list *list);

/* All processes; or the threads of one, whose directory was entered. The list is overwritten. -ENOENT, -ESRCH: gone. */
int proc_dir_list_processes(const struct root *root, struct pid_list *ret);
int proc_dir_list_threads(const struct root *process, struct pid_list *ret);

/*
 * The process that a thread's id belongs to, and whether any of its threads has an mm, as the status files tell. -ESRCH:
 * not there, or hidden.
 */
int proc_dir_look_up(const struct root *root, int32_t tid, int32_t *ret_tgid, bool *ret_has_mm);

/* Is the caller kept from seeing others' processes by the mount option hidepid? */
bool proc_dir_is_hidden(const struct root *root);

#endif
