/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of users, each asked for once: a lookup may go over the network. */
#ifndef MMCPUS_CLI_USERS_H
#define MMCPUS_CLI_USERS_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialized it is empty. */
struct user_names {
	struct user_name *names;
	size_t nr_names;
};

/* The name, or the number as text for a user who has none; lives as long as users. */
const char *user_names_get(struct user_names *users, uint32_t uid);
void user_names_deinit(struct user_names *users);

#endif
