/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each CPU has counted on its own, and not yet in a row. */
#ifndef MMCPUS_LIB_SHOOTDOWN_TALLIES_H
#define MMCPUS_LIB_SHOOTDOWN_TALLIES_H

#include <stdbool.h>

#include "tracer.h"

/*
 * Let them count, or not. What is sent is not counted before its hits are, whichever CPU they are on; of what is under way when
 * counting ends, the hits may be missing. And what begins is not counted as not seen before all that is sent is.
 */
void shootdown_tallies_set_counting(struct shootdown_cpu *cpus, uint32_t nr_cpus, bool is_counting);

/* Move it to the rows. False: some CPU is counting just now, and what it has is left for the next time. */
bool shootdown_tallies_take(const struct tracer_rows *shared, uint32_t nr_cpus);

/*
 * A row that is marked as forgotten: from now on no CPU counts in it what it sends, but for a moment. False: some may go on,
 * and it is to be tried again.
 */
bool shootdown_tallies_forget(const struct tracer_rows *shared, uint32_t nr_cpus, uint32_t row);

#endif
