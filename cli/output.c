/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "stop.h"

/* Of the first write that failed. Whatever is printed after it would overwrite errno; stdio keeps that it failed, not why. */
static int write_error;

/* Asked to end while nobody reads: what is left is not written either, or that would have to be waited for as well. */
static bool is_given_up;

static void note_error(void)
{
	if (!write_error)
		write_error = errno;
}

/* How often it is looked whether we are asked to end, and for how long who reads the output may stand still then. */
#define LOOK_MS     100
#define PATIENCE_MS 2000

/* What there is room for, without waiting for it in the kernel, where no signal that is blocked is noticed. */
static ssize_t write_some(const char *data, size_t size)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	int asked_ms = 0;

	while (poll(&out, 1, LOOK_MS) == 0) {
		asked_ms += stop_is_pending() ? LOOK_MS : 0;
		if (asked_ms >= PATIENCE_MS) {
			stop_take_pending();
			is_given_up = true;
			errno = ECANCELED;
			return -1;
		}
	}
	return write(STDOUT_FILENO, data, size < PIPE_BUF ? size : PIPE_BUF);
}

/* All of it: stdio takes less for an error. */
static ssize_t write_stdout(void *unused __attribute__((unused)), const char *data, size_t size)
{
	size_t nr_done = 0;

	while (nr_done < size && !is_given_up) {
		ssize_t nr = write_some(data + nr_done, size - nr_done);

		if (nr >= 0) {
			nr_done += (size_t)nr;
		} else if (errno != EINTR && errno != EAGAIN) {
			note_error();
			break;
		}
	}
	return (ssize_t)nr_done;
}

static int close_stdout(void *unused __attribute__((unused)))
{
	int err = close(STDOUT_FILENO);

	if (err)
		note_error();
	return err;
}

/* In the place of the one that stdio made, which is not used by then: all that prints takes the variable. */
static void take_stdout(void)
{
	const cookie_io_functions_t functions = { .write = write_stdout, .close = close_stdout };
	FILE *stream = fopencookie(NULL, "w", functions);

	if (!stream) {
		complain("cannot write the output: %s", strerror(errno));
		exit(STATUS_FAILED);
	}
	if (isatty(STDOUT_FILENO))
		setvbuf(stream, NULL, _IOLBF, BUFSIZ);
	stdout = stream;
}

void output_open(void)
{
	int fd;

	/* Open for reading only, so that writing fails as it would have without us. */
	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	signal(SIGPIPE, SIG_IGN);
	take_stdout();
}

int output_close(void)
{
	bool has_failed = ferror(stdout);

	if (fclose(stdout) == 0 && !has_failed)
		return 0;
	complain("cannot write the output: %s",
		 write_error == ECANCELED ? "asked to end while nobody read it" : strerror(write_error));
	return -1;
}
