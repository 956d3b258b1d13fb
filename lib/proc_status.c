// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proc_status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

/* The kernel writes a line feed in a name as "\n" and a backslash as "\\" (fs/proc/array.c: proc_task_name()). */
static bool parse_name(const char *value, struct proc_status *ret)
{
	size_t length = 0;

	for (; *value && length < sizeof(ret->name) - 1; value++) {
		char c = *value;

		if (c == '\\' && (value[1] == 'n' || value[1] == '\\'))
			c = *++value == 'n' ? '\n' : '\\';
		ret->name[length++] = c;
	}
	ret->name[length] = '\0';
	return true;
}

static bool parse_tgid(const char *value, struct proc_status *ret)
{
	return parse_i32(value, &ret->tgid) && ret->tgid > 0;
}

static bool parse_ppid(const char *value, struct proc_status *ret)
{
	return parse_i32(value, &ret->ppid) && ret->ppid >= 0;
}

/* "real effective saved filesystem" */
static bool parse_uid(const char *value, struct proc_status *ret)
{
	const char *effective = skip_number(value);

	return effective && parse_u32(effective, &ret->uid);
}

static bool parse_threads(const char *value, struct proc_status *ret)
{
	return parse_u32(value, &ret->threads);
}

/* That there is such a line says that there is an mm, whatever the number is. */
static bool parse_rss(const char *value, struct proc_status *ret)
{
	if (!parse_u64(value, &ret->rss_kib))
		ret->rss_kib = UINT64_MAX;
	return true;
}

static bool parse_allowed(const char *value, struct proc_status *ret)
{
	ret->allowed_mask = value;
	return true;
}

static bool parse_active(const char *value, struct proc_status *ret)
{
	ret->active_mask = value;
	return true;
}

static const struct {
	const char *key;
	enum proc_status_line line;
	bool (*parse)(const char *value, struct proc_status *ret);
} status_lines[] = {
	{ "Name", STATUS_NAME, parse_name },
	{ "Tgid", STATUS_TGID, parse_tgid },
	{ "PPid", STATUS_PPID, parse_ppid },
	{ "Uid", STATUS_UID, parse_uid },
	{ "VmRSS", STATUS_RSS, parse_rss },
	{ "Threads", STATUS_THREADS, parse_threads },
	{ "Cpus_allowed", STATUS_ALLOWED, parse_allowed },
	{ "Cpus_active_mm", STATUS_ACTIVE, parse_active },
};

static void parse_line(char *line, struct proc_status *ret)
{
	char *colon = strchr(line, ':');

	if (!colon || colon[1] != '\t')
		return;
	*colon = '\0';
	for (size_t i = 0; i < sizeof(status_lines) / sizeof(status_lines[0]); i++) {
		if (ret->lines & status_lines[i].line || strcmp(line, status_lines[i].key) != 0)
			continue;
		if (status_lines[i].parse(colon + 2, ret))
			ret->lines |= status_lines[i].line;
		return;
	}
}

void proc_status_parse(char *text, struct proc_status *ret)
{
	char *rest = text;

	*ret = (struct proc_status){ 0 };
	for (char *line; (line = strsep(&rest, "\n"));)
		parse_line(line, ret);
}
