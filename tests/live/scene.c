// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Scenes to look at: processes in a state that a test knows exactly.
 *
 *	scene NAME [ARGUMENT...]
 *
 * prints "ready PID [PID...]" once the state is established, the process in question first, and holds it until stdin
 * ends. Children die with it, and nothing outlives LIFETIME_SECONDS.
 */
#include "scene.h"

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIFETIME_SECONDS 240
#define STACK_BYTES      65536

/* ------------------------------------------------------------------------------------------------- one process -- */

static void *touch_memory(unsigned long mib)
{
	size_t bytes = mib << 20;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		err(EXIT_FAILURE, "%lu MiB", mib);
	return memory;
}

static void play_pinned(char **argv)
{
	pid_t self = getpid();

	begin_on(argv[2], argv);
	if (argv[3])
		/* cppcheck-suppress leakReturnValNotUsed ; it is what the scene is for */
		touch_memory(parse_number(argv[3], 1024));
	say_ready(1, &self);
	wait_until_over();
}

/* It has memory that it may not access any more. */
static void play_sealed(char **argv)
{
	unsigned long mib = parse_number(argv[3], 1024);
	pid_t self = getpid();

	begin_on(argv[2], argv);
	if (mprotect(touch_memory(mib), mib << 20, PROT_NONE))
		err(EXIT_FAILURE, "mprotect");
	say_ready(1, &self);
	wait_until_over();
}

static void play_moved(char **argv)
{
	pid_t self = getpid();

	begin_on(argv[2], argv);
	bind_to(argv[3]);
	say_ready(1, &self);
	wait_until_over();
}

/* More of the CPU than others get, but not so much that they starve. */
static void stay_busy(void)
{
	setpriority(PRIO_PROCESS, 0, -5);
	while (!is_over(0))
		for (int i = 0; i < 1000000; i++)
			__asm__ volatile("");
}

static void play_busy(char **argv)
{
	pid_t self = getpid();

	begin_on(argv[2], argv);
	say_ready(1, &self);
	stay_busy();
}

/* From one CPU to the other and back, all the time. */
static void play_migrating(char **argv)
{
	pid_t self = getpid();

	begin_on(argv[2], argv);
	be_modest();
	say_ready(1, &self);
	while (!is_over(0))
		for (int i = 0; i < 100; i++)
			bind_to(argv[2 + i % 2]);
}

static void play_told(char **argv)
{
	begin_on(argv[2], argv);
	do_as_told();
}

static void play_mergeable(char **argv)
{
	pid_t self = getpid();

	begin_on(argv[2], argv);
	offer_to_ksm(parse_number(argv[3], 1024));
	say_ready(1, &self);
	wait_until_over();
}

static void play_named(char **argv)
{
	pid_t self = getpid();

	prctl(PR_SET_NAME, argv[2]);
	say_ready(1, &self);
	wait_until_over();
}

static void play_zombie(char **argv __attribute__((unused)))
{
	pid_t child = fork();
	siginfo_t info;

	if (child == 0)
		_exit(EXIT_SUCCESS);
	if (child < 0 || waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT))
		err(EXIT_FAILURE, "zombie");
	say_ready(1, &child);
	wait_until_over();
}

/* ----------------------------------------------------------------------------------------------------- threads -- */

static void say_ready_as_thread(void)
{
	pid_t pids[] = { getpid(), (pid_t)syscall(SYS_gettid) };

	say_ready(2, pids);
}

static void *sleep_on(void *cpu)
{
	bind_to(cpu);
	say_ready_as_thread();
	for (;;)
		pause();
	return NULL;
}

static void start_thread(void *(*run)(void *arg), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, arg))
		errx(EXIT_FAILURE, "pthread_create");
}

static void play_threads(char **argv)
{
	begin_on(argv[2], argv);
	start_thread(sleep_on, argv[3]);
	wait_until_over();
}

/* The thread waits, too: a child of a thread that ends gets another parent. */
static void *fork_child(void *unused __attribute__((unused)))
{
	pid_t parent = getpid();
	pid_t pids[] = { fork(), parent };

	if (pids[0] < 0)
		err(EXIT_FAILURE, "fork");
	if (pids[0] == 0)
		die_with(parent);
	else
		say_ready(2, pids);
	for (;;)
		pause();
	return NULL;
}

static void play_child_of_thread(char **argv __attribute__((unused)))
{
	start_thread(fork_child, NULL);
	wait_until_over();
}

static char leader_state(void)
{
	char path[64];
	char line[512] = "";
	char *end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", getpid(), getpid());
	file = fopen(path, "r");
	if (!file || !fgets(line, sizeof(line), file))
		err(EXIT_FAILURE, "%s", path);
	fclose(file);
	end = strrchr(line, ')');
	return end ? end[2] : '?';
}

static void *outlive_leader(void *cpu)
{
	bind_to(cpu);
	while (leader_state() != 'Z')
		sched_yield();
	say_ready_as_thread();
	wait_until_over();
	_exit(EXIT_SUCCESS);
}

static void play_leaderless(char **argv)
{
	begin_on(argv[2], argv);
	start_thread(outlive_leader, argv[3]);
	pthread_exit(NULL);
}

/* ---------------------------------------------------------------------------------------------- shared memory -- */

static pid_t parent; /* the sharer's */

static void clone_sharer(int (*run)(void *arg), void *arg, int flags)
{
	char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	parent = getpid();
	if (stack == MAP_FAILED || clone(run, stack + STACK_BYTES, CLONE_VM | SIGCHLD | flags, arg) < 0)
		err(EXIT_FAILURE, "clone");
	/* cppcheck-suppress memleak ; the sharer stands on it */
}

static int share(void *arg)
{
	pid_t pids[] = { parent, getpid() };
	char **argv = arg;

	die_with(parent);
	bind_to(argv[3]);
	say_ready(2, pids);
	if (argv[4])
		stay_busy();
	for (;;)
		pause();
	return 0;
}

static void play_shared(char **argv)
{
	begin_on(argv[2], argv);
	clone_sharer(share, argv, 0);
	wait_until_over();
}

/* The parent is held in clone() until this ends. */
static int hold_parent(void *unused __attribute__((unused)))
{
	pid_t pids[] = { parent, getpid() };

	die_with(parent);
	say_ready(2, pids);
	wait_until_over();
	_exit(EXIT_SUCCESS);
}

static void play_vfork(char **argv)
{
	begin_on(argv[2], argv);
	clone_sharer(hold_parent, NULL, CLONE_VFORK);
}

/* -------------------------------------------------------------------------------------------------- the others -- */

/* A process that has one address space after the other. */
static void play_exec_loop(char **argv)
{
	char *again[] = { argv[0], argv[1], argv[2], "again", NULL };
	pid_t self = getpid();

	begin_on(argv[2], argv);
	if (!argv[3]) {
		be_modest();
		say_ready(1, &self);
	}
	if (!is_over(0))
		exec_self(again);
}

/* Run a command with this end of a pipe as stdout. */
static void exec_into(int fd, char **command)
{
	if (dup2(fd, STDOUT_FILENO) < 0)
		err(EXIT_FAILURE, "dup2");
	close(fd);
	signal(SIGPIPE, SIG_DFL);
	execvp(command[0], command);
	err(EXIT_FAILURE, "%s", command[0]);
}

/* Not a scene: run a command whose stdout is a pipe that nobody reads, for certain and from the start. */
static void play_no_reader(char **argv)
{
	int ends[2];

	if (pipe(ends))
		err(EXIT_FAILURE, "pipe");
	close(ends[0]);
	exec_into(ends[1], argv + 2);
}

/* The same with a reader that leaves after one byte, and a pipe that holds no more than a page. */
static void play_leaving_reader(char **argv)
{
	int ends[2];
	char byte;

	if (pipe(ends) || fcntl(ends[1], F_SETPIPE_SZ, 4096) < 0)
		err(EXIT_FAILURE, "pipe");
	if (fork() == 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(ends[0]);
	exec_into(ends[1], argv + 2);
}

static void play_storm(char **argv)
{
	storm((int)parse_number(argv[2], LIFETIME_SECONDS));
}

static void play_blink(char **argv __attribute__((unused)))
{
}

static const struct scene {
	const char *name;
	int min_arguments;
	int max_arguments;
	const char *usage;
	void (*play)(char **argv);
} scenes[] = {
	{ "pinned", 1, 2, "CPU [MIB]", play_pinned },
	{ "sealed", 2, 2, "CPU MIB", play_sealed },
	{ "told", 1, 1, "CPU", play_told },
	{ "mergeable", 2, 2, "CPU MIB", play_mergeable },
	{ "migrating", 2, 2, "CPU CPU", play_migrating },
	{ "moved", 2, 2, "FROM-CPU TO-CPU", play_moved },
	{ "threads", 2, 2, "CPU CPU", play_threads },
	{ "child-of-thread", 0, 0, "", play_child_of_thread },
	{ "leaderless", 2, 2, "LEADER-CPU CPU", play_leaderless },
	{ "shared", 2, 3, "CPU SHARER-CPU [busy]", play_shared },
	{ "vfork", 1, 1, "CPU", play_vfork },
	{ "zombie", 0, 0, "", play_zombie },
	{ "named", 1, 1, "NAME", play_named },
	{ "busy", 1, 1, "CPU", play_busy },
	{ "exec-loop", 1, 2, "CPU", play_exec_loop },
	{ "storm", 1, 1, "SECONDS", play_storm },
	{ "no-reader", 1, 64, "COMMAND [ARGUMENT...]", play_no_reader },
	{ "leaving-reader", 1, 64, "COMMAND [ARGUMENT...]", play_leaving_reader },
	{ "blink", 0, 0, "", play_blink },
};

static const struct scene *find_scene(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(scenes) / sizeof(scenes[0]); i++)
		if (strcmp(scenes[i].name, argv[1]) == 0 && argc - 2 >= scenes[i].min_arguments &&
		    argc - 2 <= scenes[i].max_arguments)
			return &scenes[i];
	return NULL;
}

static void print_usage(void)
{
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		fprintf(stderr, "usage: scene %s %s\n", scenes[i].name, scenes[i].usage);
}

/* The timer outlives exec, and must not begin anew then. */
static void limit_lifetime(void)
{
	struct itimerval running;

	if (getitimer(ITIMER_REAL, &running) == 0 && !timerisset(&running.it_value))
		alarm(LIFETIME_SECONDS);
}

int main(int argc, char **argv)
{
	const struct scene *scene = find_scene(argc, argv);

	if (!scene) {
		print_usage();
		return 2;
	}
	limit_lifetime();
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* khugepaged would flush, and take bits out of the mask */
	scene->play(argv);
	_exit(EXIT_SUCCESS);
}
