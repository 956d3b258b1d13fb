// SPDX-License-Identifier: LGPL-2.1-or-later
/* Backend procfs: Cpus_active_mm in /proc/PID/status, on a kernel that has the patch. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../proc_snapshot.h"
#include "../reason.h"

/* From the leader's status; from a thread's, if the leader has exited. */
static int read_active(struct proc_reader *rd, const struct proc_process *process, struct mmcpus_cpuset *ret)
{
	struct proc_status status = process->status;
	size_t index = 0;

	if (!process->has_mm && !proc_next_thread(rd, process, &index, &status))
		return -ENODATA;
	if (!(status.lines & STATUS_ACTIVE))
		return -EACCES; /* a kernel may show the lines only to those who may trace the process */
	return mmcpus_cpuset_parse_mask(ret, status.active_mask, NULL) ? -EBADMSG : 0;
}

static int procfs_read(void *state, const struct snapshot_request *request, struct mmcpus_snapshot *snap,
		       struct mmcpus_reason *why)
{
	static const struct proc_active active = { read_active };

	return proc_snapshot_read(state, &active, request, snap, why);
}

/* Does any process that we may look at show the line? On this machine our own does, if there is one. */
static bool has_line(struct proc_reader *rd)
{
	struct proc_status status;
	char path[32];

	if (rd->sys->root.is_live) {
		if (root_read(&rd->sys->root, "proc/self/status", &rd->status))
			return false;
		proc_status_parse(rd->status.data, &status);
		return status.lines & STATUS_ACTIVE;
	}
	if (proc_dir_list_processes(&rd->sys->root, &rd->pids))
		return false;
	for (size_t i = 0; i < rd->pids.nr; i++) {
		snprintf(path, sizeof(path), "proc/%d/status", rd->pids.pids[i]);
		if (root_read(&rd->sys->root, path, &rd->status))
			continue;
		proc_status_parse(rd->status.data, &status);
		if (status.lines & STATUS_ACTIVE)
			return true;
	}
	return false;
}

static int procfs_open(const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why)
{
	struct proc_reader *rd = proc_reader_create(sys);

	if (!rd)
		return reason_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	if (!has_line(rd)) {
		proc_reader_destroy(rd);
		reason_set(why, -EOPNOTSUPP, "/proc/PID/status has no line Cpus_active_mm");
		reason_remedy(why, "needs a kernel with the Cpus_active_mm patch");
		return -EOPNOTSUPP;
	}
	*ret = rd;
	return 0;
}

static void procfs_close(void *state)
{
	proc_reader_destroy(state);
}

const struct backend_ops backend_procfs = {
	.name = "procfs",
	.summary = "Cpus_active_mm in /proc/PID/status, of a patched kernel",
	.quality = MMCPUS_EXACT,
	.open = procfs_open,
	.close = procfs_close,
	.read = procfs_read,
};
