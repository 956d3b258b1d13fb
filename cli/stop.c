/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "message.h"

#define NS_PER_MS 1000000

/* By nohup(1), of SIGHUP. A signal that is blocked comes to a signalfd all the same. */
static bool is_ignored(int signal)
{
	struct sigaction action;

	return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* From here on the signals are blocked, so that none is lost between a look at the clock and the wait. */
static void begin(struct stop *stop, int other)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	if (!is_ignored(SIGHUP))
		sigaddset(&signals, SIGHUP);
	if (other)
		sigaddset(&signals, other);
	stop->fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (stop->fd < 0) {
		complain("cannot wait for signals: %s", strerror(errno));
		exit(STATUS_FAILED);
	}
	sigprocmask(SIG_BLOCK, &signals, &stop->before);
	sigaction(SIGCHLD, NULL, &stop->child_before);
}

void stop_begin(struct stop *stop)
{
	begin(stop, 0);
}

void stop_begin_with_child(struct stop *stop)
{
	const struct sigaction as_usual = { .sa_handler = SIG_DFL };

	begin(stop, SIGCHLD);
	sigaction(SIGCHLD, &as_usual, NULL); /* who started us may ignore it: then there is no status to wait for */
}

void stop_end(const struct stop *stop)
{
	sigaction(SIGCHLD, &stop->child_before, NULL);
	sigprocmask(SIG_SETMASK, &stop->before, NULL);
	close(stop->fd);
}

uint64_t stop_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / NS_PER_MS;
}

/* A terminal that is closed may say so more than once. */
static bool is_first_hang_up(void)
{
	bool is_first = !is_ignored(SIGHUP);

	signal(SIGHUP, SIG_IGN);
	return is_first;
}

static bool is_asked_to_end(const struct stop *stop)
{
	struct signalfd_siginfo signal;

	if (read(stop->fd, &signal, sizeof(signal)) != sizeof(signal) || signal.ssi_signo == SIGCHLD)
		return false;
	return signal.ssi_signo != SIGHUP || is_first_hang_up();
}

/* Only signals that are blocked are pending. */
static void get_pending(sigset_t *ret)
{
	const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t pending;

	sigemptyset(ret);
	sigpending(&pending);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigismember(&pending, signals[i]))
			sigaddset(ret, signals[i]);
}

bool stop_is_pending(void)
{
	sigset_t pending;

	get_pending(&pending);
	return !sigisemptyset(&pending);
}

void stop_take_pending(void)
{
	sigset_t pending;

	get_pending(&pending);
	while (sigtimedwait(&pending, NULL, &(struct timespec){ 0 }) > 0)
		;
}

void stop_expect_second(const struct stop *stop)
{
	struct signalfd_siginfo unused;

	signal(SIGHUP, SIG_IGN);
	while (read(stop->fd, &unused, sizeof(unused)) == sizeof(unused))
		;
}

bool stop_wait_for(const struct stop *stop, uint64_t until_ms, int fd)
{
	struct pollfd fds[] = { { .fd = stop->fd, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

	for (;;) {
		uint64_t now = stop_now_ms();
		uint64_t left = until_ms > now ? until_ms - now : 0;
		int nr = poll(fds, 2, left < INT_MAX ? (int)left : INT_MAX);

		if (nr > 0)
			return fds[0].revents && is_asked_to_end(stop);
		if (nr == 0 && left < INT_MAX)
			return false;
	}
}

bool stop_wait(const struct stop *stop, uint64_t until_ms)
{
	return stop_wait_for(stop, until_ms, -1);
}
