/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For commands that go on for a while: wait, and end early but in order when asked to (SIGINT, SIGTERM, SIGHUP). */
#ifndef MMCPUS_CLI_STOP_H
#define MMCPUS_CLI_STOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct stop {
	sigset_t before;               /* what was blocked */
	struct sigaction child_before; /* what was done about children that end */
	int fd;                        /* tells of the signals */
};

/* From here on the signals wait for stop_wait(). */
void stop_begin(struct stop *stop);

/* The same, and stop_wait() also ends, with false, when a child of ours does. */
void stop_begin_with_child(struct stop *stop);

/* Wait until that time of the monotonic clock. True: asked to end. */
bool stop_wait(const struct stop *stop, uint64_t until_ms);

/* The same, and it also ends, with false, when the descriptor is readable. */
bool stop_wait_for(const struct stop *stop, uint64_t until_ms, int fd);

/* Has it been asked to end, and stop_wait() not told of it yet? */
bool stop_is_pending(void);

/* Then it will not tell of it. */
void stop_take_pending(void);

/* From here on, stop_wait() tells of a second request: no SIGHUP is one, nor is what has come together with the first. */
void stop_expect_second(const struct stop *stop);

/* From here on the signals end the process again, but SIGHUP if there was one. */
void stop_end(const struct stop *stop);

/* The monotonic clock. */
uint64_t stop_now_ms(void);

#endif
