/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contenders side by side: every round runs each once, so that what disturbs the machine disturbs all alike. */
#ifndef MMCPUS_BENCH_MEASURE_H
#define MMCPUS_BENCH_MEASURE_H

#include <stddef.h>

#define ROUNDS_MAX 101

struct contender {
	const char *name;
	void (*run)(void);
	double ms[ROUNDS_MAX];
};

/*
 * Run all for so many rounds. Each first runs in a row for WARM_UP_MS, at least WARM_UPS_MIN times, and one run more
 * counts: what stands in the caches was left there by itself, not by its neighbour.
 */
#define WARM_UP_MS   10
#define WARM_UPS_MIN 3

void measure(struct contender *contenders, size_t nr, int nr_rounds);

/* nr: at most ROUNDS_MAX. */
double median(const double *values, int nr);

double median_ms(const struct contender *contender, int nr_rounds);

#endif
