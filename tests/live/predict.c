// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Are the TARGETS of a snapshot the CPUs that the next flush hits?
 *
 *	predict ROUNDS CPUS
 *
 * The first of CPUS ("0,2,3") flushes. For each of the others there is a thread, which in each round spins on one of them,
 * or sleeps where it was, or visits another CPU and sleeps there; then a snapshot is taken, one page is flushed, and the
 * CPUs that the flush hit, as events tell, are compared with TARGETS. Prints "ROUNDS EXACT SPARED UNFORESEEN UNKNOWN HITS":
 * rounds whose prediction was exact; with a target that was not hit; with a hit that was no target; with no prediction;
 * and the hits of all. Threads run as real-time ones where that is allowed. At most LIFETIME_SECONDS.
 */
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <mmcpus/mmcpus.h>

#include "scene.h"

#define STATUS_UNSEEN    77 /* hits or residency can't be seen here */
#define LIFETIME_SECONDS 150
#define ROUNDS_MAX       100000
#define CPUS_MAX         64
#define PAGE             4096ul

/* For threads to fall asleep and CPUs to find something else to do. */
#define SETTLE_NS 100000

struct mover {
	pthread_t thread;
	sem_t go;
	sem_t there;
	bool spins;
	atomic_uint order; /* number of the latest: an earlier one is over */
};

struct tally {
	unsigned long exact;
	unsigned long spared;
	unsigned long unforeseen;
	unsigned long unknown;
	unsigned long hits;
};

static struct mmcpus_source *source;
static struct mmcpus_shootdowns *shootdowns;
static struct mmcpus_cpuset *targets;
static struct mmcpus_cpuset *hits;
static char *page;
static uint64_t flush_id; /* of the flush of the page; 0: none was sent */

static struct mover movers[CPUS_MAX];
static const char *cpus[CPUS_MAX]; /* shuffled, but for the first */
static size_t nr_cpus;

/* --------------------------------------------------------------------------------------------------------- threads -- */

static void *be_mover(void *arg)
{
	struct mover *mover = arg;

	be_urgent(1);
	for (;;) {
		unsigned order;
		bool spins;

		sem_wait(&mover->go);
		order = atomic_load(&mover->order);
		spins = mover->spins;
		sem_post(&mover->there);
		while (spins && atomic_load(&mover->order) == order)
			__asm__ volatile("pause");
	}
	return NULL;
}

static void start_movers(void)
{
	for (size_t i = 1; i < nr_cpus; i++) {
		sem_init(&movers[i].go, 0, 0);
		sem_init(&movers[i].there, 0, 0);
		if (pthread_create(&movers[i].thread, NULL, be_mover, &movers[i]))
			errx(EXIT_FAILURE, "pthread_create");
	}
}

static size_t random_below(size_t nr)
{
	static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)(state >> 33) % nr;
}

/* It is bound from here, before it wakes up: where it sleeps, another may be spinning by now. */
static void send_to(struct mover *mover, const char *cpu, bool spins)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(parse_number(cpu, CPU_SETSIZE - 1), &set);
	if (pthread_setaffinity_np(mover->thread, sizeof(set), &set))
		errx(EXIT_FAILURE, "CPU %s", cpu);
	mover->spins = spins;
	sem_post(&mover->go);
	sem_wait(&mover->there);
}

static void shuffle_cpus(void)
{
	for (size_t i = nr_cpus - 1; i > 1; i--) {
		size_t other = 1 + random_below(i);
		const char *cpu = cpus[i];

		cpus[i] = cpus[other];
		cpus[other] = cpu;
	}
}

/* No two of them go to the same CPU, but for visits where we flush. */
static void move_all(void)
{
	for (size_t i = 1; i < nr_cpus; i++)
		atomic_fetch_add(&movers[i].order, 1);
	shuffle_cpus();
	for (size_t i = 1; i < nr_cpus; i++) {
		size_t what = random_below(4);

		if (what < 2)
			send_to(&movers[i], cpus[i], true);
		else if (what == 2)
			send_to(&movers[i], cpus[random_below(2) ? i : 0], false);
	}
}

static void settle(void)
{
	const struct timespec time = { .tv_nsec = SETTLE_NS };

	nanosleep(&time, NULL);
}

/* ------------------------------------------------------------------------------------------------------ one round -- */

static const struct mmcpus_mm *find_own(const struct mmcpus_snapshot *snap)
{
	for (size_t i = 0; i < mmcpus_snapshot_count(snap); i++)
		if (mmcpus_mm_pid(mmcpus_snapshot_mm(snap, i)) == getpid())
			return mmcpus_snapshot_mm(snap, i);
	return NULL;
}

static bool predict(void)
{
	const struct mmcpus_snapshot *snap;
	const struct mmcpus_mm *own;
	struct mmcpus_reason why;

	if (mmcpus_source_snapshot(source, MMCPUS_FIELD_RESIDENCY, &snap, &why))
		errx(EXIT_FAILURE, "%s", why.what);
	own = find_own(snap);
	if (!own || mmcpus_mm_set(snap, own, MMCPUS_SET_TARGETS, targets))
		return false;
	mmcpus_cpuset_remove(targets, (uint32_t)parse_number(cpus[0], UINT32_MAX));
	return true;
}

static void take(void *arg __attribute__((unused)), const struct mmcpus_event *event)
{
	if (event->type == MMCPUS_EVENT_SENT && event->pid == getpid() && event->start == (uintptr_t)page)
		flush_id = event->id;
	else if (event->type == MMCPUS_EVENT_HIT && flush_id && event->id == flush_id)
		mmcpus_cpuset_add(hits, event->cpu);
}

static void listen(void)
{
	if (mmcpus_shootdowns_poll(shootdowns, 0, take, NULL) < 0)
		errx(EXIT_FAILURE, "no events");
}

/* When madvise() returns, all that it hit have finished. */
static void flush(void)
{
	if (madvise(page, PAGE, MADV_DONTNEED))
		err(EXIT_FAILURE, "madvise");
}

static void compare(bool is_known, struct tally *tally)
{
	tally->hits += mmcpus_cpuset_count(hits);
	if (!is_known)
		tally->unknown++;
	else if (mmcpus_cpuset_is_equal(hits, targets))
		tally->exact++;
	else if (mmcpus_cpuset_is_subset(hits, targets))
		tally->spared++;
	else
		tally->unforeseen++;
}

static void do_round(struct tally *tally)
{
	bool is_known;

	move_all();
	settle();
	listen();
	flush_id = 0;
	mmcpus_cpuset_clear(hits);
	*(volatile char *)page = 1;
	is_known = predict();
	flush();
	listen();
	compare(is_known, tally);
}

/* ----------------------------------------------------------------------------------------------------------- set-up -- */

static void open_all(void)
{
	struct mmcpus_reason why;
	struct mmcpus_system *sys;

	if (mmcpus_system_open(NULL, &sys, &why) || mmcpus_source_open(sys, "bpf", &source, &why) ||
	    mmcpus_shootdowns_open_with(sys, MMCPUS_BY_FLOW, MMCPUS_WITH_EVENTS, NULL, &shootdowns, &why) ||
	    mmcpus_shootdowns_check_hits(shootdowns, &why))
		errx(STATUS_UNSEEN, "%s", why.what);
	targets = mmcpus_cpuset_create(mmcpus_system_nr_cpus(sys));
	hits = mmcpus_cpuset_create(mmcpus_system_nr_cpus(sys));
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!targets || !hits || page == MAP_FAILED)
		err(EXIT_FAILURE, "memory");
}

static void parse_cpus(char *list)
{
	for (char *cpu; (cpu = strsep(&list, ",")) && nr_cpus < CPUS_MAX;)
		if (*cpu)
			cpus[nr_cpus++] = cpu;
	if (nr_cpus < 2)
		errx(EXIT_FAILURE, "takes two CPUs");
}

int main(int argc, char **argv)
{
	struct tally tally = { 0 };
	unsigned long nr_rounds;

	if (argc != 3)
		errx(EXIT_FAILURE, "predict ROUNDS CPUS");
	nr_rounds = parse_number(argv[1], ROUNDS_MAX);
	parse_cpus(argv[2]);
	alarm(LIFETIME_SECONDS);
	bind_to(cpus[0]);
	be_urgent(2);
	open_all();
	start_movers();
	for (unsigned long i = 0; i < nr_rounds; i++)
		do_round(&tally);
	printf("%lu %lu %lu %lu %lu %lu\n", nr_rounds, tally.exact, tally.spared, tally.unforeseen, tally.unknown,
	       tally.hits);
	return EXIT_SUCCESS;
}
