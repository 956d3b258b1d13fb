// SPDX-License-Identifier: GPL-2.0-or-later
/* The lives that processes lead while they are looked at: all short, each with another moment that is hard to read. */
#include "scene.h"

#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIVING_MAX 8

static char *blink[] = { "scene", "blink", NULL };

static void *exec_as_thread(void *unused __attribute__((unused)))
{
	exec_self(blink);
}

static void *end_all(void *unused __attribute__((unused)))
{
	usleep(500);
	_exit(EXIT_SUCCESS);
}

/* Start a thread and let it end, or exec, for all. */
static void follow_thread(void *(*run)(void *unused))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL))
		_exit(EXIT_FAILURE);
}

static void live_and_exit(void)
{
	_exit(EXIT_SUCCESS);
}

static void live_and_exec(void)
{
	exec_self(blink);
}

static void live_and_vfork(void)
{
	pid_t child = vfork();

	if (child == 0)
		exec_self(blink);
	waitpid(child, NULL, 0);
	_exit(EXIT_SUCCESS);
}

static void live_without_leader(void)
{
	follow_thread(end_all);
	pthread_exit(NULL);
}

static void live_and_exec_in_thread(void)
{
	follow_thread(exec_as_thread);
	for (;;)
		pause();
}

static void (*const lives[])(void) = {
	live_and_exit, live_and_exec, live_and_vfork, live_without_leader, live_and_exec_in_thread,
};

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void start_life(unsigned number)
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child < 0)
		err(EXIT_FAILURE, "fork");
	if (child)
		return;
	die_with(parent);
	lives[number % (sizeof(lives) / sizeof(lives[0]))]();
}

void storm(int seconds)
{
	time_t end = now() + seconds;
	pid_t self = getpid();
	unsigned nr_lives = 0;

	be_modest();
	while (now() < end && !is_over(0)) {
		start_life(nr_lives++);
		if (nr_lives == LIVING_MAX)
			say_ready(1, &self);
		if (nr_lives >= LIVING_MAX)
			wait(NULL);
	}
	while (wait(NULL) > 0)
		;
	dprintf(STDOUT_FILENO, "over %u\n", nr_lives);
}
