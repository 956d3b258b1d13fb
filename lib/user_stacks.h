/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stacks of senders in user space, by the names of modules and functions, as long as the process is there to ask. */
#ifndef MMCPUS_LIB_USER_STACKS_H
#define MMCPUS_LIB_USER_STACKS_H

#include <sys/types.h>

#include "elf_symbols.h"
#include "root.h"
#include "shootdown_groups.h"

/* Files whose symbols were read: as many as a few processes have. */
#define USER_MODULES_MAX 64

struct user_module {
	uint64_t inode;
	char *path;
	struct elf_symbols symbols;
};

/* Zero-initialized it is empty. */
struct user_stacks {
	/* The number of the mm that a process has now, as rows have it of their owner. NULL, or -errno: not known. */
	int (*read_mm_id)(void *arg, pid_t pid, uint64_t *ret);
	void *arg;
	struct user_module modules[USER_MODULES_MAX];
	size_t nr_modules;
	size_t next; /* to be given up for another */
};

/*
 * Say what the addresses of user stacks are that are not known yet. They have names only if the process still runs the program
 * it ran then, as far as its mm tells, or where that is not known, its name.
 */
void user_stacks_name(struct user_stacks *stacks, struct shootdown_groups *groups, const struct root *root);

/* The same for one, whose places are kept there. */
void user_stack_name(struct user_stacks *stacks, struct mmcpus_shootdown *group, struct user_frames *kept,
		     const struct root *root);

void user_stacks_deinit(struct user_stacks *stacks);

#endif
