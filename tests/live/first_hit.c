// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known of how long senders wait, when the first hit comes after counting began?
 *
 *	first_hit COUNT FROM-CPU TO-CPU
 *
 * Flushes a page COUNT times, with a thread on the other CPU that is hit, and reads an interval; all of that twice. Prints a
 * line for each: "SENT HITS WAITS WAIT-NS PASSED-NS" of the flushes, with "?" for what is unknown: WAITS is the sum of the
 * histogram, and PASSED-NS what all of them took, in which the sender can't have waited for longer.
 */
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <mmcpus/mmcpus.h>

#include "scene.h"

#define LIFETIME_SECONDS 30
#define COUNT_MAX        100000
#define PAGE             4096ul

static atomic_bool is_victim_there;

static void *be_victim(void *cpu)
{
	bind_to(cpu);
	be_urgent(1);
	atomic_store(&is_victim_there, true);
	for (;;)
		__asm__ volatile("pause");
	return NULL;
}

static void start_victim(char *cpu)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, be_victim, cpu))
		errx(EXIT_FAILURE, "pthread_create");
	while (!atomic_load(&is_victim_there))
		sched_yield();
}

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* How long does it take? In nanoseconds. */
static uint64_t flush_many(char *page, unsigned long count)
{
	uint64_t begin_ns = clock_ns();

	for (unsigned long i = 0; i < count; i++) {
		*(volatile char *)page = 1;
		if (madvise(page, PAGE, MADV_DONTNEED))
			err(EXIT_FAILURE, "madvise");
	}
	return clock_ns() - begin_ns;
}

static const struct mmcpus_shootdown *find_own(const struct mmcpus_interval *interval)
{
	for (size_t i = 0; i < mmcpus_interval_count(interval); i++) {
		const struct mmcpus_shootdown *row = mmcpus_interval_row(interval, i);
		const char *cause = mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_CAUSE);
		uint64_t pid;

		if (cause && strcmp(cause, "madvise") == 0 &&
		    mmcpus_shootdown_number(row, MMCPUS_SHOOTDOWN_SENDER_PID, &pid) == 0 && pid == (uint64_t)getpid())
			return row;
	}
	errx(EXIT_FAILURE, "no row of ours");
}

static void print_number(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_number which)
{
	uint64_t number;

	if (mmcpus_shootdown_number(row, which, &number))
		printf("? ");
	else
		printf("%llu ", (unsigned long long)number);
}

static void print_waits(const struct mmcpus_shootdown *row)
{
	const uint64_t *buckets = mmcpus_shootdown_histogram(row, MMCPUS_SHOOTDOWN_WAIT_NS);
	uint64_t sum = 0;

	for (size_t i = 0; buckets && i < MMCPUS_SHOOTDOWN_BUCKETS; i++)
		sum += buckets[i];
	if (buckets)
		printf("%llu ", (unsigned long long)sum);
	else
		printf("? ");
}

static void print_interval(struct mmcpus_shootdowns *src, uint64_t passed_ns)
{
	const struct mmcpus_interval *interval;
	const struct mmcpus_shootdown *row;
	struct mmcpus_reason why;

	if (mmcpus_shootdowns_read(src, &interval, &why))
		errx(EXIT_FAILURE, "%s", why.what);
	row = find_own(interval);
	print_number(row, MMCPUS_SHOOTDOWN_SENT);
	print_number(row, MMCPUS_SHOOTDOWN_HITS);
	print_waits(row);
	print_number(row, MMCPUS_SHOOTDOWN_WAIT_NS);
	printf("%llu\n", (unsigned long long)passed_ns);
	mmcpus_shootdowns_release(src);
}

int main(int argc, char **argv)
{
	struct mmcpus_shootdowns *src;
	struct mmcpus_system *sys;
	struct mmcpus_reason why;
	unsigned long count;
	char *page;

	if (argc != 4)
		errx(EXIT_FAILURE, "first_hit COUNT FROM-CPU TO-CPU");
	count = parse_number(argv[1], COUNT_MAX);
	alarm(LIFETIME_SECONDS);
	begin_on(argv[2], argv); /* what the open unmaps must hit nobody */
	be_urgent(2);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	if (mmcpus_system_open(NULL, &sys, &why) || mmcpus_shootdowns_open(sys, MMCPUS_BY_FLOW, NULL, &src, &why))
		errx(EXIT_FAILURE, "%s", why.what);
	start_victim(argv[3]);
	for (int i = 0; i < 2; i++)
		print_interval(src, flush_many(page, count));
	mmcpus_shootdowns_close(src);
	mmcpus_system_close(sys);
	return EXIT_SUCCESS;
}
