// SPDX-License-Identifier: LGPL-2.1-or-later
/* On which nodes the memory of a process is: from a sample of its pages, or counted by the kernel. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "line_reader.h"
#include "node_share.h"
#include "numa_maps.h"
#include "page_sampler.h"
#include "proc_dir.h"
#include "proc_status.h"
#include "reason.h"
#include "system.h"

struct node_part {
	uint32_t node;
	struct mmcpus_share share;
};

struct mmcpus_memory {
	struct mmcpus_share elsewhere; /* of each node that is not among the parts */
	uint64_t resident_bytes;
	uint64_t cost_ns;
	uint32_t nr_asked;
	uint32_t nr_parts;
	struct node_part parts[];
};

static struct mmcpus_memory *memory_create(const struct mmcpus_cpuset *nodes)
{
	uint32_t nr = mmcpus_cpuset_count(nodes);
	struct mmcpus_memory *memory = calloc(1, sizeof(*memory) + nr * sizeof(memory->parts[0]));

	for (uint32_t node = 0; memory && mmcpus_cpuset_next(nodes, node, &node); node++)
		memory->parts[memory->nr_parts++].node = node;
	return memory;
}

void mmcpus_memory_destroy(struct mmcpus_memory *memory)
{
	free(memory);
}

/* ----------------------------------------------------------------------------------------------- what went wrong -- */

static int tell(struct mmcpus_reason *why, const struct mmcpus_system *sys, int32_t pid, int err)
{
	if (err == -ESRCH || err == -ENOENT)
		return reason_set(why, -ESRCH, "process %d has ended, or has another address space by now", pid);
	if (err == -EACCES || err == -EPERM) {
		reason_set(why, -EACCES, "the memory of process %d may not be seen", pid);
		reason_remedy(why, "run as root, or with CAP_SYS_PTRACE");
		return -EACCES;
	}
	if (err == -ENOSYS || err == -EOPNOTSUPP)
		return reason_set(why, -EOPNOTSUPP, "%s",
				  sys->root.is_live ? "this kernel does not tell on which node a page is"
						    : "this captured machine has no numa_maps");
	if (err == -ETIME || err == -ENOBUFS || err == -ENODATA) {
		reason_set(why, -ENODATA, "process %d: the time that may be spent was over before %s", pid,
			   err == -ENODATA ? "a resident page was found" : "all of its mappings were read");
		reason_remedy(why, "count its memory instead (--memory exact)");
		return -ENODATA;
	}
	if (err == -EFBIG)
		return reason_set(why, -ENODATA,
				  "process %d: to count its memory would take longer than the time that may be spent",
				  pid);
	if (err == -ETIMEDOUT)
		return reason_set(
			why, -ENODATA,
			"process %d: the time that may be spent was over before all of its memory was counted", pid);
	return reason_set(why, err, "memory of process %d: %s", pid, strerror(-err));
}

/* --------------------------------------------------------------------------------------- the process, or a thread */

/* What is done in the directory of a process, or of a thread of it. */
typedef int (*look)(const struct root *process, int32_t pid, const struct mmcpus_memory_limit *limit,
		    struct mmcpus_memory **ret);

static int look_at(const struct mmcpus_system *sys, const char *path, int32_t pid, look look,
		   const struct mmcpus_memory_limit *limit, struct mmcpus_memory **ret)
{
	struct root process;
	int err = root_enter(&sys->root, path, &process);

	if (err)
		return err == -ENOENT ? -ESRCH : err;
	err = look(&process, pid, limit, ret);
	root_deinit(&process);
	return err;
}

/* Threads that have all exited but the last are not worth more than a few tries. */
#define THREADS_TRIED 16

static int look_at_threads(const struct mmcpus_system *sys, int32_t pid, look look,
			   const struct mmcpus_memory_limit *limit, struct mmcpus_memory **ret)
{
	struct pid_list tids = { 0 };
	struct root process;
	char path[64];
	int err = -ESRCH;

	snprintf(path, sizeof(path), "proc/%d", pid);
	if (root_enter(&sys->root, path, &process))
		return -ESRCH;
	proc_dir_list_threads(&process, &tids);
	root_deinit(&process);
	for (size_t i = 0; i < tids.nr && i < THREADS_TRIED && err == -ESRCH; i++) {
		snprintf(path, sizeof(path), "proc/%d/task/%d", pid, tids.pids[i]);
		if (tids.pids[i] != pid)
			err = look_at(sys, path, tids.pids[i], look, limit, ret);
	}
	pid_list_deinit(&tids);
	return err;
}

/* A leader that has exited has no memory any more, but its threads have. */
static int look_at_process(const struct mmcpus_system *sys, int32_t pid, look look,
			   const struct mmcpus_memory_limit *limit, struct mmcpus_memory **ret,
			   struct mmcpus_reason *why)
{
	char path[32];
	int err;

	snprintf(path, sizeof(path), "proc/%d", pid);
	err = look_at(sys, path, pid, look, limit, ret);
	if (err == -ESRCH)
		err = look_at_threads(sys, pid, look, limit, ret);
	return err ? tell(why, sys, pid, err) : 0;
}

/* ----------------------------------------------------------------------------------------------------- a sample -- */

static struct mmcpus_cpuset *nodes_of_findings(const struct page_findings *findings)
{
	struct mmcpus_cpuset *nodes = mmcpus_cpuset_create(SYSTEM_NODES_MAX);

	for (size_t i = 0; nodes && i < findings->nr_parts; i++) {
		const struct page_sample *sample = &findings->parts[i].sample;

		for (size_t j = 0; j < sample->nr_answers; j++)
			mmcpus_cpuset_add(nodes, sample->answers[j].node);
	}
	return nodes;
}

static int estimate_share(const struct page_findings *findings, uint32_t node, struct mmcpus_share *ret)
{
	return node_share_combine(findings->parts, findings->nr_parts, node, ret);
}

/* No answer names SYSTEM_NODES_MAX. */
static int estimate_parts(const struct page_findings *findings, struct mmcpus_memory *memory)
{
	int err = estimate_share(findings, SYSTEM_NODES_MAX, &memory->elsewhere);

	for (uint32_t i = 0; i < memory->nr_parts && !err; i++)
		err = estimate_share(findings, memory->parts[i].node, &memory->parts[i].share);
	return err;
}

static int conclude(const struct page_findings *findings, struct mmcpus_memory **ret)
{
	struct mmcpus_cpuset *nodes = nodes_of_findings(findings);
	int err;

	*ret = nodes ? memory_create(nodes) : NULL;
	mmcpus_cpuset_destroy(nodes);
	if (!*ret)
		return -ENOMEM;
	(*ret)->nr_asked = (uint32_t)findings->nr_asked;
	(*ret)->resident_bytes = findings->nr_resident * (uint64_t)sysconf(_SC_PAGESIZE);
	err = estimate_parts(findings, *ret);
	if (err)
		mmcpus_memory_destroy(*ret);
	return err;
}

static int sample_process(const struct root *process, int32_t pid, const struct mmcpus_memory_limit *limit,
			  struct mmcpus_memory **ret)
{
	struct page_limit page_limit = { MMCPUS_MEMORY_TIME_NS, MMCPUS_MEMORY_NR_PAGES };
	struct page_findings findings;
	uint64_t start_ns = cpu_ns();
	int err;

	if (limit)
		page_limit = (struct page_limit){ limit->time_ns, limit->nr_pages };
	err = page_sampler_run(process, pid, &page_limit, &findings);
	if (err)
		return err;
	err = conclude(&findings, ret);
	page_findings_deinit(&findings);
	if (!err)
		(*ret)->cost_ns = cpu_ns() - start_ns;
	return err;
}

int mmcpus_memory_sample(const struct mmcpus_system *sys, int32_t pid, const struct mmcpus_memory_limit *limit,
			 struct mmcpus_memory **ret, struct mmcpus_reason *why)
{
	if (sys->root.is_live)
		return look_at_process(sys, pid, sample_process, limit, ret, why);
	reason_set(why, -EOPNOTSUPP, "the pages of a captured machine can't be asked");
	reason_remedy(why, "count them (--memory exact)");
	return -EOPNOTSUPP;
}

/* ----------------------------------------------------------------------------------------------------- a count -- */

static int add_lines(struct line_reader *lines, const struct deadline *deadline, struct node_bytes *ret, bool *is_empty)
{
	char *line;
	int got;
	int err = 0;

	while (!err && (got = line_reader_next(lines, &line)) > 0) {
		err = numa_maps_add_line(line, ret);
		*is_empty = false;
		if (!err && is_past(deadline))
			err = -ETIMEDOUT;
	}
	return err ? err : got;
}

/* The file ends early if the address space goes away, and is empty from then on. */
static bool is_still_there(int fd)
{
	char first;

	return pread(fd, &first, 1, 0) == 1;
}

/* Is it the file that is missing, and not the process? */
static bool lacks_numa_maps(const struct root *process, int err)
{
	return err == -ENOENT && faccessat(process->fd, "status", F_OK, 0) == 0;
}

static int read_node_bytes(const struct root *process, const struct deadline *deadline, struct node_bytes *ret)
{
	struct line_reader lines;
	bool is_empty = true;
	int fd = root_open_file(process, "numa_maps");
	int err = fd < 0 ? fd : line_reader_init(&lines, fd, LINE_BYTES_MAX);

	if (err)
		return lacks_numa_maps(process, err) ? -ENOSYS : err;
	err = add_lines(&lines, deadline, ret, &is_empty);
	if (!err && (is_empty || !is_still_there(lines.fd)))
		err = -ESRCH;
	line_reader_deinit(&lines);
	return err;
}

static int take_counts(const struct node_bytes *counts, struct mmcpus_memory **ret)
{
	struct mmcpus_cpuset *nodes = mmcpus_cpuset_create(SYSTEM_NODES_MAX);

	for (uint32_t node = 0; nodes && node < NUMA_MAPS_NODES; node++)
		if (counts->bytes[node])
			mmcpus_cpuset_add(nodes, node);
	*ret = nodes ? memory_create(nodes) : NULL;
	mmcpus_cpuset_destroy(nodes);
	if (!*ret)
		return -ENOMEM;
	(*ret)->resident_bytes = counts->sum;
	for (uint32_t i = 0; i < (*ret)->nr_parts; i++) {
		double share = (double)counts->bytes[(*ret)->parts[i].node] / (double)counts->sum;

		(*ret)->parts[i].share = (struct mmcpus_share){ share, share, share };
	}
	return 0;
}

/* As a sample: who is kept waiting by others gives up later. */
#define WAITS 10

static struct deadline deadline_of(const struct mmcpus_memory_limit *limit)
{
	if (!limit || limit->time_ns > INT64_MAX / WAITS)
		return (struct deadline){ UINT64_MAX, UINT64_MAX };
	return (struct deadline){ cpu_ns() + limit->time_ns, clock_ns(CLOCK_MONOTONIC) + WAITS * limit->time_ns };
}

/*
 * The kernel walks a mapping, and some small ones together, in one go, and nobody can look at the clock meanwhile. So what
 * would take too long is not begun. For a page of its own it takes some 100 ns: 7 ms for 256 MiB were seen.
 */
#define WALK_PAGE_NS  100
#define WALK_PAGE_KIB 4

static int check_walk(const struct root *process, const struct mmcpus_memory_limit *limit)
{
	struct text text = { 0 };
	struct proc_status status;
	int err = limit ? root_read(process, "status", &text) : 0;

	if (limit && !err) {
		proc_status_parse(text.data, &status);
		if (status.lines & STATUS_RSS && status.rss_kib / WALK_PAGE_KIB > limit->time_ns / WALK_PAGE_NS)
			err = -EFBIG;
	}
	text_deinit(&text);
	return err;
}

static int count_process(const struct root *process, int32_t pid __attribute__((unused)),
			 const struct mmcpus_memory_limit *limit, struct mmcpus_memory **ret)
{
	const struct deadline deadline = deadline_of(limit);
	uint64_t start_ns = cpu_ns();
	struct node_bytes *counts = calloc(1, sizeof(*counts));
	int err = counts ? check_walk(process, limit) : -ENOMEM;

	if (!err)
		err = read_node_bytes(process, &deadline, counts);
	if (!err)
		err = take_counts(counts, ret);
	free(counts);
	if (!err)
		(*ret)->cost_ns = cpu_ns() - start_ns;
	return err;
}

int mmcpus_memory_count(const struct mmcpus_system *sys, int32_t pid, const struct mmcpus_memory_limit *limit,
			struct mmcpus_memory **ret, struct mmcpus_reason *why)
{
	return look_at_process(sys, pid, count_process, limit, ret, why);
}

/* ------------------------------------------------------------------------------------------------- what is known -- */

struct mmcpus_share mmcpus_memory_share(const struct mmcpus_memory *memory, uint32_t node)
{
	for (uint32_t i = 0; i < memory->nr_parts; i++)
		if (memory->parts[i].node == node)
			return memory->parts[i].share;
	return memory->elsewhere;
}

void mmcpus_memory_nodes(const struct mmcpus_memory *memory, struct mmcpus_cpuset *ret)
{
	mmcpus_cpuset_clear(ret);
	for (uint32_t i = 0; i < memory->nr_parts; i++)
		mmcpus_cpuset_add(ret, memory->parts[i].node);
}

static double error_of(const struct mmcpus_share *share)
{
	double below = share->share - share->low;
	double above = share->high - share->share;

	return below > above ? below : above;
}

double mmcpus_memory_error(const struct mmcpus_memory *memory)
{
	double error = error_of(&memory->elsewhere);

	for (uint32_t i = 0; i < memory->nr_parts; i++)
		if (error_of(&memory->parts[i].share) > error)
			error = error_of(&memory->parts[i].share);
	return error;
}

uint64_t mmcpus_memory_resident_bytes(const struct mmcpus_memory *memory)
{
	return memory->resident_bytes;
}

uint64_t mmcpus_memory_cost_ns(const struct mmcpus_memory *memory)
{
	return memory->cost_ns;
}

uint32_t mmcpus_memory_nr_asked(const struct mmcpus_memory *memory)
{
	return memory->nr_asked;
}

/* ---------------------------------------------------------------------------------------------- compared with CPUs -- */

/* 1: less than the share; 0: not less; -ENODATA: there is no telling. */
static int has_less(const struct mmcpus_memory *memory, uint32_t node, double share)
{
	struct mmcpus_share part = mmcpus_memory_share(memory, node);

	if (part.high < share)
		return 1;
	return part.low < share ? -ENODATA : 0;
}

int mmcpus_memory_remote(const struct mmcpus_memory *memory, const struct mmcpus_system *sys,
			 const struct mmcpus_cpuset *cpus, double share, struct mmcpus_cpuset *ret)
{
	struct mmcpus_cpuset *near = mmcpus_cpuset_create(mmcpus_system_nr_cpus(sys));
	struct mmcpus_cpuset *nodes = mmcpus_cpuset_create(SYSTEM_NODES_MAX);
	bool is_nothing = memory->nr_parts == 0; /* which is far from nobody */
	int err = near && nodes ? mmcpus_system_nodes_of(sys, cpus, nodes) : -ENOMEM;

	for (uint32_t node = 0; !err && mmcpus_cpuset_next(nodes, node, &node); node++) {
		int found = has_less(memory, node, share);

		if (found == 0)
			mmcpus_cpuset_or(near, mmcpus_system_node_cpus(sys, node));
		if (found < 0)
			err = found;
	}
	mmcpus_cpuset_clear(ret);
	if (!err && !is_nothing) {
		mmcpus_cpuset_copy(ret, cpus);
		mmcpus_cpuset_andnot(ret, near);
	}
	mmcpus_cpuset_destroy(near);
	mmcpus_cpuset_destroy(nodes);
	return err;
}
