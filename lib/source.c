// SPDX-License-Identifier: LGPL-2.1-or-later
/* A source: a backend that was chosen, and the snapshot it fills. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "cgroup.h"
#include "cpu_source.h"
#include "proc_dir.h"
#include "proc_status.h"
#include "reason.h"

struct mmcpus_source {
	const struct mmcpus_system *sys;
	const struct backend_ops *ops;
	void *state;
	bool has_fallback;
	struct mmcpus_reason fallback;
	struct cpu_source cpus;
	struct mmcpus_snapshot snap;
};

/* "bpf: needs root": who could not, and why. */
static void name_backend(struct mmcpus_reason *why, const char *name)
{
	struct mmcpus_reason plain = *why;

	reason_set(why, 0, "%s: %s", name, plain.what);
	reason_remedy(why, "%s", plain.remedy);
}

static int open_named(struct mmcpus_source *src, const char *name, struct mmcpus_reason *why)
{
	int err;

	src->ops = backend_find(name);
	if (!src->ops)
		return reason_set(why, -ENOENT, "%s: no such backend", name);
	err = backend_open(src->ops, src->sys, &src->state, why);
	if (err && why)
		name_backend(why, name);
	return err;
}

static int open_first(struct mmcpus_source *src, struct mmcpus_reason *why)
{
	struct mmcpus_reason reason;
	int err = -ENOENT;

	for (size_t i = 0; backends[i]; i++) {
		if (backend_is_variant(backends[i]) || (backends[i]->is_live_only && !src->sys->root.is_live))
			continue;
		src->ops = backends[i];
		err = backend_open(src->ops, src->sys, &src->state, &reason);
		if (!err)
			return 0;
		name_backend(&reason, src->ops->name);
		if (!src->has_fallback)
			src->fallback = reason;
		src->has_fallback = true;
	}
	if (why)
		*why = src->fallback;
	return err;
}

int mmcpus_source_open(const struct mmcpus_system *sys, const char *backend, struct mmcpus_source **ret,
		       struct mmcpus_reason *why)
{
	struct mmcpus_source *src = calloc(1, sizeof(*src));
	int err;

	if (!src)
		return reason_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	src->sys = sys;
	err = backend ? open_named(src, backend, why) : open_first(src, why);
	if (err) {
		free(src);
		return err;
	}
	snapshot_init(&src->snap, sys, src->ops->quality);
	*ret = src;
	return 0;
}

void mmcpus_source_close(struct mmcpus_source *src)
{
	if (!src)
		return;
	snapshot_deinit(&src->snap);
	cpu_source_close(&src->cpus, src->ops);
	src->ops->close(src->state);
	free(src);
}

const char *mmcpus_source_backend(const struct mmcpus_source *src)
{
	return src->ops->name;
}

enum mmcpus_quality mmcpus_source_quality(const struct mmcpus_source *src)
{
	return src->ops->quality;
}

int mmcpus_source_fallback(const struct mmcpus_source *src, struct mmcpus_reason *ret)
{
	if (src->has_fallback && ret)
		*ret = src->fallback;
	return src->has_fallback;
}

int mmcpus_source_is_restricted(const struct mmcpus_source *src, struct mmcpus_reason *ret)
{
	if (src->ops->is_live_only || !proc_dir_is_hidden(&src->sys->root))
		return 0;
	reason_set(ret, 0, "/proc is mounted with hidepid: other users' processes are not shown");
	reason_remedy(ret, "run with sudo");
	return 1;
}

/* ---------------------------------------------------------------------------------------------------- the CPUs -- */

static int open_cpus(struct mmcpus_source *src)
{
	return cpu_source_open(&src->cpus, src->ops, src->sys, src->has_fallback ? &src->fallback : NULL);
}

int mmcpus_source_check_residency(struct mmcpus_source *src, struct mmcpus_reason *why)
{
	open_cpus(src);
	if (src->cpus.err && why)
		*why = src->cpus.why;
	return src->cpus.err;
}

/*
 * After the address spaces: a CPU that is behind the flushes that were counted there really is. That the CPUs can't be
 * read is no failure of the snapshot, which goes without; mmcpus_source_check_residency() says why. -ENOMEM
 */
static int read_cpus(struct mmcpus_source *src)
{
	const struct cpu_record *cpus;

	if (open_cpus(src) || cpu_source_read(&src->cpus, src->ops, &cpus))
		return 0;
	src->snap.known |= MMCPUS_FIELD_RESIDENCY;
	return residency_index(&src->snap.residency, cpus, mmcpus_system_nr_cpus(src->sys),
			       mmcpus_system_set(src->sys, MMCPUS_SYSTEM_ONLINE));
}

/* What no record tells, because it is of the whole machine. */
static int read_machine(struct mmcpus_source *src, uint32_t fields)
{
	struct mmcpus_snapshot *snap = &src->snap;

	snap->known &= ~SNAPSHOT_FIELDS;
	if (fields & MMCPUS_FIELD_FLUSH && snap->flush_mode == MMCPUS_FLUSH_UNKNOWN)
		snap->flush_mode = mmcpus_system_flush_mode(src->sys);
	if (snap->flush_mode != MMCPUS_FLUSH_UNKNOWN)
		snap->known |= MMCPUS_FIELD_FLUSH;
	return fields & MMCPUS_FIELD_RESIDENCY ? read_cpus(src) : 0;
}

/* ----------------------------------------------------------------------------------------------- the snapshots -- */

static int take(struct mmcpus_source *src, const struct snapshot_request *request, struct mmcpus_reason *why)
{
	int err;

	if (request->fields & ~MMCPUS_FIELDS_ALL)
		return reason_set(why, -EINVAL, "no such field: 0x%x", request->fields & ~MMCPUS_FIELDS_ALL);
	snapshot_reset(&src->snap, request->fields);
	if (request->fields & MMCPUS_FIELD_RESIDENCY) /* loading takes time, which must not lie between the two reads */
		open_cpus(src);
	err = src->ops->read(src->state, request, &src->snap, why);
	if (err)
		return err;
	err = read_machine(src, request->fields);
	if (!err)
		err = snapshot_index(&src->snap);
	if (!err && request->fields & MMCPUS_FIELD_CGROUP)
		err = cgroup_name_all(&src->snap);
	return err ? reason_set(why, err, "%s", strerror(-err)) : 0;
}

int mmcpus_source_snapshot(struct mmcpus_source *src, uint32_t fields, const struct mmcpus_snapshot **ret,
			   struct mmcpus_reason *why)
{
	struct snapshot_request request = { .fields = fields };
	int err = take(src, &request, why);

	if (!err)
		*ret = &src->snap;
	return err;
}

/* Leave only the entry of one process in the snapshot; false if it isn't there. */
static bool keep_only(struct mmcpus_snapshot *snap, int32_t pid)
{
	for (size_t i = 0; i < snap->nr_mms; i++) {
		if (snap->mms[i]->pid != pid)
			continue;
		snap->mms[0] = snap->mms[i];
		snap->nr_mms = 1;
		return true;
	}
	snap->nr_mms = 0;
	return false;
}

/* Take snapshots until one has the process; an exec in the middle of one may have dropped it. */
static int take_pid(struct mmcpus_source *src, const struct snapshot_request *request, bool *ret_is_found,
		    struct mmcpus_reason *why)
{
	int err;

	for (int tries = 0; tries < 3; tries++) {
		err = take(src, request, why);
		*ret_is_found = !err && keep_only(&src->snap, request->pid);
		if (err || *ret_is_found || !src->snap.dropped)
			break;
	}
	return err;
}

/* The process is not in the snapshot: because it has no mm, or because the backend was not shown it? */
static int explain_missing(const struct mmcpus_source *src, int32_t pid, struct mmcpus_reason *why)
{
	bool has_mm = false;
	int32_t tgid;
	int err = proc_dir_look_up(&src->sys->root, pid, &tgid, &has_mm);

	if (err == -ESRCH)
		return reason_set(why, err, "process %d not found", pid);
	if (err)
		return reason_set(why, err, "process %d: its status file cannot be understood", pid);
	if (!has_mm)
		return reason_set(why, -ENODATA, "process %d has no address space (kernel thread or zombie)", pid);
	if (src->snap.dropped && src->ops->is_live_only)
		return reason_set(why, -EAGAIN, "process %d changes its address space again and again", pid);
	return reason_set(why, -EACCES, "process %d has an address space, but backend %s is not shown its mask", pid,
			  src->ops->name);
}

int mmcpus_source_snapshot_pid(struct mmcpus_source *src, int32_t pid, uint32_t fields,
			       const struct mmcpus_snapshot **ret, struct mmcpus_reason *why)
{
	struct snapshot_request request = { .fields = fields & ~(uint32_t)MMCPUS_FIELD_SHARERS };
	bool is_found;
	bool has_mm;
	int err = proc_dir_look_up(&src->sys->root, pid, &request.pid, &has_mm);

	if (err == -ENOMEM)
		return reason_set(why, err, "%s", strerror(-err));
	if (err) /* hidden in /proc, it may yet be seen by the backend */
		request.pid = pid;
	err = take_pid(src, &request, &is_found, why);
	if (err)
		return err;
	if (!is_found)
		return explain_missing(src, pid, why);
	*ret = &src->snap;
	return 0;
}
