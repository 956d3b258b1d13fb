// SPDX-License-Identifier: GPL-2.0-or-later
#include "measure.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void warm_up(const struct contender *contender)
{
	double start = now_ms();

	for (int i = 0; i < WARM_UPS_MIN || now_ms() - start < WARM_UP_MS; i++)
		contender->run();
}

void measure(struct contender *contenders, size_t nr, int nr_rounds)
{
	for (int round = 0; round < nr_rounds; round++) {
		for (size_t i = 0; i < nr; i++) {
			double start;

			warm_up(&contenders[i]);
			start = now_ms();
			contenders[i].run();
			contenders[i].ms[round] = now_ms() - start;
		}
	}
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

double median(const double *values, int nr)
{
	double sorted[ROUNDS_MAX];

	memcpy(sorted, values, (size_t)nr * sizeof(sorted[0]));
	qsort(sorted, (size_t)nr, sizeof(sorted[0]), compare);
	return sorted[nr / 2];
}

double median_ms(const struct contender *contender, int nr_rounds)
{
	return median(contender->ms, nr_rounds);
}
