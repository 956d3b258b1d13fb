// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What it costs to watch shootdowns: a storm of madvise(MADV_DONTNEED) while nobody looks, while mmcpus counts, and while
 * what a user would use instead does.
 *
 *	bench_shootdowns MMCPUS [COUNT [ROUNDS]]
 *
 * Each contender runs the storm as its command, one after the other in every round. The storm is a process of its own:
 * bound to a CPU, alone, or with a thread on another CPU that its flushes hit. Its time is the CPU time of the thread
 * that flushes, which has the waiting for others in it, but not what other processes do.
 *
 * What BPF programs take by the kernel's own statistics is measured in runs of their own, for these make each run longer.
 *
 * Exit status: 1 if mmcpus does not keep to its limits, each of which is named behind the table then.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"
#include "said.h"

#define PAGE             4096
#define LIFETIME_SECONDS 10
#define COUNT_MAX        1000000

static void check(bool is_done, const char *what)
{
	if (!is_done)
		err(EXIT_FAILURE, "%s", what);
}

/* ----------------------------------------------------------------------------------------- the kernel's own statistics -- */

struct cost {
	uint64_t run_ns;
	uint64_t nr_runs;
};

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* Open as long as the kernel is to take the time of BPF programs. */
static int enable_statistics(void)
{
	union bpf_attr attr = { .enable_stats.type = BPF_STATS_RUN_TIME };
	int fd = (int)bpf(BPF_ENABLE_STATS, &attr);

	check(fd >= 0, "BPF_ENABLE_STATS");
	return fd;
}

static uint64_t number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void add_cost_of(int dir, const char *name, struct cost *cost)
{
	char text[4096] = { 0 };
	int fd = openat(dir, name, O_RDONLY);

	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) > 0) {
		cost->run_ns += number_after(text, "run_time_ns:");
		cost->nr_runs += number_after(text, "run_cnt:");
	}
	close(fd);
}

/* Of the programs that the parent has, which is mmcpus if it looks. */
static struct cost read_cost(void)
{
	struct cost cost = { 0 };
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%ld/fdinfo", (long)getppid());
	dir = opendir(path);
	check(dir != NULL, path);
	for (struct dirent *entry; (entry = readdir(dir));)
		add_cost_of(dirfd(dir), entry->d_name, &cost);
	closedir(dir);
	return cost;
}

/* ----------------------------------------------------------------------------------------------------------- the storm -- */

struct result {
	double ms;
	struct cost cost;
};

static atomic_bool is_victim_there;

static void bind_to(size_t cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	check(sched_setaffinity(0, sizeof(set), &set) == 0, "sched_setaffinity");
}

/* Above all others, for as long as the storm takes: a victim that another process has pushed aside is none. */
static void be_urgent(int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		warn("SCHED_FIFO");
}

static void *be_victim(void *unused __attribute__((unused)))
{
	bind_to(1);
	be_urgent(1);
	atomic_store(&is_victim_there, true);
	for (;;)
		__asm__ volatile("pause");
	return NULL;
}

static void start_victim(void)
{
	pthread_t thread;

	check(pthread_create(&thread, NULL, be_victim, NULL) == 0, "pthread_create");
	while (!atomic_load(&is_victim_there))
		sched_yield();
}

static double thread_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double flush_many(char *page, long count)
{
	double start = thread_ms();

	for (long i = 0; i < count; i++) {
		*(volatile char *)page = 1;
		check(madvise(page, PAGE, MADV_DONTNEED) == 0, "madvise");
	}
	return thread_ms() - start;
}

/* The median of several bouts counts: some are disturbed. */
#define NR_BOUTS 25

static struct result measure_storm(long count)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct result result;
	double bouts[NR_BOUTS];
	struct cost before;

	check(page != MAP_FAILED, "mmap");
	before = read_cost();
	flush_many(page, count / NR_BOUTS); /* warms up */
	for (int i = 0; i < NR_BOUTS; i++)
		bouts[i] = flush_many(page, count / NR_BOUTS) * NR_BOUTS;
	result.ms = median(bouts, NR_BOUTS);
	result.cost = read_cost();
	result.cost.run_ns -= before.run_ns;
	result.cost.nr_runs -= before.nr_runs;
	return result;
}

/* An address space that begins bound has never been on another CPU. */
static void begin_bound(char **argv)
{
	cpu_set_t set;

	check(sched_getaffinity(0, sizeof(set), &set) == 0, "sched_getaffinity");
	if (CPU_COUNT(&set) == 1)
		return;
	bind_to(0);
	execv("/proc/self/exe", argv);
	err(EXIT_FAILURE, "/proc/self/exe");
}

/* bench_shootdowns alone|victim COUNT FILE: the result goes to the file. */
static int run_storm(char **argv)
{
	struct result result;
	int fd;

	begin_bound(argv);
	alarm(LIFETIME_SECONDS);
	be_urgent(2);
	if (strcmp(argv[1], "victim") == 0)
		start_victim();
	result = measure_storm(atol(argv[2]));
	fd = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	check(fd >= 0 && write(fd, &result, sizeof(result)) == sizeof(result), argv[3]);
	close(fd);
	return EXIT_SUCCESS;
}

/* ------------------------------------------------------------------------------------------------------ the contenders -- */

static const char *self;
static char count_text[24];
static char dir[] = "/tmp/bench_shootdowns.XXXXXX";
static char result_path[64];
static char said_path[64];
static char data_path[64];

enum {
	ALONE,
	VICTIM,
	NR_STORMS
};

static const char *const storms[NR_STORMS] = { "alone", "victim" };

/* Of all rounds. */
struct sums {
	double ms[ROUNDS_MAX];
	double run_ns[ROUNDS_MAX];   /* of a run of a program */
	double event_ns[ROUNDS_MAX]; /* of a shootdown or a hit */
	double said_ns[ROUNDS_MAX];  /* the same, by mmcpus itself */
	uint64_t nr_lost;
	uint64_t nr_hits;
	uint64_t nr_apart; /* hits that the row TLB of /proc/interrupts has and mmcpus not, or the other way round */
	bool is_unsure;    /* mmcpus does not know what it lost */
};

struct watcher {
	const char *name;
	const char *argv[12]; /* what stands before the command */
	bool is_one_string;   /* the command is the next argument, as a whole */
	bool is_mmcpus;
	double percent_max; /* so much slower may the storm alone be at most */
	bool is_missing;
	struct sums sums[NR_STORMS];
	long peak_kb;
};

enum {
	NOBODY,
	FLOW,
	STACK,
	PERF,
	BPFTRACE,
	NR_WATCHERS
};

static const char count_of_bpftrace[] = "tracepoint:tlb:tlb_flush { @[comm, args->reason] = count(); }";

static struct watcher watchers[NR_WATCHERS] = {
	[NOBODY] = { .name = "nobody looks" },
	[FLOW] = { .name = "mmcpus shootdowns",
		   .argv = { "", "shootdowns", "-J", "--" },
		   .is_mmcpus = true,
		   .percent_max = 5 },
	[STACK] = { .name = "mmcpus shootdowns --by stack",
		    .argv = { "", "shootdowns", "-J", "--by", "stack", "--" },
		    .is_mmcpus = true,
		    .percent_max = 10 },
	[PERF] = { .name = "perf record -e tlb:tlb_flush -g",
		   .argv = { "perf", "record", "-e", "tlb:tlb_flush", "-g", "-o", data_path, "--" } },
	[BPFTRACE] = { .name = "bpftrace, a count",
		       .argv = { "bpftrace", "-e", count_of_bpftrace, "-c" },
		       .is_one_string = true },
};

static void redirect(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	check(fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0, path);
}

/* Append the storm to what stands before it. */
static void exec_watcher(const struct watcher *watcher, const char *storm)
{
	const char *argv[24] = { 0 };
	const char *command[] = { self, storm, count_text, result_path };
	char text[512];
	size_t nr = 0;

	for (; watcher->argv[nr]; nr++)
		argv[nr] = watcher->argv[nr];
	snprintf(text, sizeof(text), "%s %s %s %s", self, storm, count_text, result_path);
	if (watcher->is_one_string)
		argv[nr] = text;
	else
		memcpy(argv + nr, command, sizeof(command));
	redirect(said_path);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

static void add_missing(struct sums *sums)
{
	uint64_t hits = said_number(said_path, "hits");
	uint64_t in_row;
	uint64_t lost = 0;

	sums->is_unsure |= !says_number(said_path, "lost", &lost);
	sums->nr_lost += lost;
	if (!says_number(said_path, "tlb_row", &in_row) || says(said_path, "tlb_row_is_sound", "false"))
		return;
	sums->nr_hits += hits;
	sums->nr_apart += in_row > hits ? in_row - hits : hits - in_row;
}

static struct result take_result(const char *name)
{
	struct result result;
	int fd = open(result_path, O_RDONLY);

	if (fd < 0 || read(fd, &result, sizeof(result)) != sizeof(result))
		errx(EXIT_FAILURE, "%s did not run the storm", name);
	close(fd);
	unlink(result_path);
	return result;
}

static bool run_watcher(struct watcher *watcher, size_t storm)
{
	struct rusage usage;
	int status;
	pid_t pid = fork();

	check(pid >= 0, "fork");
	if (pid == 0)
		exec_watcher(watcher, storms[storm]);
	check(wait4(pid, &status, 0, &usage) == pid, "wait4");
	watcher->is_missing = access(result_path, R_OK) != 0;
	if (!watcher->is_missing && usage.ru_maxrss > watcher->peak_kb)
		watcher->peak_kb = usage.ru_maxrss;
	return !watcher->is_missing;
}

static void time_storm(struct watcher *watcher, size_t storm, int round)
{
	if (run_watcher(watcher, storm))
		watcher->sums[storm].ms[round] = take_result(watcher->name).ms;
	if (watcher->is_mmcpus && !watcher->is_missing)
		add_missing(&watcher->sums[storm]);
}

static double quotient(uint64_t of, uint64_t by)
{
	return by ? (double)of / (double)by : 0;
}

static void time_programs(struct watcher *watcher, size_t storm, int round)
{
	struct sums *sums = &watcher->sums[storm];
	int statistics = enable_statistics();
	struct cost cost;
	uint64_t nr_events;

	if (run_watcher(watcher, storm)) {
		cost = take_result(watcher->name).cost;
		nr_events = said_number(said_path, "sent") + said_number(said_path, "hits");
		sums->run_ns[round] = quotient(cost.run_ns, cost.nr_runs);
		sums->event_ns[round] = quotient(cost.run_ns, nr_events);
		sums->said_ns[round] = quotient(said_number(said_path, "cost_ns"), nr_events);
		add_missing(sums);
	}
	close(statistics);
}

static void run_rounds(int nr_rounds)
{
	for (int round = 0; round < nr_rounds; round++) {
		for (size_t i = 0; i < NR_WATCHERS; i++) {
			for (size_t storm = 0; storm < NR_STORMS && !watchers[i].is_missing; storm++) {
				time_storm(&watchers[i], storm, round);
				if (watchers[i].is_mmcpus && !watchers[i].is_missing)
					time_programs(&watchers[i], storm, round);
			}
		}
	}
}

/* ----------------------------------------------------------------------------------------------------------- the table -- */

static double percent_slower(size_t watcher, size_t storm, int nr_rounds)
{
	double quotients[ROUNDS_MAX];

	for (int i = 0; i < nr_rounds; i++)
		quotients[i] = watchers[watcher].sums[storm].ms[i] / watchers[NOBODY].sums[storm].ms[i];
	return (median(quotients, nr_rounds) - 1) * 100;
}

static void print_row(size_t index, size_t storm, long count, int nr_rounds)
{
	struct watcher *watcher = &watchers[index];
	struct sums *sums = &watcher->sums[storm];

	printf("| %s | %s ", storm == ALONE ? "alone" : "with a victim", watcher->name);
	if (watcher->is_missing) {
		printf("| does not run here | | | | | | |\n");
		return;
	}
	printf("| %.0f | %+.1f ", median(sums->ms, nr_rounds) * 1e6 / (double)count,
	       percent_slower(index, storm, nr_rounds));
	if (!watcher->is_mmcpus)
		printf("| | | | | |\n");
	else if (storm == ALONE)
		printf("| %.0f | | | %llu | |\n", median(sums->run_ns, nr_rounds), (unsigned long long)sums->nr_lost);
	else
		printf("| %.0f | %.0f | %.0f | %llu | %llu of %llu |\n", median(sums->run_ns, nr_rounds),
		       median(sums->event_ns, nr_rounds), median(sums->said_ns, nr_rounds),
		       (unsigned long long)sums->nr_lost, (unsigned long long)sums->nr_apart,
		       (unsigned long long)sums->nr_hits);
}

static void print_table(long count, int nr_rounds)
{
	printf("%ld flushes by one thread, medians of %d interleaved rounds\n\n", count, nr_rounds);
	printf("| storm | who looks | ns a flush | slower, %% | BPF ns a run | BPF ns a shootdown or hit | says mmcpus | lost | other than row TLB |\n");
	printf("|---|---|---:|---:|---:|---:|---:|---:|---:|\n");
	for (size_t storm = 0; storm < NR_STORMS; storm++)
		for (size_t i = 0; i < NR_WATCHERS; i++)
			print_row(i, storm, count, nr_rounds);
	printf("\npeak resident memory: %s %ld KiB, %s %ld KiB\n", watchers[FLOW].name, watchers[FLOW].peak_kb,
	       watchers[STACK].name, watchers[STACK].peak_kb);
}

/* ---------------------------------------------------------------------------------------------------------- the limits -- */

/* Of a shootdown or a hit, with a victim; by the kernel's statistics, whose own clock is in it. */
#define EVENT_NS_MAX 500
#define PEAK_KB_MAX  (16 * 1024)

/* Hits of processes that the kernel hides from BPF are in the row TLB alone: one in so many may be. */
#define HITS_PER_HIDDEN 1000

static bool is_within(const struct watcher *watcher, const char *what, double value, double max)
{
	if (value <= max)
		return true;
	warnx("limit missed: %s: %s: %.1f, may be %.0f at most", watcher->name, what, value, max);
	return false;
}

/* What counts nothing costs nothing. */
static bool has_counted(const struct watcher *watcher, double event_ns)
{
	if (event_ns > 0)
		return true;
	warnx("limit missed: %s: no shootdown or hit was counted with a victim", watcher->name);
	return false;
}

static bool keeps_limits(size_t index, int nr_rounds)
{
	struct watcher *watcher = &watchers[index];
	struct sums *sums = watcher->sums;
	double event_ns = median(sums[VICTIM].event_ns, nr_rounds);
	uint64_t nr_lost = sums[ALONE].nr_lost + sums[VICTIM].nr_lost;
	bool ret = true;

	ret &= is_within(watcher, "slower, %, storm alone", percent_slower(index, ALONE, nr_rounds),
			 watcher->percent_max);
	ret &= has_counted(watcher, event_ns);
	ret &= is_within(watcher, "BPF ns a shootdown or hit", event_ns, EVENT_NS_MAX);
	ret &= is_within(watcher, "peak resident memory, KiB", (double)watcher->peak_kb, PEAK_KB_MAX);
	ret &= is_within(watcher, "lost", (double)nr_lost, 0);
	ret &= is_within(watcher, "storms of which it is not known what was lost",
			 sums[ALONE].is_unsure + sums[VICTIM].is_unsure, 0);
	ret &= is_within(watcher, "hits other than in the row TLB", (double)sums[VICTIM].nr_apart,
			 (double)sums[VICTIM].nr_hits / HITS_PER_HIDDEN);
	return ret;
}

/* Each that is missed is told. */
static bool all_keep_limits(int nr_rounds)
{
	bool ret = true;

	fflush(stdout);
	for (size_t i = 0; i < NR_WATCHERS; i++)
		if (watchers[i].is_mmcpus)
			ret &= keeps_limits(i, nr_rounds);
	return ret;
}

/* ------------------------------------------------------------------------------------------------------------- set-up -- */

/* bpftrace looks for tracepoints in debugfs: where there is none, it gets one that nobody else sees. */
static void show_debugfs(void)
{
	if (access("/sys/kernel/debug/tracing", F_OK) == 0 || unshare(CLONE_NEWNS))
		return;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("none", "/sys/kernel/debug", "debugfs", 0, NULL))
		warn("debugfs");
}

static void remove_files(void)
{
	unlink(result_path);
	unlink(said_path);
	unlink(data_path);
	rmdir(dir);
}

static void make_paths(void)
{
	check(mkdtemp(dir) != NULL, dir);
	snprintf(result_path, sizeof(result_path), "%s/result", dir);
	snprintf(said_path, sizeof(said_path), "%s/said", dir);
	snprintf(data_path, sizeof(data_path), "%s/data", dir);
	atexit(remove_files);
}

static void find_self(void)
{
	static char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	check(length > 0, "/proc/self/exe");
	self = path;
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 25000;
	int nr_rounds = argc > 3 ? atoi(argv[3]) : 11;

	if (argc == 4 && (strcmp(argv[1], "alone") == 0 || strcmp(argv[1], "victim") == 0))
		return run_storm(argv);
	if (argc < 2 || count < NR_BOUTS || count > COUNT_MAX || nr_rounds < 1 || nr_rounds > ROUNDS_MAX)
		errx(2, "usage: bench_shootdowns MMCPUS [COUNT [ROUNDS]], at most %d flushes and %d rounds", COUNT_MAX,
		     ROUNDS_MAX);
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		errx(77, "takes two CPUs");
	watchers[FLOW].argv[0] = watchers[STACK].argv[0] = argv[1];
	snprintf(count_text, sizeof(count_text), "%ld", count);
	find_self();
	make_paths();
	show_debugfs();
	run_rounds(nr_rounds);
	if (watchers[NOBODY].is_missing || watchers[FLOW].is_missing || watchers[STACK].is_missing)
		errx(EXIT_FAILURE, "%s did not run: needs root", argv[1]);
	print_table(count, nr_rounds);
	return all_keep_limits(nr_rounds) ? EXIT_SUCCESS : EXIT_FAILURE;
}
