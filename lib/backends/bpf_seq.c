// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bpf_seq.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../reason.h"
#include "bpf.h"

/* A file that runs the program for each task while it is read. */
static int open_stream(int link_fd)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.iter_create.link_fd = (uint32_t)link_fd;
	fd = (int)syscall(SYS_bpf, BPF_ITER_CREATE, &attr, sizeof(attr));
	return fd < 0 ? -errno : fd;
}

static int read_stream(int link_fd, const struct mm_walk *walk, struct records *recs)
{
	int fd = open_stream(link_fd);
	int err;

	if (fd < 0)
		return fd;
	err = records_read(recs, fd, record_bytes(walk->nr_cpus, walk->nr_sets));
	close(fd);
	return err;
}

int bpf_seq_snapshot(int link_fd, struct mm_walk *walk, const struct snapshot_request *request,
		     struct mmcpus_snapshot *snap, struct mmcpus_reason *why)
{
	int err;

	bpf_request_walk(walk, snap->sys, request);
	err = read_stream(link_fd, walk, &snap->recs);
	if (err)
		return reason_set(why, err, "reading the BPF iterator: %s", strerror(-err));
	err = bpf_check_layout(walk, why);
	if (err)
		return err;
	snap->is_per_thread = true;
	snap->known = request->fields;
	snap->dropped = walk->dropped;
	return 0;
}

int bpf_seq_check(int link_fd, struct mm_walk *walk, const struct mmcpus_system *sys, struct mmcpus_reason *why)
{
	struct snapshot_request nothing = { 0 };
	struct records recs = { 0 };
	int err;

	bpf_request_walk(walk, sys, &nothing);
	err = read_stream(link_fd, walk, &recs);
	records_deinit(&recs);
	if (err)
		return reason_set(why, err, "reading the BPF iterator: %s", strerror(-err));
	return bpf_check_layout(walk, why);
}
