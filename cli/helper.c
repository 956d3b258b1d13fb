/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "helper.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mmcpus/mmcpus.h>

#define READY_TIMEOUT_MS 1000
#define SPIN_MS          5

int helper_bind(uint32_t cpu)
{
	cpu_set_t set[MMCPUS_CPUS_MAX / CPU_SETSIZE];

	CPU_ZERO_S(sizeof(set), set);
	CPU_SET_S(cpu, sizeof(set), set);
	return sched_setaffinity(0, sizeof(set), set) ? -errno : 0;
}

/* ------------------------------------------------------------------------------------------ what helpers do -- */

struct helper_job {
	int (*run)(const struct helper_job *job);
	uint32_t away;
	uint32_t home;
	int ready_fd;
};

static int report_ready(const struct helper_job *job)
{
	return write(job->ready_fd, "", 1) == 1 ? 0 : -errno;
}

static int sleep_for(int timeout_ms)
{
	return poll(NULL, 0, timeout_ms) < 0 ? -errno : 0;
}

/*
 * The first journey is a rehearsal of all that the second does and of the sleep after it: a page that is written for
 * the first time after the fork is copied (the linker's, for one, when a function is called for the first time), which
 * flushes the TLBs of all CPUs in the mask, and such a flush may take the visited CPU out of it.
 */
static int run_visitor(const struct helper_job *job)
{
	int err = 0;

	for (int round = 0; round < 2 && !err; round++) {
		err = helper_bind(job->away);
		if (!err)
			err = helper_bind(job->home);
		if (!err)
			err = report_ready(job);
		if (!err)
			err = sleep_for(0);
	}
	return err;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int run_spinner(const struct helper_job *job)
{
	int err = helper_bind(job->home);

	if (err)
		return err;
	for (int64_t end = now_ms() + SPIN_MS; now_ms() < end;)
		;
	return report_ready(job);
}

static _Noreturn void be_helper(const struct helper_job *job, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent && job->run(job) == 0)
		for (;;)
			sleep_for(-1);
	_exit(1);
}

/* --------------------------------------------------------------------------------------------------- the parent -- */

/* -ETIME: the CPU is taken by others; -ECHILD: the helper failed. */
static int wait_ready(const struct helper *helper, unsigned nr_bytes)
{
	int64_t end = now_ms() + READY_TIMEOUT_MS;
	struct pollfd poll_fd = { .fd = helper->ready_fd, .events = POLLIN };

	while (nr_bytes > 0) {
		int64_t left_ms = end - now_ms();
		int ret = left_ms > 0 ? poll(&poll_fd, 1, (int)left_ms) : 0;
		char byte;

		if (ret == 0)
			return -ETIME;
		if (ret < 0 && errno != EINTR)
			return -errno;
		if (ret > 0 && read(helper->ready_fd, &byte, 1) != 1)
			return -ECHILD;
		nr_bytes -= ret > 0;
	}
	return 0;
}

static int start(struct helper *helper, struct helper_job *job, unsigned nr_bytes)
{
	pid_t parent = getpid();
	int fds[2];
	int err;

	*helper = (struct helper){ .pid = -1, .ready_fd = -1 };
	if (pipe(fds))
		return -errno;
	job->ready_fd = fds[1];
	helper->ready_fd = fds[0];
	helper->pid = fork();
	err = helper->pid < 0 ? -errno : 0;
	if (helper->pid == 0)
		be_helper(job, parent);
	close(fds[1]);
	if (!err)
		err = wait_ready(helper, nr_bytes);
	if (err)
		helper_stop(helper);
	return err;
}

int helper_start_visitor(struct helper *helper, uint32_t away, uint32_t home)
{
	struct helper_job job = { .run = run_visitor, .away = away, .home = home };

	return start(helper, &job, 2);
}

int helper_start_spinner(struct helper *helper, uint32_t cpu)
{
	struct helper_job job = { .run = run_spinner, .home = cpu };

	return start(helper, &job, 1);
}

void helper_stop(struct helper *helper)
{
	if (helper->ready_fd >= 0)
		close(helper->ready_fd);
	if (helper->pid > 0) {
		kill(helper->pid, SIGKILL);
		while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	*helper = (struct helper){ .pid = -1, .ready_fd = -1 };
}
