// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How often do the sets of one row contradict each other, and are these rows marked?
 *
 *	torn SECONDS [PID...]
 *
 * Takes snapshots, one after the other, and looks at the rows of these processes, or at all, and at the CPUs that run
 * kernel threads or these processes, which share their address spaces with nobody. Prints how many there were, in shell
 * syntax: unmarked and cpus_unmarked are contradictions that mmcpus does not call torn.
 */
#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <mmcpus/mmcpus.h>

static struct mmcpus_cpuset *active, *running, *loaded, *lazy;
static uint64_t nr_snapshots, nr_rows, nr_torn, nr_unloaded, nr_lazy, nr_inactive, nr_unmarked;
static uint64_t nr_cpus, nr_cpus_torn, nr_cpus_unmarked;

static void read_sets(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm)
{
	if (mmcpus_mm_set(snap, mm, MMCPUS_SET_ACTIVE, active) ||
	    mmcpus_mm_set(snap, mm, MMCPUS_SET_RUNNING, running) ||
	    mmcpus_mm_set(snap, mm, MMCPUS_SET_LOADED, loaded) || mmcpus_mm_set(snap, mm, MMCPUS_SET_LAZY, lazy))
		errx(EXIT_FAILURE, "process %" PRId32 ": something is unknown", mmcpus_mm_pid(mm));
}

static void look_at(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm)
{
	bool is_torn = mmcpus_mm_is_torn(snap, mm);
	bool is_unloaded, is_lazy, is_inactive;

	read_sets(snap, mm);
	is_unloaded = !mmcpus_cpuset_is_subset(running, loaded);
	is_lazy = mmcpus_cpuset_intersects(running, lazy);
	is_inactive = !mmcpus_cpuset_is_subset(loaded, active);
	nr_rows++;
	nr_torn += is_torn;
	nr_unloaded += is_unloaded;
	nr_lazy += is_lazy;
	nr_inactive += is_inactive;
	nr_unmarked += !is_torn && (is_unloaded || is_lazy || is_inactive);
}

static bool is_among(int32_t pid, char **pids)
{
	for (; *pids; pids++)
		if (atoi(*pids) == pid)
			return true;
	return false;
}

/* A process must have its own loaded, and not lazily; a kernel thread the kernel's own, or another lazily. */
static bool contradicts_itself(const struct mmcpus_snapshot *snap, const struct mmcpus_cpu *cpu, int32_t pid)
{
	const struct mmcpus_mm *mm;
	uint64_t id;

	if (mmcpus_cpu_loaded_id(cpu, &id))
		return true;
	if (mmcpus_cpu_runs_kernel_thread(cpu))
		return id != MMCPUS_KERNEL_MM_ID && !mmcpus_cpu_is_lazy(cpu);
	mm = mmcpus_snapshot_find_mm(snap, id);
	return !mm || mmcpus_mm_pid(mm) != pid || mmcpus_cpu_is_lazy(cpu);
}

static void look_at_cpu(const struct mmcpus_snapshot *snap, const struct mmcpus_cpu *cpu, char **pids)
{
	int32_t tid;
	int32_t pid;

	if (!cpu || mmcpus_cpu_task(cpu, &tid, &pid) || (!mmcpus_cpu_runs_kernel_thread(cpu) && !is_among(pid, pids)))
		return;
	nr_cpus++;
	nr_cpus_torn += mmcpus_cpu_is_torn(cpu);
	nr_cpus_unmarked += !mmcpus_cpu_is_torn(cpu) && contradicts_itself(snap, cpu, pid);
}

static void look(const struct mmcpus_system *sys, struct mmcpus_source *src, char **pids)
{
	const struct mmcpus_snapshot *snap;
	struct mmcpus_reason why;

	if (mmcpus_source_snapshot(src, MMCPUS_FIELD_SHARERS | MMCPUS_FIELD_RUNNING | MMCPUS_FIELD_RESIDENCY, &snap,
				   &why))
		errx(EXIT_FAILURE, "%s", why.what);
	nr_snapshots++;
	for (size_t i = 0; i < mmcpus_snapshot_count(snap); i++) {
		const struct mmcpus_mm *mm = mmcpus_snapshot_mm(snap, i);

		if (!*pids || is_among(mmcpus_mm_pid(mm), pids))
			look_at(snap, mm);
	}
	for (uint32_t cpu = 0; cpu < mmcpus_system_nr_cpus(sys); cpu++)
		look_at_cpu(snap, mmcpus_snapshot_cpu(snap, cpu), pids);
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static struct mmcpus_cpuset *make_set(const struct mmcpus_system *sys)
{
	struct mmcpus_cpuset *set = mmcpus_cpuset_create(mmcpus_system_nr_cpus(sys));

	if (!set)
		err(EXIT_FAILURE, "memory");
	return set;
}

int main(int argc, char **argv)
{
	struct mmcpus_reason why;
	struct mmcpus_system *sys;
	struct mmcpus_source *src;
	time_t end;

	if (argc < 2)
		errx(2, "usage: torn SECONDS [PID...]");
	if (mmcpus_system_open(NULL, &sys, &why) || mmcpus_source_open(sys, "bpf", &src, &why) ||
	    mmcpus_source_check_residency(src, &why))
		errx(EXIT_FAILURE, "%s", why.what);
	active = make_set(sys);
	running = make_set(sys);
	loaded = make_set(sys);
	lazy = make_set(sys);
	end = now() + atoi(argv[1]);
	do
		look(sys, src, argv + 2);
	while (now() < end);
	printf("snapshots=%" PRIu64 " rows=%" PRIu64 " torn=%" PRIu64 " unmarked=%" PRIu64 "\n"
	       "runs_unloaded=%" PRIu64 " runs_lazy=%" PRIu64 " loaded_inactive=%" PRIu64 "\n"
	       "cpus=%" PRIu64 " cpus_torn=%" PRIu64 " cpus_unmarked=%" PRIu64 "\n",
	       nr_snapshots, nr_rows, nr_torn, nr_unmarked, nr_unloaded, nr_lazy, nr_inactive, nr_cpus, nr_cpus_torn,
	       nr_cpus_unmarked);
	mmcpus_source_close(src);
	mmcpus_system_close(sys);
	return EXIT_SUCCESS;
}
