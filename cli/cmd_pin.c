/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcpus pin: leave files on bpffs that show the masks to whoever may read them, without mmcpus. */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <mmcpus/mmcpus.h>

#include "commands.h"
#include "message.h"
#include "options.h"
#include "session.h"
#include "xalloc.h"

/* Who may read: what the options come to. */
struct access {
	uint32_t mode;
	int64_t gid; /* -1: the group stays as it is */
};

#define MODE_ROOT      0400
#define MODE_GROUP     0440
#define MODE_FOR_GROUP 0040
#define MODE_ALL_READ  0444

static int parse_mode(const char *text, uint32_t *ret, char **why)
{
	uint32_t mode = 0;

	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '7' || mode > 07777)
			return usage_error(why, "'%s' is no mode: it takes an octal number such as 0440", text);
		mode = mode * 8 + (uint32_t)(*c - '0');
	}
	if (!*text)
		return usage_error(why, "'' is no mode: it takes an octal number such as 0440");
	if (mode & ~(uint32_t)MODE_ALL_READ)
		return usage_error(why, "'%s' is no mode of these files: they can only be read, as with 0440", text);
	if (!(mode & MODE_ROOT))
		return usage_error(why, "'%s' is no mode of these files: root must be able to read, as with 0400",
				   text);
	*ret = mode;
	return 0;
}

static int find_group(const char *name, int64_t *ret)
{
	const struct group *group = getgrnam(name);
	char *end;
	unsigned long number;

	if (group) {
		*ret = group->gr_gid;
		return 0;
	}
	errno = 0;
	number = strtoul(name, &end, 10);
	if (*name < '0' || *name > '9' || *end || errno || number >= UINT32_MAX) {
		complain("there is no group '%s'", name);
		return -ENOENT;
	}
	*ret = (int64_t)number;
	return 0;
}

/* Can they who may read the files enter this directory? */
static bool lets_pass(const char *path, const struct access *access)
{
	struct stat st;

	if (stat(path, &st) || st.st_mode & S_IXOTH)
		return true;
	return access->gid >= 0 && (int64_t)st.st_gid == access->gid && st.st_mode & S_IXGRP;
}

/* systemd mounts bpffs for root alone; then a file's own mode is not enough. */
static void remark_closed_path(const char *dir, const struct access *access)
{
	char *path;

	if (!(access->mode & ~(uint32_t)MODE_ROOT))
		return;
	path = xstrdup(dir);
	for (char *end = path; *end;) { /* where each directory on the way ends, and then the whole */
		char behind;

		end += 1 + strcspn(end + 1, "/");
		behind = *end;
		*end = '\0';
		if (!lets_pass(path, access)) {
			complain("only root can enter %s, so only root can read the files; chmod o+x %s", path, path);
			break;
		}
		*end = behind;
	}
	free(path);
}

static int pin(const struct options *opts, const struct access *access)
{
	const char *dir = opts->dir ? opts->dir : MMCPUS_PIN_DIR;
	struct mmcpus_reason why = { 0 };
	struct session session;
	int err;

	if (session_open_system(&session, opts))
		return STATUS_FAILED;
	err = mmcpus_pin(session.sys, dir, access->mode, access->gid, &why);
	session_close(&session);
	if (err) {
		complain_reason(&why);
		return STATUS_FAILED;
	}
	if (!opts->quiet)
		remark_closed_path(dir, access);
	return STATUS_OK;
}

static int pin_run(const struct options *opts)
{
	struct access access = { .mode = opts->group ? MODE_GROUP : MODE_ROOT, .gid = -1 };
	char *why;

	if (opts->dir && !opts->dir[0])
		return complain_usage(xstrdup("--dir '' names no directory"));
	if (opts->mode && parse_mode(opts->mode, &access.mode, &why))
		return complain_usage(why);
	if (opts->group && !(access.mode & MODE_FOR_GROUP))
		return complain_usage(
			xasprintf("--mode '%s' keeps the group of --group '%s' out", opts->mode, opts->group));
	if (opts->group && find_group(opts->group, &access.gid))
		return STATUS_FAILED;
	return pin(opts, &access);
}

const struct command cmd_pin = {
	.name = "pin",
	.summary = "leave files on bpffs that show the masks without mmcpus",
	.options = OPTION_DIR | OPTION_GROUP | OPTION_MODE | OPTION_QUIET | OPTIONS_COMMON,
	.run = pin_run,
};
