/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "message.h"

/* Of a shell. */
#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND  127

static void run(char **argv, const struct stop *stop)
{
	signal(SIGPIPE, SIG_DFL);
	stop_end(stop);
	execvp(argv[0], argv);
	complain("cannot run '%s': %s", argv[0], strerror(errno));
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

int child_start(struct child *child, char **argv, const struct stop *stop)
{
	*child = (struct child){ .pid = fork() };
	if (child->pid < 0)
		return -errno;
	if (child->pid == 0)
		run(argv, stop);
	return 0;
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

void child_end(struct child *child)
{
	int status;

	if (child_check(child))
		return;
	kill(child->pid, SIGTERM);
	while (!child->has_ended)
		if (waitpid(child->pid, &status, 0) == child->pid)
			take_status(child, status);
}
