// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The fastest way, 6.7 on: one BPF_PROG_TEST_RUN of a program that walks all tasks with the open-coded iterator into a
 * map, which is mapped here and read in place. Loaded by a light skeleton: the kernel itself relocates the program,
 * and libbpf has no part in it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../reason.h"
#include "bpf.h"

#include "task_walk.lskel.h"

struct walk_state {
	const struct mmcpus_system *sys;
	struct task_walk *skel;
	void *blocks; /* the map's memory */
	uint32_t capacity;
};

static const char walk_needs[] = "needs the open-coded task iterator (kernel 6.7); bpf:iter does without";

static void unload(struct walk_state *walk)
{
	if (walk->blocks)
		munmap(walk->blocks, walk->capacity);
	walk->blocks = NULL;
	walk->capacity = 0;
	if (walk->skel)
		task_walk__destroy(walk->skel);
	walk->skel = NULL;
}

static int load(struct walk_state *walk, uint32_t nr_blocks)
{
	uint32_t bytes = nr_blocks * MM_BLOCK_BYTES;
	void *blocks;
	int err;

	walk->skel = task_walk__open();
	if (!walk->skel)
		return -ENOMEM;
	walk->skel->maps.blocks.max_entries = nr_blocks;
	err = task_walk__load(walk->skel);
	if (err)
		return err;
	blocks = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, walk->skel->maps.blocks.map_fd, 0);
	if (blocks == MAP_FAILED)
		return -errno;
	walk->blocks = blocks;
	walk->capacity = bytes;
	return 0;
}

/* More blocks than this, and a snapshot would take 2 GiB: there is no machine with so many processes. */
#define BLOCKS_MAX (UINT32_C(1) << 15)

/* The kernel frees programs and maps behind our back, in its own time: keep the loads few. */
static int reload(struct walk_state *walk, uint32_t bytes)
{
	uint32_t nr_blocks = bytes / MM_BLOCK_BYTES + 1;
	int err = nr_blocks > BLOCKS_MAX ? -E2BIG : 0;

	unload(walk);
	if (!err)
		err = load(walk, nr_blocks);
	if (err)
		unload(walk);
	return err;
}

/*
 * Room for the processes of the machine and some more, in bytes. The kernel takes and clears all of it when the map is
 * made. The links of /proc count the processes of all namespaces (fs/proc/root.c: proc_root_getattr()); if that is not
 * to be had, the first run tells how much it takes.
 */
static uint32_t bytes_for_processes(const struct mmcpus_system *sys)
{
	struct stat st;
	uint64_t nr = fstatat(sys->root.fd, "proc", &st, 0) == 0 ? st.st_nlink : 0;
	uint64_t bytes = (nr + nr / 4) * record_bytes(sys->nr_cpus, MM_RECORD_NR_SETS);

	return bytes < UINT32_C(1) << 30 ? (uint32_t)bytes : UINT32_C(1) << 30;
}

static int run(struct walk_state *walk)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)walk->skel->progs.walk_mms.prog_fd;
	return syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

/* Run again where the first run shows that it must see threads, or that the map is too small. */
static int run_until_whole(struct walk_state *walk, const struct snapshot_request *request)
{
	bool visit_threads = false;
	int err = 0;

	for (int tries = 0; tries < 8; tries++) {
		struct mm_walk *args = &walk->skel->bss->walk;
		uint32_t used;

		bpf_request_walk(args, walk->sys, request);
		args->visit_threads |= visit_threads;
		err = run(walk);
		if (err)
			return err;
		visit_threads = args->orphans > 0;
		used = args->used;
		if (used > walk->capacity)
			err = reload(walk, used + used / 4);
		else if (!visit_threads)
			return 0;
		if (err)
			return err;
	}
	return -EAGAIN;
}

static int walk_read(void *state, const struct snapshot_request *request, struct mmcpus_snapshot *snap,
		     struct mmcpus_reason *why)
{
	struct walk_state *walk = state;
	/* not loaded: there was no memory for a larger map last time */
	int err = walk->skel ? 0 : reload(walk, bytes_for_processes(walk->sys));

	if (!err)
		err = run_until_whole(walk, request);
	if (err)
		return reason_set(why, err, "running the BPF program: %s", strerror(-err));
	err = bpf_check_layout(&walk->skel->bss->walk, why);
	if (err)
		return err;
	snap->recs = (struct records){
		.base = walk->blocks,
		.used = walk->skel->bss->walk.used,
		.capacity = walk->capacity,
	};
	snap->known = request->fields;
	snap->dropped = walk->skel->bss->walk.dropped;
	return 0;
}

static void walk_close(void *state)
{
	unload(state);
	free(state);
}

/* Run it once for nothing: what the program finds out about the kernel decides whether it can be used. */
static int check_kernel(struct walk_state *walk, struct mmcpus_reason *why)
{
	struct snapshot_request nothing = { 0 };
	int err = run_until_whole(walk, &nothing);

	if (err)
		return reason_set(why, err, "running the BPF program: %s", strerror(-err));
	return bpf_check_layout(&walk->skel->bss->walk, why);
}

static int walk_open(const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why)
{
	struct walk_state *walk;
	int err = bpf_check(sys, why);

	if (err)
		return err;
	walk = calloc(1, sizeof(*walk));
	if (!walk)
		return reason_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	walk->sys = sys;
	err = reload(walk, bytes_for_processes(sys));
	if (err)
		bpf_explain_load(err, walk_needs, why);
	else
		err = check_kernel(walk, why);
	if (err) {
		walk_close(walk);
		return err;
	}
	*ret = walk;
	return 0;
}

const struct backend_ops backend_bpf_walk = {
	.name = "bpf:walk",
	.summary = "bpf, by the open-coded task iterator in a light skeleton",
	.quality = MMCPUS_EXACT,
	.is_live_only = true,
	.cpu_reader = &bpf_cpu_reader,
	.open = walk_open,
	.close = walk_close,
	.read = walk_read,
};
