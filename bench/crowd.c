// SPDX-License-Identifier: GPL-2.0-or-later
#include "crowd.h"

#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t group; /* of the whole crowd, named by its first process */

static void *sleep_forever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void live(int nr_threads, int ready_fd)
{
	pthread_attr_t small;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "crowd");
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (int i = 1; i < nr_threads; i++)
		if (pthread_create(&thread, &small, sleep_forever, NULL))
			_exit(EXIT_FAILURE);
	if (write(ready_fd, "", 1) != 1)
		_exit(EXIT_FAILURE);
	sleep_forever(NULL);
}

void crowd_start(int nr_processes, int nr_threads)
{
	int ready[2];
	char byte;

	if (pipe(ready))
		err(EXIT_FAILURE, "pipe");
	for (int i = 0; i < nr_processes; i++) {
		pid_t pid = fork();

		if (pid == 0)
			live(nr_threads, ready[1]);
		if (pid < 0)
			err(EXIT_FAILURE, "fork: process %d of %d", i, nr_processes);
		if (!group)
			group = pid;
		setpgid(pid, group);
	}
	close(ready[1]);
	for (int i = 0; i < nr_processes; i++)
		if (read(ready[0], &byte, 1) != 1)
			errx(EXIT_FAILURE, "a process of the crowd could not start its threads");
	close(ready[0]);
}

void crowd_stop(void)
{
	if (!group)
		return;
	kill(-group, SIGKILL);
	while (wait(NULL) > 0)
		;
	group = 0;
}
