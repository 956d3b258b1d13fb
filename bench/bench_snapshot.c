// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a snapshot costs, warm, against what a user of the kernel patch must do (read every /proc/PID/status) and
 * against the least that any walk over the same tasks takes.
 *
 *	bench_snapshot [PROCESSES [THREADS [ROUNDS]]]
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mmcpus/mmcpus.h>

#include "crowd.h"
#include "measure.h"

#include "empty_walk.lskel.h"

static struct mmcpus_source *source;
static struct empty_walk *walk;
static struct mmcpus_cpuset *some_set;
static uint64_t sum; /* of what was read, so that no contender can be optimised away */

/* What the plain C loop of a user of the patch does, without any parsing. */
static void read_all_status(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char buf[8192];
	char path[300];

	if (!proc)
		err(EXIT_FAILURE, "/proc");
	while ((entry = readdir(proc))) {
		int fd;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/status", entry->d_name);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		sum += (uint64_t)read(fd, buf, sizeof(buf));
		close(fd);
	}
	closedir(proc);
}

static void run_walk(uint32_t visit_threads)
{
	union bpf_attr attr;

	walk->bss->visit_threads = visit_threads;
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)walk->progs.walk_nothing.prog_fd;
	if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)))
		err(EXIT_FAILURE, "empty walk");
	sum += walk->bss->visited;
}

static void walk_processes(void)
{
	run_walk(0);
}

static void walk_threads(void)
{
	run_walk(1);
}

static const struct mmcpus_snapshot *take(uint32_t fields)
{
	const struct mmcpus_snapshot *snap;
	struct mmcpus_reason why;

	if (mmcpus_source_snapshot(source, fields, &snap, &why))
		errx(EXIT_FAILURE, "%s", why.what);
	sum += mmcpus_snapshot_count(snap);
	return snap;
}

static void snapshot_active(void)
{
	take(0);
}

/* A snapshot is read in place: what else it takes to look at every set. */
static void snapshot_count(void)
{
	const struct mmcpus_snapshot *snap = take(0);

	for (size_t i = 0; i < mmcpus_snapshot_count(snap); i++)
		sum += mmcpus_cpuset_count(mmcpus_mm_active(snap, mmcpus_snapshot_mm(snap, i)));
}

static void snapshot_shared(void)
{
	take(MMCPUS_FIELD_SHARERS);
}

static void snapshot_threads(void)
{
	take(MMCPUS_FIELD_SHARERS | MMCPUS_FIELD_ALLOWED | MMCPUS_FIELD_RUNNING);
}

/* With all sets that follow from what the CPUs hold, of each address space. */
static const struct mmcpus_snapshot *take_residency(void)
{
	const struct mmcpus_snapshot *snap = take(MMCPUS_FIELD_SHARERS | MMCPUS_FIELD_RESIDENCY);

	if (!(mmcpus_snapshot_fields(snap) & MMCPUS_FIELD_RESIDENCY))
		errx(EXIT_FAILURE, "this kernel does not tell what its CPUs hold: see mmcpus doctor");
	return snap;
}

static void snapshot_residency(void)
{
	take_residency();
}

/* Sets are worked out when they are asked for, one at a time. */
static void snapshot_sets(void)
{
	const struct mmcpus_snapshot *snap = take_residency();

	for (size_t i = 0; i < mmcpus_snapshot_count(snap); i++)
		for (enum mmcpus_mm_set which = MMCPUS_SET_LOADED; which <= MMCPUS_SET_TARGETS; which++) {
			mmcpus_mm_set(snap, mmcpus_snapshot_mm(snap, i), which, some_set);
			sum += mmcpus_cpuset_count(some_set);
		}
}

static void snapshot_all(void)
{
	take(MMCPUS_FIELDS_ALL & ~(uint32_t)MMCPUS_FIELD_CGROUP);
}

enum {
	STATUS,
	WALK,
	WALK_THREADS,
	ACTIVE,
	COUNT,
	SHARED,
	RESIDENCY,
	SETS,
	THREADS,
	ALL,
	NR
};

static struct contender contenders[NR] = {
	[STATUS] = { .name = "read every /proc/PID/status, plain C loop", .run = read_all_status },
	[WALK] = { .name = "walk over all processes, empty body", .run = walk_processes },
	[WALK_THREADS] = { .name = "walk over all threads, empty body", .run = walk_threads },
	[ACTIVE] = { .name = "library snapshot: ACTIVE", .run = snapshot_active },
	[COUNT] = { .name = "the same, and count the CPUs of each set", .run = snapshot_count },
	[SHARED] = { .name = "library snapshot: ACTIVE, one entry for each mm", .run = snapshot_shared },
	[RESIDENCY] = { .name = "library snapshot: ACTIVE, and what CPUs hold of each mm", .run = snapshot_residency },
	[SETS] = { .name = "the same, and work out and count the six sets of each", .run = snapshot_sets },
	[THREADS] = { .name = "library snapshot: ACTIVE, ALLOWED, RUNNING", .run = snapshot_threads },
	[ALL] = { .name = "library snapshot: every field but the cgroup", .run = snapshot_all },
};

static void open_source(void)
{
	struct mmcpus_reason why;
	struct mmcpus_system *sys;

	if (mmcpus_system_open(NULL, &sys, &why) || mmcpus_source_open(sys, "bpf", &source, &why))
		errx(EXIT_FAILURE, "%s (%s)", why.what, why.remedy);
	some_set = mmcpus_cpuset_create(mmcpus_system_nr_cpus(sys));
	if (!some_set)
		err(EXIT_FAILURE, "set");
	walk = empty_walk__open();
	if (!walk || empty_walk__load(walk))
		errx(EXIT_FAILURE, "cannot load the empty walk: needs kernel 6.7");
}

static void print_table(int nr_processes, int nr_threads, int nr_rounds)
{
	double status = median_ms(&contenders[STATUS], nr_rounds);
	double empty = median_ms(&contenders[WALK], nr_rounds);
	double empty_threads = median_ms(&contenders[WALK_THREADS], nr_rounds);

	printf("%d processes of %d threads, medians of %d interleaved rounds\n\n", nr_processes, nr_threads, nr_rounds);
	printf("| | ms | times faster than /proc | times its own empty walk |\n|---|---:|---:|---:|\n");
	for (int i = 0; i < NR; i++) {
		double ms = median_ms(&contenders[i], nr_rounds);
		bool is_thread_walk = i == WALK_THREADS || i == THREADS || i == ALL;

		printf("| %s | %.3f | %.1f | %.2f |\n", contenders[i].name, ms, status / ms,
		       ms / (is_thread_walk ? empty_threads : empty));
	}
	printf("\nwhat CPUs hold makes it %.2f times the snapshot without\n",
	       median_ms(&contenders[RESIDENCY], nr_rounds) / median_ms(&contenders[SHARED], nr_rounds));
}

int main(int argc, char **argv)
{
	int nr_processes = argc > 1 ? atoi(argv[1]) : 5000;
	int nr_threads = argc > 2 ? atoi(argv[2]) : 4;
	int nr_rounds = argc > 3 ? atoi(argv[3]) : 31;

	if (nr_processes < 1 || nr_threads < 1 || nr_rounds < 1 || nr_rounds > ROUNDS_MAX)
		errx(2, "usage: bench_snapshot [PROCESSES [THREADS [ROUNDS]]], at most %d rounds", ROUNDS_MAX);
	crowd_start(nr_processes, nr_threads);
	atexit(crowd_stop);
	open_source();
	measure(contenders, NR, nr_rounds);
	print_table(nr_processes, nr_threads, nr_rounds);
	return sum ? EXIT_SUCCESS : EXIT_FAILURE;
}
