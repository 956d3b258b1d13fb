/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "users.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>

#include "xalloc.h"

struct user_name {
	uint32_t uid;
	char *name;
};

static const char *add_user(struct user_names *users, uint32_t uid)
{
	const struct passwd *entry = getpwuid(uid);
	char *name = entry ? xstrdup(entry->pw_name) : xasprintf("%" PRIu32, uid);

	users->names = xreallocarray(users->names, users->nr_names + 1, sizeof(*users->names));
	users->names[users->nr_names++] = (struct user_name){ uid, name };
	return name;
}

const char *user_names_get(struct user_names *users, uint32_t uid)
{
	for (size_t i = 0; i < users->nr_names; i++)
		if (users->names[i].uid == uid)
			return users->names[i].name;
	return add_user(users, uid);
}

void user_names_deinit(struct user_names *users)
{
	for (size_t i = 0; i < users->nr_names; i++)
		free(users->names[i].name);
	free(users->names);
	*users = (struct user_names){ 0 };
}
