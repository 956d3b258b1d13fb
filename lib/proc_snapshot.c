// SPDX-License-Identifier: LGPL-2.1-or-later
#include "proc_snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "reason.h"
#include "share.h"

struct proc_reader *proc_reader_create(const struct mmcpus_system *sys)
{
	struct proc_reader *rd = calloc(1, sizeof(*rd));

	if (rd)
		rd->sys = sys;
	return rd;
}

void proc_reader_destroy(struct proc_reader *rd)
{
	if (!rd)
		return;
	text_deinit(&rd->status);
	text_deinit(&rd->thread);
	pid_list_deinit(&rd->pids);
	pid_list_deinit(&rd->tids);
	free(rd);
}

static int read_status(const struct root *dir, const char *path, struct text *text, struct proc_status *ret)
{
	int err = root_read(dir, path, text);

	if (!err)
		proc_status_parse(text->data, ret);
	return err;
}

int proc_next_thread(struct proc_reader *rd, const struct proc_process *process, size_t *index, struct proc_status *ret)
{
	char path[48];

	while (*index < rd->tids.nr) {
		snprintf(path, sizeof(path), "task/%d/status", rd->tids.pids[(*index)++]);
		if (read_status(&process->dir, path, &rd->thread, ret) == 0 && ret->lines & STATUS_RSS)
			return 1;
	}
	return 0;
}

static bool is_single_threaded(const struct proc_status *status)
{
	return status->lines & STATUS_THREADS && status->threads == 1;
}

static int parse_allowed(const struct proc_status *status, struct mmcpus_cpuset *ret)
{
	return status->lines & STATUS_ALLOWED ? mmcpus_cpuset_parse_mask(ret, status->allowed_mask, NULL) : -ENODATA;
}

/* -ENODATA if there is no thread left that could be asked. */
static int unite_allowed(struct proc_reader *rd, const struct proc_process *process, struct mmcpus_cpuset *of_thread,
			 struct mmcpus_cpuset *ret)
{
	struct proc_status status;
	bool is_seen = false;
	size_t index = 0;
	int err = 0;

	while (!err && proc_next_thread(rd, process, &index, &status)) {
		err = parse_allowed(&status, of_thread);
		mmcpus_cpuset_or(ret, of_thread);
		is_seen = true;
	}
	return err || is_seen ? err : -ENODATA;
}

/* ALLOWED is the union over all threads; of a single thread the leader's own line says it. */
static int read_allowed(struct proc_reader *rd, const struct proc_process *process, struct mmcpus_cpuset *ret)
{
	struct mmcpus_cpuset *of_thread;
	int err;

	if (is_single_threaded(&process->status))
		return parse_allowed(&process->status, ret);
	of_thread = mmcpus_cpuset_create(ret->nr_cpus);
	if (!of_thread)
		return -ENOMEM;
	err = unite_allowed(rd, process, of_thread, ret);
	mmcpus_cpuset_destroy(of_thread);
	return err;
}

/* A number of KiB that no count of bytes can hold is no size. */
static void set_rss(struct mm_record *rec, uint32_t fields, const struct proc_status *status)
{
	bool is_wanted = fields & MMCPUS_FIELD_RSS;

	if (!is_wanted || !(status->lines & STATUS_RSS) || status->rss_kib > UINT64_MAX / 1024)
		return;
	rec->rss_bytes = status->rss_kib * 1024;
	rec->known |= MMCPUS_FIELD_RSS;
}

static void fill_from_status(const struct proc_status *status, uint32_t fields, struct mm_record *rec)
{
	static const struct {
		uint32_t field;
		uint32_t line;
	} needs[] = {
		{ MMCPUS_FIELD_COMM, STATUS_NAME },
		{ MMCPUS_FIELD_PPID, STATUS_PPID },
		{ MMCPUS_FIELD_UID, STATUS_UID },
		{ MMCPUS_FIELD_THREADS, STATUS_THREADS },
	};

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (fields & needs[i].field && status->lines & needs[i].line)
			rec->known |= needs[i].field;
	memcpy(rec->comm, status->name, sizeof(rec->comm));
	rec->ppid = status->ppid;
	rec->uid = status->uid;
	rec->nr_threads = status->threads;
	set_rss(rec, fields, status);
}

static void fill_cgroup(struct proc_reader *rd, const struct proc_process *process, struct mmcpus_snapshot *snap,
			struct mm_record *rec)
{
	int64_t offset = -ENODATA;
	char *path;

	if (root_read(&process->dir, "cgroup", &rd->thread) == 0) {
		path = cgroup_path_in(rd->thread.data);
		if (path)
			offset = snapshot_add_string(snap, path);
	}
	rec->flags |= MM_RECORD_CGROUP_PATH;
	if (offset < 0)
		return;
	rec->cgroup = (uint64_t)offset;
	rec->known |= MMCPUS_FIELD_CGROUP;
}

/* A leader that has exited has no mm any more, nor the lines about it; a thread that lives on has both. */
static bool find_mm_in_threads(struct proc_reader *rd, const struct proc_process *process, struct proc_status *ret)
{
	size_t index = 0;

	if (is_single_threaded(&process->status))
		return false;
	return proc_next_thread(rd, process, &index, ret);
}

/* 0; -ENODATA: no address space; else its mm cannot be read. */
static int add_process(struct proc_reader *rd, const struct proc_active *active, struct proc_process *process,
		       struct mmcpus_snapshot *snap)
{
	struct mm_record *rec = records_add(&snap->recs, rd->sys->nr_cpus, snap->nr_sets);
	struct proc_status thread;
	int err;

	if (!rec)
		return -ENOMEM;
	rec->pid = process->pid;
	rec->known = snap->wanted & MMCPUS_FIELD_SHARERS;
	process->has_mm = process->status.lines & STATUS_RSS;
	if (!process->has_mm) /* kcmp(2) would compare what the leader has, no mm at all */
		rec->known &= ~(uint32_t)MMCPUS_FIELD_SHARERS;
	fill_from_status(&process->status, snap->wanted, rec);
	if (!process->has_mm && find_mm_in_threads(rd, process, &thread))
		set_rss(rec, snap->wanted, &thread);
	err = active->read(rd, process, record_set(rec, MM_RECORD_ACTIVE));
	if (!err && snap->wanted & MMCPUS_FIELD_ALLOWED &&
	    read_allowed(rd, process, record_set(rec, MM_RECORD_ALLOWED)) == 0)
		rec->known |= MMCPUS_FIELD_ALLOWED;
	if (!err && snap->wanted & MMCPUS_FIELD_CGROUP)
		fill_cgroup(rd, process, snap, rec);
	if (err)
		records_drop_last(&snap->recs, rec);
	return err;
}

static bool has_threads_to_list(const struct proc_process *process)
{
	return !is_single_threaded(&process->status);
}

/* A process that vanishes on the way is left out; so is one whose mm cannot be read, but it is counted. */
static int visit(struct proc_reader *rd, const struct proc_active *active, int32_t pid, struct mmcpus_snapshot *snap)
{
	struct proc_process process = { .pid = pid };
	char path[32];
	int err;

	snprintf(path, sizeof(path), "proc/%d", pid);
	if (root_enter(&rd->sys->root, path, &process.dir))
		return 0;
	err = read_status(&process.dir, "status", &rd->status, &process.status);
	rd->tids.nr = 0;
	if (!err && has_threads_to_list(&process))
		err = proc_dir_list_threads(&process.dir, &rd->tids);
	if (!err)
		err = add_process(rd, active, &process, snap);
	root_deinit(&process.dir);
	if (err == -ENOMEM)
		return err;
	if (err && err != -ENODATA && err != -ENOENT && err != -ESRCH)
		snap->dropped++;
	return 0;
}

static int visit_all(struct proc_reader *rd, const struct proc_active *active, struct mmcpus_snapshot *snap)
{
	int err = proc_dir_list_processes(&rd->sys->root, &rd->pids);

	for (size_t i = 0; !err && i < rd->pids.nr; i++)
		err = visit(rd, active, rd->pids.pids[i], snap);
	return err;
}

int proc_snapshot_read(struct proc_reader *rd, const struct proc_active *active, const struct snapshot_request *request,
		       struct mmcpus_snapshot *snap, struct mmcpus_reason *why)
{
	int err = request->pid ? visit(rd, active, request->pid, snap) : visit_all(rd, active, snap);

	if (err)
		return reason_set(why, err, "/proc: %s", strerror(-err));
	snap->known = MMCPUS_FIELDS_ALL & ~(uint32_t)MMCPUS_FIELD_RUNNING;
	if (!(request->fields & MMCPUS_FIELD_SHARERS))
		return 0;
	err = share_find(snap);
	if (err == -ENOMEM)
		return reason_set(why, err, "%s", strerror(-err));
	if (err)
		snap->known &= ~(uint32_t)MMCPUS_FIELD_SHARERS;
	return 0;
}
