// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proc_dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "number.h"
#include "proc_status.h"

void pid_list_deinit(struct pid_list *list)
{
	free(list->pids);
	*list = (struct pid_list){ 0 };
}

static int pid_list_add(struct pid_list *list, int32_t pid)
{
	if (list->nr == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 64;
		int32_t *pids = realloc(list->pids, capacity * sizeof(pids[0]));

		if (!pids)
			return -ENOMEM;
		list->pids = pids;
		list->capacity = capacity;
	}
	list->pids[list->nr++] = pid;
	return 0;
}

static int compare_pids(const void *a, const void *b)
{
	int32_t left = *(const int32_t *)a;
	int32_t right = *(const int32_t *)b;

	return (left > right) - (left < right);
}

static int list_numbers(const struct root *root, const char *path, struct pid_list *ret)
{
	DIR *dir = root_open_dir(root, path);
	struct dirent *entry;
	int err = 0;

	ret->nr = 0;
	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir))) {
		uint32_t number;

		if (parse_entry_number(entry->d_name, "", &number) && number > 0 && number <= INT32_MAX)
			err = pid_list_add(ret, (int32_t)number);
	}
	closedir(dir);
	if (!err && ret->nr)
		qsort(ret->pids, ret->nr, sizeof(ret->pids[0]), compare_pids);
	return err;
}

int proc_dir_list_processes(const struct root *root, struct pid_list *ret)
{
	return list_numbers(root, "proc", ret);
}

int proc_dir_list_threads(const struct root *process, struct pid_list *ret)
{
	return list_numbers(process, "task", ret);
}

static int read_status(const struct root *dir, const char *path, struct text *text, struct proc_status *ret)
{
	int err = root_read(dir, path, text);

	if (err)
		return err;
	proc_status_parse(text->data, ret);
	return ret->lines & STATUS_TGID ? 0 : -EBADMSG;
}

/* Kernel threads are many, and have no other threads to look at. */
static bool is_alone(const struct proc_status *status)
{
	return status->lines & STATUS_THREADS && status->threads == 1;
}

/* A leader that has exited shows no mm, while its threads live on with it. */
static bool has_thread_with_mm(const struct root *process, struct text *text)
{
	struct pid_list tids = { 0 };
	struct proc_status status;
	bool has_mm = false;
	char path[48];

	if (proc_dir_list_threads(process, &tids) == 0)
		for (size_t i = 0; i < tids.nr && !has_mm; i++) {
			snprintf(path, sizeof(path), "task/%d/status", tids.pids[i]);
			has_mm = read_status(process, path, text, &status) == 0 && status.lines & STATUS_RSS;
		}
	pid_list_deinit(&tids);
	return has_mm;
}

/* The kernel shows a thread under /proc by its own number as well, though it lists processes only; a capture does not. */
static int enter_captured_thread(const struct root *root, int32_t tid, struct root *ret)
{
	struct pid_list pids = { 0 };
	int err = proc_dir_list_processes(root, &pids);
	bool is_found = false;
	char path[64];

	for (size_t i = 0; !err && !is_found && i < pids.nr; i++) {
		snprintf(path, sizeof(path), "proc/%d/task/%d", pids.pids[i], tid);
		is_found = root_enter(root, path, ret) == 0;
	}
	pid_list_deinit(&pids);
	return is_found ? 0 : -ENOENT;
}

static int enter_task(const struct root *root, int32_t tid, struct root *ret)
{
	char path[32];
	int err;

	snprintf(path, sizeof(path), "proc/%d", tid);
	err = root_enter(root, path, ret);
	return err == -ENOENT && !root->is_live ? enter_captured_thread(root, tid, ret) : err;
}

int proc_dir_look_up(const struct root *root, int32_t tid, int32_t *ret_tgid, bool *ret_has_mm)
{
	struct text text = { 0 };
	struct proc_status status;
	struct root process;
	int err = enter_task(root, tid, &process);

	if (!err) {
		err = read_status(&process, "status", &text, &status);
		if (!err) {
			*ret_tgid = status.tgid;
			*ret_has_mm = status.lines & STATUS_RSS ||
				      (!is_alone(&status) && has_thread_with_mm(&process, &text));
		}
		root_deinit(&process);
	}
	text_deinit(&text);
	return err == -ENOENT || err == -EPERM || err == -EACCES ? -ESRCH : err;
}

/* Mount options of /proc that hide processes; root, and whoever is in the group of gid=, sees them all the same. */
bool proc_dir_is_hidden(const struct root *root)
{
	struct text text = { 0 };
	bool is_hidden = false;
	char *rest;

	if (!root->is_live || geteuid() == 0 || root_read(root, "proc/self/mountinfo", &text))
		return false;
	rest = text.data;
	for (char *line; (line = strsep(&rest, "\n"));) {
		char *option = strstr(line, " /proc ") ? strstr(line, "hidepid=") : NULL;

		if (option)
			is_hidden = strncmp(option, "hidepid=0", 9) != 0 && strncmp(option, "hidepid=off", 11) != 0;
	}
	text_deinit(&text);
	return is_hidden && access("/proc/1", F_OK) != 0;
}
