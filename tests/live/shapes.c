// SPDX-License-Identifier: GPL-2.0-or-later
#include "shapes.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KIB       ((size_t)1 << 10)
#define MIB       ((size_t)1 << 20)
#define GIB       ((size_t)1 << 30)
#define PAGE      ((size_t)4096)
#define NORESERVE (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

/* ------------------------------------------------------------------------------------------------------- nodes -- */

static bool bind_memory(char *memory, size_t bytes, int mode, unsigned long nodes)
{
	return syscall(SYS_mbind, memory, bytes, mode, &nodes, 8 * sizeof(nodes), 0) == 0;
}

bool has_second_node(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, NORESERVE, -1, 0);
	bool has_node = page != MAP_FAILED && bind_memory(page, PAGE, MPOL_BIND, 2);

	munmap(page, PAGE);
	return has_node;
}

/* The same in each run. */
static unsigned next_random(void)
{
	static uint64_t state = 4711;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33);
}

static void put_on(char *memory, size_t bytes, unsigned node)
{
	if (has_second_node() && !bind_memory(memory, bytes, MPOL_BIND, 1ul << node))
		err(EXIT_FAILURE, "mbind");
}

/* Each piece by chance, so that the given part of all is on the second node. */
static void put_pieces(char *memory, size_t bytes, size_t piece, unsigned percent)
{
	for (size_t at = 0; at < bytes; at += piece)
		put_on(memory + at, piece, next_random() % 100 < percent);
}

static char *map(size_t bytes, int flags)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);

	/* cppcheck-suppress memleak ; it is the caller's */
	return memory == MAP_FAILED ? NULL : memory;
}

/* ------------------------------------------------------------------------------------------------- private memory -- */

static bool take_small(unsigned percent)
{
	char *memory = map(200 * PAGE, NORESERVE);

	put_pieces(memory, 200 * PAGE, 10 * PAGE, percent);
	memset(memory, 1, 200 * PAGE);
	return true;
}

/* One piece on each node. */
static bool take_halves(unsigned percent)
{
	size_t there = 16 * MIB / 100 * percent / PAGE * PAGE;
	char *memory = map(16 * MIB, NORESERVE);

	madvise(memory, 16 * MIB, MADV_NOHUGEPAGE);
	if (there)
		put_on(memory, there, 1);
	if (there < 16 * MIB)
		put_on(memory + there, 16 * MIB - there, 0);
	memset(memory, 1, 16 * MIB);
	return true;
}

static bool take_pieces(unsigned percent)
{
	char *memory = map(32 * MIB, NORESERVE);

	madvise(memory, 32 * MIB, MADV_NOHUGEPAGE);
	put_pieces(memory, 32 * MIB, 64 * KIB, percent);
	memset(memory, 1, 32 * MIB);
	return true;
}

static bool take_interleaved(unsigned percent __attribute__((unused)))
{
	char *memory = map(64 * MIB, NORESERVE);

	if (has_second_node() && !bind_memory(memory, 64 * MIB, MPOL_INTERLEAVE, 3))
		err(EXIT_FAILURE, "mbind");
	madvise(memory, 64 * MIB, MADV_NOHUGEPAGE);
	memset(memory, 1, 64 * MIB);
	return true;
}

static bool take_large(unsigned percent)
{
	char *memory = map(200 * MIB, NORESERVE);

	madvise(memory, 200 * MIB, MADV_NOHUGEPAGE);
	put_pieces(memory, 200 * MIB, MIB, percent);
	memset(memory, 1, 200 * MIB);
	return true;
}

static bool take_huge(unsigned percent)
{
	char *memory = map(66 * MIB, NORESERVE);

	memory += 2 * MIB - (uintptr_t)memory % (2 * MIB);
	if (madvise(memory, 64 * MIB, MADV_HUGEPAGE))
		return false;
	put_pieces(memory, 64 * MIB, 2 * MIB, percent);
	memset(memory, 1, 64 * MIB);
	return true;
}

static bool take_hugetlb(unsigned percent)
{
	char *memory = map(32 * MIB, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB);

	if (!memory)
		return false;
	put_pieces(memory, 32 * MIB, 2 * MIB, percent);
	memset(memory, 1, 32 * MIB);
	return true;
}

/* --------------------------------------------------------------------------------------------- much that is not there -- */

static bool take_sparse(unsigned percent)
{
	char *memory = map(300 * GIB, NORESERVE);

	if (!memory)
		return false;
	madvise(memory, 300 * GIB, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < 300; i++) {
		char *page = memory + i * GIB + next_random() % (GIB / PAGE) * PAGE;

		put_on(page, PAGE, next_random() % 100 < percent);
		*page = 1;
	}
	return true;
}

/* More than can be listed in the time, and little of what is mapped. */
static bool take_clumps(unsigned percent)
{
	char *memory = map(64 * GIB, NORESERVE);

	if (!memory)
		return false;
	madvise(memory, 64 * GIB, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < 1280; i++) {
		char *clump = memory + next_random() % (64 * GIB / (128 * KIB)) * (128 * KIB);

		put_on(clump, 128 * KIB, next_random() % 100 < percent);
		memset(clump, 1, 128 * KIB);
	}
	/* cppcheck-suppress memleak ; a shape keeps its memory */
	return true;
}

static bool take_reserved(unsigned percent)
{
	char *memory = mmap(NULL, 100 * GIB, PROT_NONE, NORESERVE, -1, 0);

	if (memory == MAP_FAILED || mprotect(memory + GIB, 8 * MIB, PROT_READ | PROT_WRITE))
		return false;
	madvise(memory + GIB, 8 * MIB, MADV_NOHUGEPAGE);
	put_pieces(memory + GIB, 8 * MIB, 64 * KIB, percent);
	memset(memory + GIB, 1, 8 * MIB);
	/* cppcheck-suppress memleak ; a shape keeps its memory */
	return true;
}

/* Pages that were only read are the zero page, which is on no node. */
static bool take_zeros(unsigned percent)
{
	char *memory = map(64 * MIB, NORESERVE);
	const volatile char *pages = memory;

	madvise(memory, 64 * MIB, MADV_NOHUGEPAGE);
	put_pieces(memory, 4 * MIB, 64 * KIB, percent);
	memset(memory, 1, 4 * MIB);
	for (size_t at = 4 * MIB; at < 64 * MIB; at += PAGE)
		(void)pages[at];
	return true;
}

/* Half of it is swapped out. */
static bool take_swapped(unsigned percent)
{
	char *memory = map(32 * MIB, NORESERVE);
	char line[256];
	FILE *file = fopen("/proc/swaps", "r");
	bool has_swap = file && fgets(line, sizeof(line), file) && fgets(line, sizeof(line), file);

	if (file)
		fclose(file);
	madvise(memory, 32 * MIB, MADV_NOHUGEPAGE);
	put_pieces(memory, 32 * MIB, 64 * KIB, percent);
	memset(memory, 1, 32 * MIB);
	return has_swap && madvise(memory, 16 * MIB, MADV_PAGEOUT) == 0;
}

/* As many mappings as pages: each second page may only be read. */
static bool take_mappings(unsigned percent)
{
	const size_t bytes = 16000 * PAGE;
	char *memory = map(bytes, NORESERVE);

	madvise(memory, bytes, MADV_NOHUGEPAGE);
	put_pieces(memory, bytes, 1000 * PAGE, percent);
	memset(memory, 1, bytes);
	for (size_t at = 0; at < bytes; at += 2 * PAGE)
		if (mprotect(memory + at, PAGE, PROT_READ))
			return false;
	return true;
}

/* ------------------------------------------------------------------------------------------------ shared with others -- */

static bool take_file(unsigned percent)
{
	int fd = memfd_create("shape", 0);
	char *memory;

	if (fd < 0 || ftruncate(fd, 32 * MIB))
		return false;
	memory = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return false;
	put_pieces(memory, 32 * MIB, 64 * KIB, percent);
	memset(memory, 1, 32 * MIB);
	return true;
}

/* It wakes up now and then, so that it is active somewhere. */
static void sleep_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		usleep(20000);
	_exit(0);
}

/* A child has all of it, too. */
static bool take_forked(unsigned percent)
{
	pid_t self = getpid();

	take_halves(percent);
	if (fork() == 0)
		sleep_with(self);
	return true;
}

const struct shape shapes[] = {
	{ "small", "0.8 MiB", true, take_small },
	{ "halves", "16 MiB, one piece on each node", true, take_halves },
	{ "pieces", "32 MiB in pieces of 64 KiB", true, take_pieces },
	{ "interleaved", "64 MiB, page after page", false, take_interleaved },
	{ "large", "200 MiB in pieces of 1 MiB", true, take_large },
	{ "huge", "64 MiB in transparent huge pages", true, take_huge },
	{ "hugetlb", "32 MiB in hugetlb pages", true, take_hugetlb },
	{ "sparse", "300 GiB, a page in each GiB", true, take_sparse },
	{ "clumps", "64 GiB, 160 MiB of it in pieces of 128 KiB", true, take_clumps },
	{ "reserved", "8 MiB in 100 GiB without access", true, take_reserved },
	{ "zeros", "4 MiB, and 60 MiB only read", true, take_zeros },
	{ "swapped", "16 MiB, and 16 MiB swapped out", true, take_swapped },
	{ "mappings", "62 MiB in 16,000 mappings", true, take_mappings },
	{ "file", "32 MiB of shared memory", true, take_file },
	{ "forked", "16 MiB that a child has, too", true, take_forked },
};

const size_t nr_shapes = sizeof(shapes) / sizeof(shapes[0]);

/* --------------------------------------------------------------------------------------------------- the process -- */

static void be_shape(const struct shape *shape, unsigned percent, int ready_fd, pid_t parent)
{
	char has_taken = shape->take(percent);

	if (write(ready_fd, &has_taken, 1) != 1)
		_exit(1);
	close(ready_fd);
	sleep_with(parent);
}

/* Until then it may touch pages that it has not touched before. */
static void wait_until_asleep(pid_t pid)
{
	char path[32];
	char state = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0; i < 1000 && state != 'S'; i++) {
		FILE *file = fopen(path, "r");

		if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			err(EXIT_FAILURE, "%s", path);
		fclose(file);
		usleep(2000);
	}
}

pid_t shape_start(const struct shape *shape, unsigned percent)
{
	pid_t parent = getpid();
	char has_taken = 0;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		err(EXIT_FAILURE, "pipe");
	pid = fork();
	if (pid < 0)
		err(EXIT_FAILURE, "fork");
	if (pid == 0)
		be_shape(shape, percent, fds[1], parent);
	close(fds[1]);
	if (read(fds[0], &has_taken, 1) != 1)
		errx(EXIT_FAILURE, "%s did not get ready", shape->name);
	close(fds[0]);
	if (has_taken) {
		wait_until_asleep(pid);
		return pid;
	}
	shape_stop(pid);
	return 0;
}

void shape_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
