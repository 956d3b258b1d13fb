// SPDX-License-Identifier: LGPL-2.1-or-later
/* Processes that have an address space, as /proc tells, but that a backend which reads the kernel is not shown. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "cgroup.h"
#include "proc_dir.h"
#include "proc_status.h"
#include "reason.h"

/* Who is missing may be in the middle of an exec, or a kernel thread that becomes a program; not in each of so many. */
#define TRIES 3

struct hidden_process {
	int32_t pid;
	char comm[16];
	char *cgroup; /* NULL: unknown */
};

struct mmcpus_hidden {
	struct hidden_process *processes;
	size_t nr_processes;
};

void mmcpus_hidden_destroy(struct mmcpus_hidden *hidden)
{
	for (size_t i = 0; hidden && i < hidden->nr_processes; i++)
		free(hidden->processes[i].cgroup);
	if (hidden)
		free(hidden->processes);
	free(hidden);
}

/* ---------------------------------------------------------------------------------------------------- comparing -- */

/* Where a number is in an ascending list, or would be. */
static size_t place_of(const struct pid_list *pids, int32_t pid)
{
	size_t low = 0;
	size_t high = pids->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pids->pids[middle] < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* 0 is no process: it marks those that are to go. */
static void sweep(struct pid_list *pids)
{
	size_t nr = 0;

	for (size_t i = 0; i < pids->nr; i++)
		if (pids->pids[i])
			pids->pids[nr++] = pids->pids[i];
	pids->nr = nr;
}

/* The list is searched as long as it is whole. */
static int drop_shown(struct pid_list *pids, const struct mmcpus_snapshot *snap)
{
	size_t nr_mms = mmcpus_snapshot_count(snap);
	bool *is_shown = calloc(pids->nr + 1, sizeof(*is_shown));

	if (!is_shown)
		return -ENOMEM;
	for (size_t i = 0; i < nr_mms; i++) {
		int32_t pid = mmcpus_mm_pid(mmcpus_snapshot_mm(snap, i));
		size_t place = place_of(pids, pid);

		if (place < pids->nr && pids->pids[place] == pid)
			is_shown[place] = true;
	}
	for (size_t i = 0; i < pids->nr; i++)
		if (is_shown[i])
			pids->pids[i] = 0;
	sweep(pids);
	free(is_shown);
	return 0;
}

/* Who has one now, after the snapshot, and had it all the time, should have been in it. */
static void drop_without_mm(struct pid_list *pids, const struct root *root)
{
	for (size_t i = 0; i < pids->nr; i++) {
		bool has_mm = false;
		int32_t tgid;

		if (proc_dir_look_up(root, pids->pids[i], &tgid, &has_mm) || !has_mm)
			pids->pids[i] = 0;
	}
	sweep(pids);
}

static int keep_hidden(struct pid_list *pids, const struct root *root, struct mmcpus_source *src,
		       struct mmcpus_reason *why)
{
	const struct mmcpus_snapshot *snap;
	int err = 0;

	for (int tries = 0; tries < TRIES && pids->nr && !err; tries++) {
		err = mmcpus_source_snapshot(src, 0, &snap, why);
		if (err)
			return err;
		err = drop_shown(pids, snap);
		drop_without_mm(pids, root);
	}
	return err ? reason_set(why, err, "%s", strerror(-err)) : 0;
}

/* ------------------------------------------------------------------------------------------------------ their names -- */

static char *read_cgroup(const struct root *process, struct text *text)
{
	char *path = root_read(process, "cgroup", text) ? NULL : cgroup_path_in(text->data);

	return path ? strdup(path) : NULL;
}

/* A process that ends now has no name, which does not matter any more. */
static void name_process(const struct root *root, struct hidden_process *ret)
{
	struct text text = { 0 };
	struct proc_status status;
	struct root process;
	char path[32];

	snprintf(path, sizeof(path), "proc/%d", ret->pid);
	if (root_enter(root, path, &process))
		return;
	if (root_read(&process, "status", &text) == 0) {
		proc_status_parse(text.data, &status);
		memcpy(ret->comm, status.name, sizeof(ret->comm));
	}
	ret->cgroup = read_cgroup(&process, &text);
	root_deinit(&process);
	text_deinit(&text);
}

static int make_list(const struct pid_list *pids, const struct root *root, struct mmcpus_hidden **ret)
{
	struct mmcpus_hidden *hidden = calloc(1, sizeof(*hidden));

	if (hidden)
		hidden->processes = calloc(pids->nr + 1, sizeof(hidden->processes[0]));
	if (!hidden || !hidden->processes) {
		free(hidden);
		return -ENOMEM;
	}
	for (size_t i = 0; i < pids->nr; i++) {
		hidden->processes[i].pid = pids->pids[i];
		name_process(root, &hidden->processes[i]);
	}
	hidden->nr_processes = pids->nr;
	*ret = hidden;
	return 0;
}

/* ------------------------------------------------------------------------------------------------------- the public -- */

/* Who lives off /proc has counted as dropped whatever it does not tell. */
static bool reads_kernel(const struct mmcpus_source *src)
{
	return backend_find(mmcpus_source_backend(src))->is_live_only;
}

int mmcpus_hidden_find(const struct mmcpus_system *sys, struct mmcpus_source *src, struct mmcpus_hidden **ret,
		       struct mmcpus_reason *why)
{
	struct pid_list pids = { 0 };
	int err = 0;

	if (reads_kernel(src)) {
		err = proc_dir_list_processes(&sys->root, &pids);
		if (err)
			reason_set(why, err, "/proc: %s", strerror(-err));
		else
			err = keep_hidden(&pids, &sys->root, src, why);
	}
	if (!err) {
		err = make_list(&pids, &sys->root, ret);
		if (err)
			reason_set(why, err, "%s", strerror(-err));
	}
	pid_list_deinit(&pids);
	return err;
}

size_t mmcpus_hidden_count(const struct mmcpus_hidden *hidden)
{
	return hidden->nr_processes;
}

int32_t mmcpus_hidden_pid(const struct mmcpus_hidden *hidden, size_t index)
{
	return hidden->processes[index].pid;
}

const char *mmcpus_hidden_comm(const struct mmcpus_hidden *hidden, size_t index)
{
	return hidden->processes[index].comm[0] ? hidden->processes[index].comm : NULL;
}

const char *mmcpus_hidden_cgroup(const struct mmcpus_hidden *hidden, size_t index)
{
	return hidden->processes[index].cgroup;
}
