// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A load whose TLB shootdowns are known by number and kind.
 *
 *	flushes KIND COUNT SENDERS VICTIMS [RATE [SECONDS]]
 *
 * SENDERS and VICTIMS are CPUs ("0,2"): a thread for each, bound there; the victims spin in the address space that is
 * flushed, so that it is loaded where they are. Each sender does COUNT operations of KIND, RATE in a second if it is
 * given, each of which takes one shootdown; of the kind membarrier, which flushes nothing, one call on each victim's CPU;
 * of the kind bpf, one or more of the kernel's own range, on all CPUs; of the kind threads, one and those that the C library
 * takes for a thread's end. Threads run as real-time ones where that is allowed: a victim that another process has pushed aside is no victim. At
 * most SECONDS (LIFETIME_SECONDS), or LIFETIME_OF_BPF.
 *
 * At its end it prints "PID OWNER-PID EXTRA" on stderr. EXTRA: shootdowns by page faults beyond COUNT that there can have
 * been, in memory that is not ours to choose (the stack after a fork).
 */
#include <err.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load_parts.h"
#include "scene.h"

#define LIFETIME_SECONDS 10
#define LIFETIME_MAX     60
#define LIFETIME_OF_BPF  100 /* an emulated machine takes its time for a long program */
#define COUNT_MAX        1000000
#define NODES_MAX        64

struct kind;

struct load {
	const struct kind *kind;
	unsigned long count;
	unsigned long rate; /* 0: as fast as it goes */
	char *senders[CPUS_MAX];
	char *victims[CPUS_MAX];
	size_t nr_senders;
	size_t nr_victims;
};

static struct load load;
static atomic_size_t nr_spinning;
static atomic_long nr_extra;
static pid_t owner;

/* Keep to the rate. */
static void pace(unsigned long done, const struct timespec *begun)
{
	struct timespec next = *begun;
	uint64_t ns;

	if (!load.rate)
		return;
	ns = (uint64_t)begun->tv_nsec + done * UINT64_C(1000000000) / load.rate;
	next.tv_sec += (time_t)(ns / 1000000000);
	next.tv_nsec = (long)(ns % 1000000000);
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
}

/* ------------------------------------------------------------------------------------------------------ operations -- */

struct ring {
	int fd;
	struct io_uring_params params;
	char *memory; /* of both of its rings (IORING_FEAT_SINGLE_MMAP, 5.4) */
	struct io_uring_sqe *entries;
};

struct arena {
	char *pages;
	struct ring ring;
	pid_t other; /* whose address space it is, if it is not ours */
	int pidfd;
	int memory_fd; /* /proc/PID/mem of the other */
	struct bpf_insn *program;
	uint32_t nr_instructions;
};

static void prepare_page(struct arena *arena)
{
	arena->pages = open_pages(reserve(4 * PAGE), 4 * PAGE);
	write_to(arena->pages);
	write_to(arena->pages + 3 * PAGE); /* keeps the table */
}

static void do_madvise(struct arena *arena, unsigned long index __attribute__((unused)))
{
	write_to(arena->pages);
	check(madvise(arena->pages, PAGE, MADV_DONTNEED) == 0, "madvise");
}

/* More pages at once than are flushed one by one. Those in between have never been there. */
#define WIDE_PAGES 64

static void prepare_wide(struct arena *arena)
{
	arena->pages = open_pages(reserve((WIDE_PAGES + 1) * PAGE), (WIDE_PAGES + 1) * PAGE);
	write_to(arena->pages + WIDE_PAGES * PAGE); /* keeps the table */
}

static void do_madvise_wide(struct arena *arena, unsigned long index __attribute__((unused)))
{
	write_to(arena->pages);
	write_to(arena->pages + (WIDE_PAGES - 1) * PAGE);
	check(madvise(arena->pages, WIDE_PAGES * PAGE, MADV_DONTNEED) == 0, "madvise");
}

static void *do_madvise_once(void *arena)
{
	do_madvise(arena, 0);
	return NULL;
}

/* Each by a thread of its own, one after the other. */
static void do_by_threads(struct arena *arena, unsigned long index __attribute__((unused)))
{
	pthread_t thread;

	check(pthread_create(&thread, NULL, do_madvise_once, arena) == 0, "pthread_create");
	pthread_join(thread, NULL);
}

/* One madvise() at a time, by a thread that io_uring makes. */
static void prepare_ring(struct arena *arena)
{
	struct ring *ring = &arena->ring;
	const struct io_uring_params *params = &ring->params;

	prepare_page(arena);
	ring->fd = (int)syscall(SYS_io_uring_setup, 1, &ring->params);
	check(ring->fd >= 0, "io_uring_setup");
	ring->memory = mmap(NULL, params->sq_off.array + sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			    IORING_OFF_SQ_RING);
	ring->entries =
		mmap(NULL, sizeof(*ring->entries), PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	check(ring->memory != MAP_FAILED && (void *)ring->entries != MAP_FAILED, "mmap");
}

static void do_ring(struct arena *arena, unsigned long index)
{
	const struct ring *ring = &arena->ring;
	atomic_uint *tail = (void *)(ring->memory + ring->params.sq_off.tail);
	atomic_uint *head = (void *)(ring->memory + ring->params.cq_off.head);

	write_to(arena->pages);
	*ring->entries = (struct io_uring_sqe){ .opcode = IORING_OP_MADVISE,
						.addr = (uintptr_t)arena->pages,
						.len = PAGE,
						.fadvise_advice = MADV_DONTNEED };
	atomic_store_explicit(tail, (unsigned)index + 1, memory_order_release);
	check(syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1, "io_uring_enter");
	atomic_store_explicit(head, (unsigned)index + 1, memory_order_release);
}

/* From each victim's CPU in turn. */
static void do_wander(struct arena *arena, unsigned long index)
{
	bind_to(load.victims[index % load.nr_victims]);
	do_madvise(arena, index);
}

/* Every other page goes, and the ones between keep the tables. */
static void prepare_many(struct arena *arena)
{
	arena->pages = open_pages(reserve(2 * load.count * PAGE), 2 * load.count * PAGE);
	for (unsigned long i = 0; i < 2 * load.count; i++)
		write_to(arena->pages + i * PAGE);
}

static void do_munmap(struct arena *arena, unsigned long index)
{
	check(munmap(arena->pages + 2 * index * PAGE, PAGE) == 0, "munmap");
}

/* Only to take a right away takes a flush; whether to give it back does depends on the kernel. */
static void do_mprotect(struct arena *arena, unsigned long index)
{
	check(mprotect(arena->pages + 2 * index * PAGE, PAGE, PROT_READ) == 0, "mprotect");
}

static void prepare_table(struct arena *arena)
{
	arena->pages = reserve(TABLE);
	check(munmap(arena->pages, TABLE) == 0, "munmap");
}

static void do_munmap_table(struct arena *arena, unsigned long index __attribute__((unused)))
{
	write_to(open_pages(arena->pages, PAGE));
	check(munmap(arena->pages, PAGE) == 0, "munmap");
}

/* To and fro between two places that the same table maps. */
static void do_mremap(struct arena *arena, unsigned long index)
{
	char *from = arena->pages + (index % 2 ? 2 * PAGE : 0);
	char *to = arena->pages + (index % 2 ? 0 : 2 * PAGE);

	write_to(from);
	check(mremap(from, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to, "mremap");
}

static void prepare_mremap(struct arena *arena)
{
	prepare_page(arena);
	check(munmap(arena->pages + 2 * PAGE, PAGE) == 0, "munmap");
}

static void sleep_until_killed(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static long nr_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt;
}

/* The child keeps all pages shared, so that each that is written to is copied. */
static void prepare_shared(struct arena *arena)
{
	prepare_many(arena);
	atomic_fetch_sub(&nr_extra, nr_faults());
	arena->other = fork();
	check(arena->other >= 0, "fork");
	if (arena->other == 0)
		sleep_until_killed();
}

/* What the child could write to is taken from the parent as well. The child does nothing. */
static void do_fork(struct arena *arena __attribute__((unused)), unsigned long index __attribute__((unused)))
{
	pid_t child = fork();

	check(child >= 0, "fork");
	if (child == 0)
		_exit(0);
	check(waitpid(child, NULL, 0) == child, "waitpid");
}

static void do_copy(struct arena *arena, unsigned long index)
{
	write_to(arena->pages + index * PAGE);
}

static void end_shared(struct arena *arena)
{
	atomic_fetch_add(&nr_extra, nr_faults() - (long)load.count);
	kill(arena->other, SIGKILL);
	waitpid(arena->other, NULL, 0);
}

static void prepare_membarrier(struct arena *arena __attribute__((unused)))
{
	check(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0, "membarrier");
}

static void do_membarrier(struct arena *arena __attribute__((unused)), unsigned long index __attribute__((unused)))
{
	check(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0, "membarrier");
}

/* How many there may ever be: "0-1". */
static unsigned long nr_nodes(void)
{
	FILE *file = fopen("/sys/devices/system/node/possible", "re");
	unsigned long first = 0;
	unsigned long last = 0;

	if (file && fscanf(file, "%lu-%lu", &first, &last) < 2)
		last = first;
	if (file)
		fclose(file);
	return last < NODES_MAX ? last + 1 : NODES_MAX;
}

/*
 * Small programs share memory that is made executable once, 2 MB for each node. This one is longer than that: the kernel
 * allots memory for it alone, and changes its rights, which takes a flush of the kernel's own range. A division takes more
 * than 20 bytes.
 */
static void prepare_bpf(struct arena *arena)
{
	uint32_t nr_divisions = (uint32_t)(nr_nodes() * TABLE / 20);

	alarm(LIFETIME_OF_BPF);
	arena->nr_instructions = nr_divisions + 3;
	arena->program = calloc(arena->nr_instructions, sizeof(*arena->program));
	check(arena->program != NULL, "calloc");
	arena->program[0] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 };
	arena->program[1] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1 };
	for (uint32_t i = 2; i < nr_divisions + 2; i++)
		arena->program[i] =
			(struct bpf_insn){ .code = BPF_ALU64 | BPF_DIV | BPF_K, .dst_reg = BPF_REG_1, .imm = 3 };
	arena->program[nr_divisions + 2] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
}

static void do_bpf(struct arena *arena, unsigned long index __attribute__((unused)))
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (uintptr_t)arena->program;
	attr.insn_cnt = arena->nr_instructions;
	attr.license = (uintptr_t) "GPL";
	fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	check(fd >= 0, "bpf");
	close(fd);
}

static void end_bpf(struct arena *arena)
{
	free(arena->program);
}

/* ---------------------------------------------------------------------------------------- another's address space -- */

static void start_victims(void);

static void write_to_each(char *pages)
{
	for (unsigned long i = 0; i < load.count; i++)
		write_to(pages + i * PAGE);
}

static void be_other(char *pages, bool writes, int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (writes)
		write_to_each(pages);
	start_victims();
	check(write(ready, "", 1) == 1, "pipe");
	sleep_until_killed();
}

/* The victims are in the other's address space. */
static void start_other(struct arena *arena, bool writes)
{
	int ready[2];
	char byte;

	check(pipe(ready) == 0, "pipe");
	arena->other = fork();
	check(arena->other >= 0, "fork");
	if (arena->other == 0)
		be_other(arena->pages, writes, ready[1]);
	check(read(ready[0], &byte, 1) == 1, "pipe");
	owner = arena->other;
}

/* Its pages were used: that is taken back page by page. */
static void prepare_other(struct arena *arena)
{
	arena->pages = open_pages(reserve(load.count * PAGE), load.count * PAGE);
	start_other(arena, true);
	arena->pidfd = (int)syscall(SYS_pidfd_open, arena->other, 0);
	check(arena->pidfd >= 0, "pidfd_open");
}

static void do_process_madvise(struct arena *arena, unsigned long index)
{
	struct iovec page = { arena->pages + index * PAGE, PAGE };

	check(syscall(SYS_process_madvise, arena->pidfd, &page, 1, MADV_COLD, 0) == (long)PAGE, "process_madvise");
}

/* Its pages are ours as well, so that each that is written to is copied. */
static void prepare_copied(struct arena *arena)
{
	arena->pages = open_pages(reserve(load.count * PAGE), load.count * PAGE);
	write_to_each(arena->pages);
	start_other(arena, false);
}

/* The other's first thread stops; the victims are traced by nobody, and spin on. */
static void prepare_ptrace(struct arena *arena)
{
	prepare_copied(arena);
	check(ptrace(PTRACE_SEIZE, arena->other, NULL, NULL) == 0, "PTRACE_SEIZE");
	check(ptrace(PTRACE_INTERRUPT, arena->other, NULL, NULL) == 0, "PTRACE_INTERRUPT");
	check(waitpid(arena->other, NULL, 0) == arena->other, "waitpid");
}

static void do_ptrace(struct arena *arena, unsigned long index)
{
	check(ptrace(PTRACE_POKEDATA, arena->other, arena->pages + index * PAGE, (void *)1) == 0, "PTRACE_POKEDATA");
}

static void prepare_proc_mem(struct arena *arena)
{
	char path[32];

	prepare_copied(arena);
	snprintf(path, sizeof(path), "/proc/%d/mem", arena->other);
	arena->memory_fd = open(path, O_WRONLY | O_CLOEXEC);
	check(arena->memory_fd >= 0, path);
}

static void do_proc_mem(struct arena *arena, unsigned long index)
{
	check(pwrite(arena->memory_fd, "", 1, (off_t)(uintptr_t)(arena->pages + index * PAGE)) == 1, "/proc/PID/mem");
}

static void end_other(struct arena *arena)
{
	kill(arena->other, SIGKILL);
	waitpid(arena->other, NULL, 0);
}

/* ---------------------------------------------------------------------------------------------------------- the kinds -- */

struct kind {
	const char *name;
	void (*prepare)(struct arena *arena);
	void (*run)(struct arena *arena, unsigned long index);
	void (*end)(struct arena *arena); /* NULL: nothing to do */
	bool is_of_other;
};

static const struct kind kinds[] = {
	{ "madvise", prepare_page, do_madvise, NULL, false },
	{ "madvise-wide", prepare_wide, do_madvise_wide, NULL, false },
	{ "threads", prepare_page, do_by_threads, NULL, false },
	{ "io_uring", prepare_ring, do_ring, NULL, false },
	{ "wander", prepare_page, do_wander, NULL, false },
	{ "mprotect", prepare_many, do_mprotect, NULL, false },
	{ "munmap", prepare_many, do_munmap, NULL, false },
	{ "munmap-table", prepare_table, do_munmap_table, NULL, false },
	{ "mremap", prepare_mremap, do_mremap, NULL, false },
	{ "fork", prepare_page, do_fork, NULL, false },
	{ "copy", prepare_shared, do_copy, end_shared, false },
	{ "membarrier", prepare_membarrier, do_membarrier, NULL, false },
	{ "bpf", prepare_bpf, do_bpf, end_bpf, false },
	{ "process_madvise", prepare_other, do_process_madvise, end_other, true },
	{ "ptrace", prepare_ptrace, do_ptrace, end_other, true },
	{ "proc_mem", prepare_proc_mem, do_proc_mem, end_other, true },
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	errx(EXIT_FAILURE, "no such kind: %s", name);
}

/* -------------------------------------------------------------------------------------------------------- the threads -- */

static void *be_victim(void *cpu)
{
	bind_to(cpu);
	atomic_fetch_add(&nr_spinning, 1); /* before a sender on the same CPU takes it */
	be_urgent(1);
	for (;;)
		__asm__ volatile("pause");
	return NULL;
}

static void start_victims(void)
{
	pthread_t unused;

	for (size_t i = 0; i < load.nr_victims; i++)
		start_thread(be_victim, load.victims[i], &unused);
	while (atomic_load(&nr_spinning) < load.nr_victims)
		sched_yield();
}

static void *be_sender(void *cpu)
{
	struct arena arena = { .pidfd = -1 };
	struct timespec begun;

	bind_to(cpu);
	load.kind->prepare(&arena);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (unsigned long i = 0; i < load.count; i++) {
		load.kind->run(&arena, i);
		pace(i + 1, &begun);
	}
	if (load.kind->end)
		load.kind->end(&arena);
	return NULL;
}

/* The first is this thread itself. */
static void run_senders(void)
{
	pthread_t threads[CPUS_MAX] = { 0 };

	for (size_t i = 1; i < load.nr_senders; i++)
		start_thread(be_sender, load.senders[i], &threads[i]);
	be_sender(load.senders[0]);
	for (size_t i = 1; i < load.nr_senders; i++)
		pthread_join(threads[i], NULL);
}

/* Where the address space has been before, CPUs would be hit as well when page tables are freed. */
static void begin_on_first(char **argv)
{
	char *cpu = strndup(argv[3], strcspn(argv[3], ","));

	check(cpu != NULL, "strndup");
	begin_on(cpu, argv);
	free(cpu);
}

int main(int argc, char **argv)
{
	if (argc < 5 || argc > 7)
		errx(EXIT_FAILURE, "flushes KIND COUNT SENDERS VICTIMS [RATE [SECONDS]]");
	begin_on_first(argv);
	alarm(argc == 7 ? (unsigned int)parse_number(argv[6], LIFETIME_MAX) : LIFETIME_SECONDS);
	owner = getpid();
	load.kind = find_kind(argv[1]);
	load.count = parse_number(argv[2], COUNT_MAX);
	load.nr_senders = parse_cpus(argv[3], load.senders);
	load.nr_victims = parse_cpus(argv[4], load.victims);
	load.rate = argc >= 6 ? parse_number(argv[5], COUNT_MAX) : 0;
	if (!load.nr_senders || (load.kind->is_of_other && load.nr_senders > 1))
		errx(EXIT_FAILURE, "%s: that many senders it can't have", argv[1]);
	be_urgent(2);
	if (!load.kind->is_of_other)
		start_victims();
	run_senders();
	fprintf(stderr, "%d %d %ld\n", getpid(), owner, atomic_load(&nr_extra));
	return EXIT_SUCCESS;
}
