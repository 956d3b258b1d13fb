// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Estimates of where memory is, compared with what the kernel counts.
 *
 *	memory compare ROUNDS TIME_MS	processes of all shapes, so many estimates of each (of six times as many where there
 *				is but one of a shape), each within that time
 *	memory hold SHAPE [PERCENT]	one process of that shape: prints "ready PID" and holds it until stdin ends
 *
 * compare prints a table, a line for each shape: how many processes and estimates, how often the truth was within the
 * interval, by how much an estimate was off on average and at most, half the width of the intervals on average, all in
 * percent of the memory, and the median of the time it took. Where nothing could be told, that is no estimate. Fails if
 * less than 93 of 100 intervals hold the truth, or less than 85 of 100 of a shape that has enough of
 * them to say so.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mmcpus/mmcpus.h>

#include "shapes.h"

#define ROUNDS_MAX  1000
#define NR_PERCENTS 6

/* Where hardly any estimate is made in the time, chance decides. */
#define ENOUGH 50

#define SIZE_OFF_MAX (4 << 20)

/* Whatever is off by less than what a double can tell is not. */
#define EPSILON 1e-9

struct tally {
	unsigned nr_processes;
	unsigned nr_estimates;
	unsigned nr_unknown;
	unsigned nr_within;
	double off_sum;
	double off_max;
	double error_sum;
	uint64_t costs_ns[ROUNDS_MAX * NR_PERCENTS];
};

static double count_share(const struct mmcpus_system *sys, pid_t pid, uint32_t node, uint64_t *ret_bytes)
{
	struct mmcpus_memory *memory;
	struct mmcpus_reason why;
	double share;

	if (mmcpus_memory_count(sys, pid, NULL, &memory, &why))
		errx(EXIT_FAILURE, "%s", why.what);
	share = mmcpus_memory_share(memory, node).share;
	*ret_bytes = mmcpus_memory_resident_bytes(memory);
	mmcpus_memory_destroy(memory);
	return share;
}

static void add_estimate(struct tally *tally, const struct mmcpus_memory *memory, uint32_t node, double truth)
{
	struct mmcpus_share share = mmcpus_memory_share(memory, node);
	double off = share.share > truth ? share.share - truth : truth - share.share;

	tally->off_sum += off;
	if (off > tally->off_max)
		tally->off_max = off;
	tally->error_sum += mmcpus_memory_error(memory);
	tally->nr_within += share.low - EPSILON <= truth && truth <= share.high + EPSILON;
	tally->costs_ns[tally->nr_estimates++] = mmcpus_memory_cost_ns(memory);
}

/* A sample has its size from the kernel's counters, which are off by what CPUs hold back. */
static void check_size(uint64_t bytes, uint64_t counted)
{
	uint64_t off = bytes > counted ? bytes - counted : counted - bytes;

	if (off > SIZE_OFF_MAX)
		errx(EXIT_FAILURE, "a sample is of %llu bytes, a count of %llu", (unsigned long long)bytes,
		     (unsigned long long)counted);
}

static void estimate(struct tally *tally, const struct mmcpus_system *sys, pid_t pid, unsigned nr_rounds,
		     uint64_t time_ns)
{
	const struct mmcpus_memory_limit limit = { time_ns, MMCPUS_MEMORY_NR_PAGES };
	uint32_t node = has_second_node();
	uint64_t bytes;
	double truth = count_share(sys, pid, node, &bytes);
	struct mmcpus_memory *memory;
	struct mmcpus_reason why;

	for (unsigned i = 0; i < nr_rounds; i++) {
		if (mmcpus_memory_sample(sys, pid, &limit, &memory, &why)) {
			if (tally->nr_unknown++ == 0)
				printf("# %s\n", why.what);
			continue;
		}
		check_size(mmcpus_memory_resident_bytes(memory), bytes);
		add_estimate(tally, memory, node, truth);
		mmcpus_memory_destroy(memory);
	}
	if (count_share(sys, pid, node, &bytes) != truth)
		errx(EXIT_FAILURE, "the memory of process %d has moved", pid);
}

static int compare_costs(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static void print_tally(const char *name, struct tally *tally)
{
	double nr = tally->nr_estimates ? tally->nr_estimates : 1;

	qsort(tally->costs_ns, tally->nr_estimates, sizeof(tally->costs_ns[0]), compare_costs);
	printf("%-12s %9u %9u %7u %7.1f %8.2f %7.2f %11.2f %9.2f\n", name, tally->nr_processes, tally->nr_estimates,
	       tally->nr_unknown, 100 * tally->nr_within / nr, 100 * tally->off_sum / nr, 100 * tally->off_max,
	       100 * tally->error_sum / nr, (double)tally->costs_ns[tally->nr_estimates / 2] / 1e6);
	fflush(stdout);
}

static void look_at_shape(struct tally *tally, const struct mmcpus_system *sys, const struct shape *shape,
			  unsigned nr_rounds, uint64_t time_ns)
{
	static const unsigned percents[NR_PERCENTS] = { 0, 1, 10, 50, 90, 100 };
	size_t nr = shape->is_mixed && has_second_node() ? NR_PERCENTS : 1;

	for (size_t i = 0; i < nr; i++) {
		pid_t pid = shape_start(shape, percents[i]);

		if (!pid)
			return;
		tally->nr_processes++;
		estimate(tally, sys, pid, nr_rounds * (unsigned)(NR_PERCENTS / nr), time_ns);
		shape_stop(pid);
	}
}

static bool is_covered(const struct tally *tally, unsigned percent)
{
	return tally->nr_within * 100 >= tally->nr_estimates * percent;
}

static int compare(unsigned nr_rounds, uint64_t time_ns)
{
	struct mmcpus_system *sys;
	struct tally all = { 0 };
	bool is_good = true;

	if (mmcpus_system_open(NULL, &sys, NULL))
		errx(EXIT_FAILURE, "no system");
	printf("%-12s %9s %9s %7s %7s %8s %7s %11s %9s\n", "shape", "processes", "estimates", "unknown", "within%",
	       "off mean", "off max", "half-width", "median ms");
	for (size_t i = 0; i < nr_shapes; i++) {
		static struct tally tally;

		tally = (struct tally){ 0 };
		look_at_shape(&tally, sys, &shapes[i], nr_rounds, time_ns);
		print_tally(shapes[i].name, &tally);
		is_good = is_good && (tally.nr_estimates < ENOUGH || is_covered(&tally, 85));
		all.nr_processes += tally.nr_processes;
		all.nr_estimates += tally.nr_estimates;
		all.nr_unknown += tally.nr_unknown;
		all.nr_within += tally.nr_within;
	}
	printf("processes=%u estimates=%u unknown=%u within=%u\n", all.nr_processes, all.nr_estimates, all.nr_unknown,
	       all.nr_within);
	mmcpus_system_close(sys);
	return is_good && all.nr_estimates && is_covered(&all, 93) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int hold(const char *name, unsigned percent)
{
	char byte;

	for (size_t i = 0; i < nr_shapes; i++) {
		pid_t pid = strcmp(shapes[i].name, name) ? 0 : shape_start(&shapes[i], percent);

		if (!pid)
			continue;
		printf("ready %d\n", pid);
		fflush(stdout);
		while (read(STDIN_FILENO, &byte, 1) > 0)
			;
		shape_stop(pid);
		return EXIT_SUCCESS;
	}
	errx(EXIT_FAILURE, "%s can't be had here", name);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "compare") == 0 && atoi(argv[2]) > 0 && atoi(argv[2]) <= ROUNDS_MAX &&
	    atoi(argv[3]) > 0)
		return compare((unsigned)atoi(argv[2]), (uint64_t)atoi(argv[3]) * 1000000);
	if (argc >= 3 && strcmp(argv[1], "hold") == 0)
		return hold(argv[2], argc > 3 ? (unsigned)atoi(argv[3]) : 0);
	fprintf(stderr, "usage: memory compare ROUNDS TIME_MS | memory hold SHAPE [PERCENT]\n");
	return 2;
}
