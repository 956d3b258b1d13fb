// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a command costs from cold, with its start, against the command that a user would type instead.
 *
 *	bench_cold MMCPUS [PROCESSES [ROUNDS]]
 *
 * A program of its own, and a small one: the peak memory that the kernel reports for a command includes that of the
 * process that started it.
 */
#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crowd.h"
#include "measure.h"

extern char **environ;

static char *mmcpus;
static long peak_kib[5];

/* Run a command with its output thrown away; the peak of its memory goes to *ret_kib. */
static void run_command(char *const argv[], long *ret_kib)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ))
		err(EXIT_FAILURE, "%s", argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	if (wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		errx(EXIT_FAILURE, "%s failed", argv[0]);
	if (usage.ru_maxrss > *ret_kib)
		*ret_kib = usage.ru_maxrss;
}

static void run_ps(void)
{
	run_command((char *[]){ "ps", "-e", NULL }, &peak_kib[0]);
}

static void run_show(void)
{
	run_command((char *[]){ mmcpus, "show", NULL }, &peak_kib[1]);
}

static void run_show_active(void)
{
	run_command((char *[]){ mmcpus, "show", "-o", "PID,COMMAND,ACTIVE", NULL }, &peak_kib[2]);
}

static void run_status(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	run_command((char *[]){ mmcpus, "status", pid, NULL }, &peak_kib[3]);
}

static void run_cpus(void)
{
	run_command((char *[]){ mmcpus, "cpus", NULL }, &peak_kib[4]);
}

static struct contender contenders[] = {
	{ .name = "ps -e", .run = run_ps },
	{ .name = "mmcpus show", .run = run_show },
	{ .name = "mmcpus show -o PID,COMMAND,ACTIVE", .run = run_show_active },
	{ .name = "mmcpus status PID", .run = run_status },
	{ .name = "mmcpus cpus", .run = run_cpus },
};

#define NR (sizeof(contenders) / sizeof(contenders[0]))

int main(int argc, char **argv)
{
	int nr_processes = argc > 2 ? atoi(argv[2]) : 100;
	int nr_rounds = argc > 3 ? atoi(argv[3]) : 51;

	if (argc < 2 || nr_processes < 1 || nr_rounds < 1 || nr_rounds > ROUNDS_MAX)
		errx(2, "usage: bench_cold MMCPUS [PROCESSES [ROUNDS]], at most %d rounds", ROUNDS_MAX);
	mmcpus = argv[1];
	crowd_start(nr_processes, 1);
	atexit(crowd_stop);
	measure(contenders, NR, nr_rounds);
	printf("with %d more processes, medians of %d interleaved rounds\n\n", nr_processes, nr_rounds);
	printf("| from cold | ms | of `ps -e` | peak KiB |\n|---|---:|---:|---:|\n");
	for (size_t i = 0; i < NR; i++)
		printf("| `%s` | %.2f | %.2f | %ld |\n", contenders[i].name, median_ms(&contenders[i], nr_rounds),
		       median_ms(&contenders[i], nr_rounds) / median_ms(&contenders[0], nr_rounds), peak_kib[i]);
	return EXIT_SUCCESS;
}
