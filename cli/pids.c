/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pids.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "xalloc.h"

/* Digits only: strtol() would let blanks and signs through. */
static bool parse_pid(const char *word, size_t length, int32_t *ret)
{
	int64_t pid = 0;

	for (size_t i = 0; i < length; i++) {
		if (!isdigit((unsigned char)word[i]))
			return false;
		pid = pid * 10 + (word[i] - '0');
		if (pid > INT32_MAX)
			return false;
	}
	*ret = (int32_t)pid;
	return pid > 0;
}

int pid_list_parse(struct pid_list *list, const char *text, char **why)
{
	for (;; text++) {
		size_t length = strcspn(text, ",");
		int32_t pid;

		if (!parse_pid(text, length, &pid))
			return usage_error(why, "'%.*s' is not a PID: give a number from 1 to %d", (int)length, text,
					   INT32_MAX);
		pid_list_add(list, pid);
		text += length;
		if (*text == '\0')
			return 0;
	}
}

void pid_list_deinit(struct pid_list *list)
{
	free(list->pids);
	*list = (struct pid_list){ 0 };
}

bool pid_list_has(const struct pid_list *list, int32_t pid)
{
	for (size_t i = 0; i < list->nr_pids; i++)
		if (list->pids[i] == pid)
			return true;
	return false;
}

void pid_list_add(struct pid_list *list, int32_t pid)
{
	list->pids = xreallocarray(list->pids, list->nr_pids + 1, sizeof(*list->pids));
	list->pids[list->nr_pids++] = pid;
}
