// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A load whose TLB shootdowns are of another's memory than the sender's.
 *
 *	owners KIND COUNT CPU VICTIMS [CGROUP]
 *
 * One process, the owner, has COUNT pieces of memory, and threads that spin on the CPUs VICTIMS ("5,6"). This one, on CPU,
 * works on that memory, or sees to it that the kernel does, until all of it is done:
 *
 *	move_pages       each piece, a page, is moved to the other node by move_pages(2)
 *	move_shared      the same of pages that another process has, too: that one spins on the last of VICTIMS
 *	move_in_turns    of several owners, each with one of VICTIMS: the first page of each is moved, then the second
 *	migrate_pages    all of it is moved, by migrate_pages(2)
 *	collapse         each piece, pages under one page table, becomes a huge page by process_madvise(2)
 *	khugepaged       the same by khugepaged
 *	reclaim          pages that the owner does not need are taken, by writing to memory.reclaim of CGROUP
 *	kswapd           the same by kswapd, since memory of node 0 runs short
 *	compact          the owner has kept a third of its pages, some of which are moved, by writing to compact_memory
 *	kcompactd        the same by kcompactd, since compaction_proactiveness is 100 meanwhile, and 0 then
 *	balancing        the owner's threads use its pages until the kernel has marked COUNT of them for NUMA balancing; every
 *	                 other thread makes system calls all the time
 *
 * CPU is to be of node 0, which the memory is of. At its end it prints "PID OWNER-PID", of the first owner, on stderr; ends with
 * an error if it was not done in LIFETIME_SECONDS.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load_parts.h"
#include "scene.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* 6.1 */
#endif

#define LIFETIME_SECONDS 100
#define COUNT_MAX        100000
#define TRIES_MAX        1000
#define KIB              1024ul

struct kind {
	const char *name;
	size_t piece_bytes;
	void (*prepare)(void); /* the owner, once all pieces are there */
	void *(*be_victim)(void *cpu);
	void (*work)(void);
	bool has_owner_each; /* every victim, an owner of its own */
};

static const struct kind *kind;
static unsigned long count;
static char *pieces;
static char *victims[CPUS_MAX];
static size_t nr_victims;
static const char *cgroup;
static atomic_size_t nr_spinning;
static pid_t owners[CPUS_MAX];
static size_t nr_owners;

/* ------------------------------------------------------------------------------------------------------------ numbers -- */

/* The number behind a word that begins a line of a file. */
static unsigned long read_number(const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	unsigned long number = 0;
	char line[256];
	bool is_found = false;

	check(file != NULL, path);
	while (!is_found && fgets(line, sizeof(line), file))
		is_found = strncmp(line, word, strlen(word)) == 0 && sscanf(line + strlen(word), "%lu", &number) == 1;
	fclose(file);
	if (!is_found)
		errx(EXIT_FAILURE, "%s: no %s", path, word);
	return number;
}

static unsigned long memory_of_owner(const char *word)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", owners[0]);
	return read_number(path, word);
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	check(file != NULL, path);
	fputs(text, file);
	fclose(file); /* memory.reclaim fails when it has not found as much as it was told to */
}

static void rest(void)
{
	const struct timespec time = { .tv_nsec = 20000000 };

	nanosleep(&time, NULL);
}

/* ---------------------------------------------------------------------------------------------------------- the owner -- */

static void prepare_nothing(void)
{
}

static void prepare_huge(void)
{
	check(madvise(pieces, count * kind->piece_bytes, MADV_HUGEPAGE) == 0, "MADV_HUGEPAGE");
}

/* Pages that nobody needs go without a place to be written to. */
static void prepare_unneeded(void)
{
	check(madvise(pieces, count * kind->piece_bytes, MADV_FREE) == 0, "MADV_FREE");
}

/*
 * Keep every third page. The kernel moves those that lie first in its memory to holes between those that lie last, wherever
 * that is. Where it is long without a hole, it looks at every 32nd page only: if every other one were kept, it could miss
 * all holes.
 */
static void prepare_holes(void)
{
	for (unsigned long i = 0; i < count; i++)
		if (i % 3)
			check(madvise(pieces + i * PAGE, PAGE, MADV_DONTNEED) == 0, "MADV_DONTNEED");
}

static void *spin(void *cpu)
{
	bind_to(cpu);
	atomic_fetch_add(&nr_spinning, 1);
	for (;;)
		__asm__ volatile("pause");
	return NULL;
}

static void prepare_shared(void)
{
	int ready[2];
	char byte;
	pid_t other;

	check(pipe(ready) == 0, "pipe");
	other = fork();
	check(other >= 0, "fork");
	if (other == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		bind_to(victims[nr_victims - 1]);
		check(write(ready[1], "", 1) == 1, "pipe");
		spin(victims[nr_victims - 1]);
	}
	check(read(ready[0], &byte, 1) == 1, "pipe");
	nr_victims--;
}

static void *use_pages(void *cpu)
{
	size_t number;

	bind_to(cpu);
	number = atomic_fetch_add(&nr_spinning, 1);
	for (unsigned long i = 0;; i++) {
		(void)*(volatile char *)(pieces + i % count * PAGE);
		if (number % 2)
			syscall(SYS_getppid);
	}
	return NULL;
}

static void join_cgroup(void)
{
	char path[256];
	char pid[16];

	if (!cgroup)
		return;
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	snprintf(pid, sizeof(pid), "%d", getpid());
	write_text(path, pid);
}

static void __attribute__((noreturn)) be_owner(int ready)
{
	pthread_t unused;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	join_cgroup();
	for (size_t i = 0; i < count * kind->piece_bytes; i += PAGE)
		write_to(pieces + i);
	kind->prepare();
	for (size_t i = 0; i < nr_victims; i++)
		start_thread(kind->be_victim, victims[i], &unused);
	while (atomic_load(&nr_spinning) < nr_victims)
		sched_yield();
	check(write(ready, "", 1) == 1, "pipe");
	for (;;)
		pause();
}

/* Has returned when all of it is there. first: of its victims. */
static pid_t start_owner(size_t first, size_t nr)
{
	pid_t owner;
	int ready[2];
	char byte;

	check(pipe(ready) == 0, "pipe");
	owner = fork();
	check(owner >= 0, "fork");
	if (owner == 0) {
		nr_victims = nr;
		memmove(victims, victims + first, nr * sizeof(victims[0]));
		be_owner(ready[1]);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		errx(EXIT_FAILURE, "the owner has failed");
	close(ready[0]);
	return owner;
}

/* Each has so many victims. */
static void start_owners(size_t nr_each)
{
	pieces = open_pages(reserve(count * kind->piece_bytes), count * kind->piece_bytes);
	for (size_t first = 0; first < nr_victims; first += nr_each)
		owners[nr_owners++] = start_owner(first, nr_each);
}

static void end_owners(void)
{
	for (size_t i = 0; i < nr_owners; i++) {
		kill(owners[i], SIGKILL);
		waitpid(owners[i], NULL, 0);
	}
}

/* --------------------------------------------------------------------------------------------------------- the work -- */

static void move_page(pid_t owner, unsigned long number, int flags)
{
	const int node = 1;
	void *page = pieces + number * PAGE;
	int status = -1;

	check(syscall(SYS_move_pages, owner, 1, &page, &node, &status, flags) == 0, "move_pages");
	if (status != node)
		errx(EXIT_FAILURE, "move_pages: page %lu: %d", number, status);
}

static void move_one_by_one(int flags)
{
	for (unsigned long i = 0; i < count; i++)
		for (size_t which = 0; which < nr_owners; which++)
			move_page(owners[which], i, flags);
}

static void do_move_pages(void)
{
	move_one_by_one(MPOL_MF_MOVE);
}

static void do_move_shared(void)
{
	move_one_by_one(MPOL_MF_MOVE_ALL);
}

/* Who has this right moves pages that others have mapped, too. */
static void give_up_cap_sys_nice(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	check(syscall(SYS_capget, &header, data) == 0, "capget");
	data[CAP_TO_INDEX(CAP_SYS_NICE)].effective &= ~CAP_TO_MASK(CAP_SYS_NICE);
	check(syscall(SYS_capset, &header, data) == 0, "capset");
}

static void do_migrate_pages(void)
{
	const unsigned long from = 1 << 0;
	const unsigned long to = 1 << 1;

	give_up_cap_sys_nice();
	check(syscall(SYS_migrate_pages, owners[0], 8 * sizeof(from), &from, &to) >= 0, "migrate_pages");
}

static void do_collapse(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, owners[0], 0);

	check(pidfd >= 0, "pidfd_open");
	for (unsigned long i = 0; i < count; i++) {
		struct iovec piece = { pieces + i * TABLE, TABLE };

		check(syscall(SYS_process_madvise, pidfd, &piece, 1, MADV_COLLAPSE, 0) == (long)TABLE, "MADV_COLLAPSE");
	}
}

static void wait_for_khugepaged(void)
{
	while (memory_of_owner("AnonHugePages:") < count * TABLE / KIB)
		rest();
}

/* What is not yet in the kernel's lists is not found: it is little. */
static bool is_taken(void)
{
	return memory_of_owner("LazyFree:") <= count * PAGE / KIB / 4;
}

static void do_reclaim(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/memory.reclaim", cgroup);
	for (int i = 0; i < TRIES_MAX && !is_taken(); i++)
		write_text(path, "256K");
	if (!is_taken())
		errx(EXIT_FAILURE, "memory.reclaim: takes no pages");
}

/* Take memory of the owner's node until the kernel looks for more. */
static void do_exhaust(void)
{
	const unsigned long node = 1 << 0;
	size_t bytes = read_number("/sys/devices/system/node/node0/meminfo", "Node 0 MemFree:") * KIB * 9 / 10;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	check(memory != MAP_FAILED, "mmap");
	check(syscall(SYS_set_mempolicy, MPOL_BIND, &node, 8 * sizeof(node)) == 0, "set_mempolicy");
	for (size_t i = 0; i < bytes; i += PAGE) {
		if (i % TABLE == 0 && is_taken())
			break;
		write_to(memory + i);
	}
	while (!is_taken())
		rest();
}

static void do_compact(void)
{
	write_text("/proc/sys/vm/compact_memory", "1");
}

/* Where each of the owner's pages is: what /proc/PID/pagemap says. */
static void read_places(uint64_t *ret)
{
	const size_t bytes = count * sizeof(*ret);
	const off_t first = (off_t)((uintptr_t)pieces / PAGE * sizeof(*ret));
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", owners[0]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	check(fd >= 0 && pread(fd, ret, bytes, first) == (ssize_t)bytes, path);
	close(fd);
}

static unsigned long count_moved(const uint64_t *begun)
{
	static uint64_t now[COUNT_MAX];
	unsigned long ret = 0;

	read_places(now);
	for (unsigned long i = 0; i < count; i++)
		ret += now[i] != begun[i];
	return ret;
}

/* What others have is moved, too, maybe first. */
static void wait_for_kcompactd(void)
{
	static uint64_t begun[COUNT_MAX];

	read_places(begun);
	write_text("/proc/sys/vm/compaction_proactiveness", "100");
	while (count_moved(begun) < count / 64)
		rest();
	write_text("/proc/sys/vm/compaction_proactiveness", "0");
}

static void wait_for_balancing(void)
{
	unsigned long begun = read_number("/proc/vmstat", "numa_pte_updates");

	while (read_number("/proc/vmstat", "numa_pte_updates") < begun + count)
		rest();
}

/* ---------------------------------------------------------------------------------------------------------- the kinds -- */

static const struct kind kinds[] = {
	{ "move_pages", PAGE, prepare_nothing, spin, do_move_pages, false },
	{ "move_shared", PAGE, prepare_shared, spin, do_move_shared, false },
	{ "move_in_turns", PAGE, prepare_nothing, spin, do_move_pages, true },
	{ "migrate_pages", PAGE, prepare_nothing, spin, do_migrate_pages, false },
	{ "collapse", TABLE, prepare_huge, spin, do_collapse, false },
	{ "khugepaged", TABLE, prepare_huge, spin, wait_for_khugepaged, false },
	{ "reclaim", PAGE, prepare_unneeded, spin, do_reclaim, false },
	{ "kswapd", PAGE, prepare_unneeded, spin, do_exhaust, false },
	{ "compact", PAGE, prepare_holes, spin, do_compact, false },
	{ "kcompactd", PAGE, prepare_holes, spin, wait_for_kcompactd, false },
	{ "balancing", PAGE, prepare_nothing, use_pages, wait_for_balancing, false },
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	errx(EXIT_FAILURE, "no such kind: %s", name);
}

int main(int argc, char **argv)
{
	if (argc < 5 || argc > 6)
		errx(EXIT_FAILURE, "owners KIND COUNT CPU VICTIMS [CGROUP]");
	begin_on(argv[3], argv);
	alarm(LIFETIME_SECONDS);
	kind = find_kind(argv[1]);
	count = parse_number(argv[2], COUNT_MAX);
	nr_victims = parse_cpus(argv[4], victims);
	cgroup = argc == 6 ? argv[5] : NULL;
	if (!count || nr_victims < 2 || (kind->work == do_reclaim && !cgroup))
		errx(EXIT_FAILURE, "%s: needs pieces, two victims, and a cgroup to reclaim from", argv[1]);
	start_owners(kind->has_owner_each ? 1 : nr_victims);
	kind->work();
	end_owners();
	fprintf(stderr, "%d %d\n", getpid(), owners[0]);
	return EXIT_SUCCESS;
}
