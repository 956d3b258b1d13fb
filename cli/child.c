/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"

/* Of a shell. */
#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND  127

/* Tells the error by the pipe, which closes by itself if there is none. */
static void run(char **argv, const struct stop *stop, int pipe_fd)
{
	ssize_t unused;

	signal(SIGPIPE, SIG_DFL);
	stop_end(stop);
	execvp(argv[0], argv);
	unused = write(pipe_fd, &errno, sizeof(errno));
	(void)unused;
	_exit(STATUS_CANNOT_RUN);
}

/* Until it runs, or can't be run: then the error. */
static int wait_for_run(struct child *child, int pipe_fd)
{
	int error;

	if (read(pipe_fd, &error, sizeof(error)) != (ssize_t)sizeof(error))
		return 0;
	waitpid(child->pid, NULL, 0);
	child->pid = 0;
	return error;
}

static int fail(const char *what, const char *command, int error)
{
	complain("cannot %s '%s': %s", what, command, strerror(error));
	return STATUS_FAILED;
}

int child_start(struct child *child, char **argv, const struct stop *stop)
{
	int fds[2];
	int error;

	*child = (struct child){ 0 };
	if (pipe2(fds, O_CLOEXEC))
		return fail("start", argv[0], errno);
	child->pid = fork();
	error = errno;
	if (child->pid == 0)
		run(argv, stop, fds[1]);
	close(fds[1]);
	if (child->pid > 0)
		error = wait_for_run(child, fds[0]);
	close(fds[0]);
	if (child->pid < 0)
		return fail("start", argv[0], error);
	if (!error)
		return STATUS_OK;
	fail("run", argv[0], error);
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}

static void take_status(struct child *child, int status)
{
	child->has_ended = true;
	child->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool child_check(struct child *child)
{
	int status;

	if (!child->has_ended && waitpid(child->pid, &status, WNOHANG) == child->pid)
		take_status(child, status);
	return child->has_ended;
}

void child_end(struct child *child, const struct stop *stop)
{
	if (child_check(child))
		return;
	stop_expect_second(stop);
	kill(child->pid, SIGTERM);
	while (!child_check(child))
		if (stop_wait(stop, UINT64_MAX))
			kill(child->pid, SIGKILL);
}
