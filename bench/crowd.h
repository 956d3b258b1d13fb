/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that do nothing, so that there is something to look at. */
#ifndef MMCPUS_BENCH_CROWD_H
#define MMCPUS_BENCH_CROWD_H

/* Start processes of so many threads each, all asleep; they die with the caller. Returns when all are there, or exits. */
void crowd_start(int nr_processes, int nr_threads);
void crowd_stop(void);

#endif
