/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stop.h"

#include <errno.h>
#include <time.h>

#define NS_PER_MS 1000000

static void begin(struct stop *stop, int other)
{
	sigemptyset(&stop->signals);
	sigaddset(&stop->signals, SIGINT);
	sigaddset(&stop->signals, SIGTERM);
	if (other)
		sigaddset(&stop->signals, other);
	sigprocmask(SIG_BLOCK, &stop->signals, &stop->before);
}

void stop_begin(struct stop *stop)
{
	begin(stop, 0);
}

void stop_begin_with_child(struct stop *stop)
{
	begin(stop, SIGCHLD);
}

void stop_end(const struct stop *stop)
{
	sigprocmask(SIG_SETMASK, &stop->before, NULL);
}

uint64_t stop_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / NS_PER_MS;
}

/* The signals are blocked, so that none is lost between a look at the clock and the wait. */
bool stop_wait(const struct stop *stop, uint64_t until_ms)
{
	for (;;) {
		uint64_t now = stop_now_ms();
		uint64_t left = until_ms > now ? until_ms - now : 0;
		struct timespec timeout = { (time_t)(left / 1000), (long)(left % 1000) * NS_PER_MS };

		int signal = sigtimedwait(&stop->signals, NULL, &timeout);

		if (signal > 0)
			return signal != SIGCHLD;
		if (errno != EINTR)
			return false;
	}
}
