// SPDX-License-Identifier: GPL-2.0-or-later
#include "scene.h"

#include <err.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define CPUS_MAX 8192

void say_ready(int nr_pids, const pid_t *pids)
{
	char line[64] = "ready";
	int length = 5;

	for (int i = 0; i < nr_pids; i++)
		length += snprintf(line + length, sizeof(line) - (size_t)length, " %d", pids[i]);
	line[length++] = '\n';
	if (write(STDOUT_FILENO, line, (size_t)length) != length)
		_exit(EXIT_FAILURE);
}

bool is_over(int timeout_ms)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char byte;

	return poll(&in, 1, timeout_ms) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

void wait_until_over(void)
{
	while (!is_over(-1))
		;
}

void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
}

void be_modest(void)
{
	if (setpriority(PRIO_PROCESS, 0, 5))
		warn("setpriority");
}

unsigned long parse_number(const char *text, unsigned long max)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (end == text || *end || number > max)
		errx(EXIT_FAILURE, "%s: not a number from 0 to %lu", text, max);
	return number;
}

struct cpus {
	cpu_set_t set[CPUS_MAX / CPU_SETSIZE];
};

static void cpus_of_one(struct cpus *cpus, const char *cpu)
{
	CPU_ZERO_S(sizeof(*cpus), cpus->set);
	CPU_SET_S(parse_number(cpu, CPUS_MAX - 1), sizeof(*cpus), cpus->set);
}

void bind_to(const char *cpu)
{
	struct cpus one;

	cpus_of_one(&one, cpu);
	if (sched_setaffinity(0, sizeof(one), one.set))
		err(EXIT_FAILURE, "CPU %s", cpu);
}

static bool is_bound_to(const char *cpu)
{
	struct cpus one;
	struct cpus own;

	cpus_of_one(&one, cpu);
	CPU_ZERO_S(sizeof(own), own.set);
	if (sched_getaffinity(0, sizeof(own), own.set) < 0)
		err(EXIT_FAILURE, "sched_getaffinity");
	return CPU_EQUAL_S(sizeof(one), one.set, own.set);
}

void exec_self(char **argv)
{
	char path[4096] = "";

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) > 0)
		execv(path, argv);
	err(EXIT_FAILURE, "/proc/self/exe");
}

void be_urgent(int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		warn("SCHED_FIFO");
}

void begin_on(const char *cpu, char **argv)
{
	if (is_bound_to(cpu))
		return;
	bind_to(cpu);
	exec_self(argv);
}
