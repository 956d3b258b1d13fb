/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmmcpus: which CPUs every address space of a Linux machine is active on.
 *
 * Order of use: open a system (what the machine is), open a source on it (who answers), take snapshots.
 *
 *	struct mmcpus_system *sys;
 *	struct mmcpus_source *src;
 *	const struct mmcpus_snapshot *snap;
 *
 *	mmcpus_system_open(NULL, &sys, NULL);
 *	mmcpus_source_open(sys, NULL, &src, NULL);
 *	mmcpus_source_snapshot(src, MMCPUS_FIELD_COMM, &snap, NULL);
 *
 * Conventions. Functions that can fail return 0 (or a count) or a negative errno value; what they give back comes last
 * and is called ret. An unknown value is -ENODATA or NULL, never an empty set and never zero. The library prints
 * nothing, never exits, keeps no global state and starts no thread; an object may be used by one thread at a time.
 * Every string that stems from a process (names, cgroup paths) is untrusted: raw bytes, to be escaped before display.
 */
#ifndef MMCPUS_MMCPUS_H
#define MMCPUS_MMCPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Version of the library that runs, "MAJOR.MINOR.PATCH". */
const char *mmcpus_version(void);

/*
 * Why something could not be done, for people: one line each, no line end, no trailing period.
 * Every function that takes one accepts NULL.
 */
#define MMCPUS_REASON_SIZE 256

struct mmcpus_reason {
	char what[MMCPUS_REASON_SIZE];   /* what failed and why */
	char remedy[MMCPUS_REASON_SIZE]; /* what the reader can do about it; empty if nothing is known to help */
};

/* -------------------------------------------------------------------------------------------------- CPU sets -- */

/* No Linux configuration goes beyond this (NR_CPUS). */
#define MMCPUS_CPUS_MAX 8192

/* A set of CPU (or node) numbers below a fixed width. Operations on sets of unequal width treat absent bits as 0. */
struct mmcpus_cpuset;

/* An empty set for the numbers 0 … nr_cpus-1. NULL with errno EINVAL (0 or above MMCPUS_CPUS_MAX) or ENOMEM. */
struct mmcpus_cpuset *mmcpus_cpuset_create(uint32_t nr_cpus);
void mmcpus_cpuset_destroy(struct mmcpus_cpuset *set);

uint32_t mmcpus_cpuset_width(const struct mmcpus_cpuset *set);
uint32_t mmcpus_cpuset_count(const struct mmcpus_cpuset *set);
bool mmcpus_cpuset_has(const struct mmcpus_cpuset *set, uint32_t cpu);
bool mmcpus_cpuset_is_empty(const struct mmcpus_cpuset *set);
bool mmcpus_cpuset_is_equal(const struct mmcpus_cpuset *a, const struct mmcpus_cpuset *b);
bool mmcpus_cpuset_is_subset(const struct mmcpus_cpuset *a, const struct mmcpus_cpuset *of);
bool mmcpus_cpuset_intersects(const struct mmcpus_cpuset *a, const struct mmcpus_cpuset *b);

/* -ERANGE if cpu is not below the set's width. */
int mmcpus_cpuset_add(struct mmcpus_cpuset *set, uint32_t cpu);
void mmcpus_cpuset_remove(struct mmcpus_cpuset *set, uint32_t cpu);
void mmcpus_cpuset_clear(struct mmcpus_cpuset *set);

/* set = other, |= other, &= other, &= ~other. Numbers of other beyond the width of set are left out. */
void mmcpus_cpuset_copy(struct mmcpus_cpuset *set, const struct mmcpus_cpuset *other);
void mmcpus_cpuset_or(struct mmcpus_cpuset *set, const struct mmcpus_cpuset *other);
void mmcpus_cpuset_and(struct mmcpus_cpuset *set, const struct mmcpus_cpuset *other);
void mmcpus_cpuset_andnot(struct mmcpus_cpuset *set, const struct mmcpus_cpuset *other);

/* The smallest member >= from: 1 and the member, or 0 at the end. for (c = 0; next(set, c, &c); c++) visits all. */
int mmcpus_cpuset_next(const struct mmcpus_cpuset *set, uint32_t from, uint32_t *ret);

/*
 * The kernel's list format ("0-3,8", ranges with a stride "0-31:2/8", "N" for the last number, "all") as
 * bitmap_parselist() reads it, and its mask format ("3,ffffffff") as bitmap_parse() does. An empty list is an empty
 * set. -EINVAL: malformed; -ERANGE: a number beyond the set's width; -EOVERFLOW: one that no integer holds. On failure
 * the set is empty and ret_offset, if not NULL, is where in text the offending word starts.
 */
int mmcpus_cpuset_parse_list(struct mmcpus_cpuset *set, const char *text, size_t *ret_offset);
int mmcpus_cpuset_parse_mask(struct mmcpus_cpuset *set, const char *text, size_t *ret_offset);

/*
 * Print as the kernel's %*pbl ("0-3,8"; an empty set prints nothing) and %*pb (32-bit groups, highest first, as wide
 * as the set). As snprintf: writes at most size bytes with the terminating NUL, returns the length of the whole.
 */
size_t mmcpus_cpuset_format_list(const struct mmcpus_cpuset *set, char *buf, size_t size);
size_t mmcpus_cpuset_format_mask(const struct mmcpus_cpuset *set, char *buf, size_t size);

/* ---------------------------------------------------------------------------------------------------- system -- */

/* What the machine is: read once at open from /proc and /sys, or from a captured copy of both. */
struct mmcpus_system;

/*
 * root: directory that holds proc/ and sys/ of a captured machine; NULL or "/" for this one. -ENOENT if there is no
 * proc below it, or if this machine's is not that of the caller's pid namespace. A missing sys is no error: what it would have told is unknown. Returned sets and strings belong to
 * the system and live until it is closed.
 */
int mmcpus_system_open(const char *root, struct mmcpus_system **ret, struct mmcpus_reason *why);
void mmcpus_system_close(struct mmcpus_system *sys);

/* False for a captured machine. */
bool mmcpus_system_is_live(const struct mmcpus_system *sys);

/* CPU numbers the kernel knows, one more than the highest possible CPU: nr_cpu_ids, the width of all its CPU masks. */
uint32_t mmcpus_system_nr_cpus(const struct mmcpus_system *sys);

enum mmcpus_system_set {
	MMCPUS_SYSTEM_POSSIBLE,   /* /sys/devices/system/cpu/possible */
	MMCPUS_SYSTEM_ONLINE,     /* /sys/devices/system/cpu/online */
	MMCPUS_SYSTEM_ISOLCPUS,   /* /sys/devices/system/cpu/isolated: isolcpus= of the command line */
	MMCPUS_SYSTEM_NOHZ_FULL,  /* /sys/devices/system/cpu/nohz_full */
	MMCPUS_SYSTEM_PARTITIONS, /* isolated cpuset partitions: cpuset.cpus.isolated of cgroup v2, or their union */
	MMCPUS_SYSTEM_ISOLATED,   /* union of the known ones of the last three */
	MMCPUS_SYSTEM_NODES,      /* numbers of the online NUMA nodes */
	MMCPUS_NR_SYSTEM_SETS,
};

/* NULL if unknown. */
const struct mmcpus_cpuset *mmcpus_system_set(const struct mmcpus_system *sys, enum mmcpus_system_set which);

/* CPUs of one NUMA node, from /sys/devices/system/node/nodeN/cpulist; NULL if there is no such node. */
const struct mmcpus_cpuset *mmcpus_system_node_cpus(const struct mmcpus_system *sys, uint32_t node);

/* Nodes that the CPUs of cpus belong to. -ENODATA if the machine does not tell its nodes. */
int mmcpus_system_nodes_of(const struct mmcpus_system *sys, const struct mmcpus_cpuset *cpus,
			   struct mmcpus_cpuset *ret);

enum mmcpus_system_text {
	MMCPUS_SYSTEM_ARCH,           /* as uname -m, from /proc/sys/kernel/arch or uname(2): "x86_64" */
	MMCPUS_SYSTEM_RELEASE,        /* /proc/sys/kernel/osrelease: "6.12.38-amd64" */
	MMCPUS_SYSTEM_HYPERVISOR,     /* /sys/hypervisor/type or CPUID: "kvm", "xen", …, "unnamed"; "none" */
	MMCPUS_SYSTEM_LOCKDOWN,       /* /sys/kernel/security/lockdown: "none", "integrity", "confidentiality" */
	MMCPUS_SYSTEM_NUMA_BALANCING, /* /proc/sys/kernel/numa_balancing: "0", "1", …; "0" where the kernel has none */
	MMCPUS_SYSTEM_KHUGEPAGED,     /* what khugepaged collapses into huge pages: "never", "madvise", "always" */
	MMCPUS_SYSTEM_KSM,            /* /sys/kernel/mm/ksm/run: "1" merges; "0" also where the kernel has no KSM */
	MMCPUS_NR_SYSTEM_TEXTS,
};

/* NULL if unknown. */
const char *mmcpus_system_text(const struct mmcpus_system *sys, enum mmcpus_system_text which);

/* Does automatic NUMA balancing move pages between nodes? 1, 0, or -ENODATA: the machine does not tell. */
int mmcpus_system_balances_nodes(const struct mmcpus_system *sys);

/* Inode of the caller's pid namespace (/proc/self/ns/pid), in which all PIDs are given; 0 for a captured machine. */
uint64_t mmcpus_system_pid_ns(const struct mmcpus_system *sys);

/*
 * Does it see all processes? Not in a pid namespace of a container: those outside have no number there, and are not
 * shown. A captured machine is taken to be whole.
 */
bool mmcpus_system_sees_all_pids(const struct mmcpus_system *sys);

/* Which rule governs the bits of the mm_cpumask on this kernel; docs/semantics.md explains each. */
enum mmcpus_mask_rule {
	MMCPUS_RULE_UNKNOWN,        /* an architecture or kernel that nobody has described here */
	MMCPUS_RULE_EAGER,          /* x86 before 6.14: cleared when the CPU switches to another user mm */
	MMCPUS_RULE_LAZY,           /* x86 from 6.14: cleared by a flush that finds another mm loaded, or by the trim */
	MMCPUS_RULE_X86_UNDECIDED,  /* x86, but the kernel does not show which of the two (no BTF to look at) */
	MMCPUS_RULE_NEVER_CLEARED,  /* riscv with ASIDs, arc, and others: set at the first visit, never cleared */
	MMCPUS_RULE_NOT_MAINTAINED, /* arm64 and others: always empty, means nothing */
};

/* Found by looking at the architecture and the kernel's types (some MB, read anew), never at its version. */
enum mmcpus_mask_rule mmcpus_system_mask_rule(const struct mmcpus_system *sys);

/* One lower-case word for the rule ("eager"), and one sentence that explains it. */
const char *mmcpus_mask_rule_name(enum mmcpus_mask_rule rule);
const char *mmcpus_mask_rule_meaning(enum mmcpus_mask_rule rule);

/* -------------------------------------------------------------------------------------------------- backends -- */

/* The backends compiled in, in order of preference: NULL at the end of the list. */
const char *mmcpus_backend_name(size_t index);

/* One line of what the backend reads. NULL if there is no such backend. */
const char *mmcpus_backend_summary(const char *name);

/* Try a backend out: 0 if it works on this system, or -errno and why not, with the remedy. -ENOENT: no such name. */
int mmcpus_backend_probe(const struct mmcpus_system *sys, const char *name, struct mmcpus_reason *why);

/* How far a value can be trusted. */
enum mmcpus_quality {
	MMCPUS_EXACT,    /* read from the kernel's own structures */
	MMCPUS_PARTIAL,  /* what is there is exact, but something that was asked for is unknown */
	MMCPUS_ESTIMATE, /* inferred: neither complete nor certain */
};

/* "exact", "partial", "estimate". */
const char *mmcpus_quality_name(enum mmcpus_quality quality);

/* --------------------------------------------------------------------------------------------------- sources -- */

/* What a snapshot should contain beside the PID and the ACTIVE set, which are always read. Each bit may cost time. */
enum mmcpus_field {
	MMCPUS_FIELD_COMM = 1 << 0,
	MMCPUS_FIELD_PPID = 1 << 1,
	MMCPUS_FIELD_UID = 1 << 2,
	MMCPUS_FIELD_THREADS = 1 << 3,
	MMCPUS_FIELD_RSS = 1 << 4,
	MMCPUS_FIELD_CGROUP = 1 << 5,
	MMCPUS_FIELD_SHARERS = 1 << 6,   /* find processes that share an mm; without it each has an entry of its own */
	MMCPUS_FIELD_ALLOWED = 1 << 7,   /* visits every thread */
	MMCPUS_FIELD_RUNNING = 1 << 8,   /* visits every thread */
	MMCPUS_FIELD_RESIDENCY = 1 << 9, /* visits every CPU: what its MMU holds, and its task */
	MMCPUS_FIELD_FLUSH = 1 << 10,    /* how flushes reach other CPUs */
};

#define MMCPUS_FIELDS_ALL ((uint32_t)((1 << 11) - 1))

/* A place that snapshots come from. */
struct mmcpus_source;

/*
 * Open the named backend, or with NULL the first that works. The system must outlive the source. -ENOENT: no such
 * backend; any other error: why says what is missing and what would bring it.
 */
int mmcpus_source_open(const struct mmcpus_system *sys, const char *backend, struct mmcpus_source **ret,
		       struct mmcpus_reason *why);
void mmcpus_source_close(struct mmcpus_source *src);

/* Name of the backend that answers, and how good its ACTIVE sets are. */
const char *mmcpus_source_backend(const struct mmcpus_source *src);
enum mmcpus_quality mmcpus_source_quality(const struct mmcpus_source *src);

/* Why a preferred backend was passed over: 1 and the reason of the most preferred, 0 if none was. */
int mmcpus_source_fallback(const struct mmcpus_source *src, struct mmcpus_reason *ret);

/* Does it see only some of the processes (/proc mounted with hidepid)? 1 and why, or 0. */
int mmcpus_source_is_restricted(const struct mmcpus_source *src, struct mmcpus_reason *ret);

/*
 * Can this source tell what each CPU holds, MMCPUS_FIELD_RESIDENCY? Tries it; after a snapshot with that field it is about
 * that one. 0, or -errno and what is missing, and what would bring it. Where it can't, the field is missing from
 * mmcpus_snapshot_fields(), and its sets are unknown.
 */
int mmcpus_source_check_residency(struct mmcpus_source *src, struct mmcpus_reason *why);

/* An image of all address spaces, taken in one pass. It is not atomic: the machine goes on while it is read. */
struct mmcpus_snapshot;

/*
 * Take a snapshot with the wanted fields (a union of enum mmcpus_field). It belongs to the source and is valid until
 * the next snapshot is taken from it or it is closed.
 */
int mmcpus_source_snapshot(struct mmcpus_source *src, uint32_t fields, const struct mmcpus_snapshot **ret,
			   struct mmcpus_reason *why);

/*
 * The same for one process only, cheaper where the backend can. It holds one entry, without sharers. -ESRCH: there is
 * no such process in this pid namespace, or it is hidden; -ENODATA: it has no address space (kernel thread, zombie);
 * -EACCES: it has one, but the backend is not shown its mask; -EAGAIN: it execs faster than one can read. Any thread's id names its process, as under /proc.
 */
int mmcpus_source_snapshot_pid(struct mmcpus_source *src, int32_t pid, uint32_t fields,
			       const struct mmcpus_snapshot **ret, struct mmcpus_reason *why);

/* The fields that could be read, a subset of those wanted. */
uint32_t mmcpus_snapshot_fields(const struct mmcpus_snapshot *snap);

/*
 * Processes (with bpf:iter and bpf:libbpf, threads) left out because their mm changed hands while it was read (exec,
 * exit), or because it could not be read.
 */
uint64_t mmcpus_snapshot_dropped(const struct mmcpus_snapshot *snap);

/*
 * Processes that have an address space, as /proc tells, but that the backend is not shown: some kernels keep a process from
 * BPF programs. Each was looked for several times. Takes snapshots of its own, so that the last one from this source is
 * gone. It costs a file for each kernel thread. A backend that reads /proc has none. The caller destroys what is found.
 */
struct mmcpus_hidden;

int mmcpus_hidden_find(const struct mmcpus_system *sys, struct mmcpus_source *src, struct mmcpus_hidden **ret,
		       struct mmcpus_reason *why);
void mmcpus_hidden_destroy(struct mmcpus_hidden *hidden);

/* How many there are, and of each, by index: its PID, name (untrusted) and cgroup; NULL if unknown. */
size_t mmcpus_hidden_count(const struct mmcpus_hidden *hidden);
int32_t mmcpus_hidden_pid(const struct mmcpus_hidden *hidden, size_t index);
const char *mmcpus_hidden_comm(const struct mmcpus_hidden *hidden, size_t index);
const char *mmcpus_hidden_cgroup(const struct mmcpus_hidden *hidden, size_t index);

/* The address spaces, in the order they were found. */
struct mmcpus_mm;
size_t mmcpus_snapshot_count(const struct mmcpus_snapshot *snap);
const struct mmcpus_mm *mmcpus_snapshot_mm(const struct mmcpus_snapshot *snap, size_t index);

/* ---------------------------------------------------------------------------------------------- address spaces -- */

/* The process an address space is named by: of those that share it, the one that started first. */
int32_t mmcpus_mm_pid(const struct mmcpus_mm *mm);

/* The other processes that share it: their number (-ENODATA if it was not looked for), and at most max of them. */
int mmcpus_mm_nr_sharers(const struct mmcpus_mm *mm, size_t *ret);
size_t mmcpus_mm_sharers(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, int32_t *ret, size_t max);

/*
 * Identity: mm->context.ctx_id on x86, unique as long as the system runs; elsewhere a hash of the mm's address under
 * a key of this source, unique within one snapshot only, for addresses are used again. -ENODATA: the backend cannot
 * tell.
 */
int mmcpus_mm_id(const struct mmcpus_mm *mm, uint64_t *ret);

/* Name of the process (task_struct.comm, at most 15 bytes, NUL-terminated, untrusted). NULL if not read. */
const char *mmcpus_mm_comm(const struct mmcpus_mm *mm);

/* Each -ENODATA if it was not read. */
int mmcpus_mm_ppid(const struct mmcpus_mm *mm, int32_t *ret);     /* 0: the parent is outside this pid namespace */
int mmcpus_mm_uid(const struct mmcpus_mm *mm, uint32_t *ret);     /* effective */
int mmcpus_mm_threads(const struct mmcpus_mm *mm, uint32_t *ret); /* of all processes that share it */

/*
 * Resident memory. Backend bpf reads mm->rss_stat without what CPUs hold back, as /proc/PID/statm does on many
 * kernels: from 6.2 on each CPU that the process has used may hold back up to 32 pages, or twice the number of CPUs, of
 * each of three kinds. -ENODATA also if nothing is left to show.
 */
int mmcpus_mm_rss_bytes(const struct mmcpus_mm *mm, uint64_t *ret);

/*
 * Path of the process's cgroup (v2; where there is none, the v1 hierarchy named "systemd", or the first), as in
 * /proc/PID/cgroup, into buf of size bytes. Returns the length; -ENODATA if unknown, -ENAMETOOLONG if buf is too small.
 */
int mmcpus_mm_cgroup(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, char *buf, size_t size);

/* CPU sets of an address space; docs/semantics.md says what each means and on which kernel. */
enum mmcpus_mm_set {
	MMCPUS_SET_ACTIVE,  /* mm_cpumask(mm) */
	MMCPUS_SET_ALLOWED, /* union of cpus_mask over its threads */
	MMCPUS_SET_RUNNING, /* CPUs that run one of its threads at this moment (task_struct.on_cpu) */
	MMCPUS_SET_STRAY,   /* ACTIVE without ALLOWED */
	MMCPUS_SET_EXPOSED, /* ACTIVE that are isolated */

	/* These need MMCPUS_FIELD_RESIDENCY. */
	MMCPUS_SET_LOADED, /* cpu_tlbstate.loaded_mm is this mm */
	MMCPUS_SET_LAZY,   /* LOADED, but lent to a kernel thread or idle: cpu_tlbstate_shared.is_lazy */
	MMCPUS_SET_CACHED, /* cpu_tlbstate.ctxs: an ASID slot is kept for it */
	MMCPUS_SET_BEHIND, /* CACHED, but the slot's tlb_gen is behind context.tlb_gen: must be flushed before use */
	MMCPUS_SET_STALE,  /* ACTIVE CPUs that have another mm loaded: they are online, and not just switching */
	MMCPUS_SET_TARGETS, /* CPUs that the kernel would interrupt now to flush a range of it; the sender's is not left out */
};

/* Copy a set, or compute it, into ret. -ENODATA if it, or what it is computed from, is unknown. */
int mmcpus_mm_set(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, enum mmcpus_mm_set which,
		  struct mmcpus_cpuset *ret);

/* The ACTIVE set without a copy; lives as long as the snapshot. NULL if unknown. */
const struct mmcpus_cpuset *mmcpus_mm_active(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm);

/*
 * Do fields of this entry that were read contradict each other? They are read one after the other while the machine goes
 * on: it may be LOADED where it was not ACTIVE a moment before, RUN where it is not loaded or only lazily so, or a CPU may
 * have been in the middle of a switch while its state was read.
 */
bool mmcpus_mm_is_torn(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm);

/* How good this entry is: the worst of what was asked for. */
enum mmcpus_quality mmcpus_mm_quality(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm);

/* --------------------------------------------------------------------------------------------------- processes -- */

/*
 * When a process started, in nanoseconds since boot, as fine as a clock tick: /proc/PID/stat. -ESRCH: it is not there,
 * or hidden; -EBADMSG: its file can't be understood.
 */
int mmcpus_process_start_ns(const struct mmcpus_system *sys, int32_t pid, uint64_t *ret);

/*
 * The nodes where automatic NUMA balancing wants its threads to be, from /proc/PID/task/TID/sched; empty: it has no
 * preference yet. -ENODATA: the kernel does not balance, or does not tell, or there are more than 1,024 threads. -ESRCH: the
 * process is not there; -EACCES: it is, but may not be looked at.
 */
int mmcpus_process_preferred_nodes(const struct mmcpus_system *sys, int32_t pid, struct mmcpus_cpuset *ret);

/*
 * The threads of a process that have an address space, from /proc/PID/task: where each may run, of which ALLOWED is the
 * union. It costs a file for each. -ESRCH: the process is not there, or hidden.
 *
 *	while ((found = mmcpus_threads_next(threads)) > 0)
 *		…
 */
struct mmcpus_threads;

int mmcpus_threads_open(const struct mmcpus_system *sys, int32_t pid, struct mmcpus_threads **ret);
void mmcpus_threads_close(struct mmcpus_threads *threads);

/* 1 the next thread, 0 the end; -ENODATA: there is one whose mask can't be read. Threads that exit are left out. */
int mmcpus_threads_next(struct mmcpus_threads *threads);

/* Of the thread that was found last. The set is the threads' own, and changed by the next call. */
int32_t mmcpus_threads_tid(const struct mmcpus_threads *threads);
const struct mmcpus_cpuset *mmcpus_threads_allowed(const struct mmcpus_threads *threads);

/* ------------------------------------------------------------------------------------------------------ memory -- */

/* On which NUMA nodes the resident memory of a process is. docs/semantics.md says what is counted, and how well. */
struct mmcpus_memory;

/* What looking may cost. */
struct mmcpus_memory_limit {
	uint64_t time_ns;  /* of the processor; who is kept waiting gives up after ten times this */
	uint32_t nr_pages; /* to be asked */
};

/* The default. */
#define MMCPUS_MEMORY_TIME_NS  2000000
#define MMCPUS_MEMORY_NR_PAGES 4096

/*
 * Ask pages drawn by chance, with move_pages(2). limit: NULL is the default. -ESRCH: the process has ended, or execed
 * meanwhile; -EACCES: the caller may not see its memory; -ENODATA: too little was found in the time; -EOPNOTSUPP: the
 * machine is a captured one, or its kernel does not tell; -errno. why says what would help.
 */
int mmcpus_memory_sample(const struct mmcpus_system *sys, int32_t pid, const struct mmcpus_memory_limit *limit,
			 struct mmcpus_memory **ret, struct mmcpus_reason *why);

/*
 * Count all pages: /proc/PID/numa_maps, also of a captured machine. It takes as long as the process has memory, and keeps
 * it from mapping and unmapping meanwhile. limit: of the time alone; NULL: none. Who has more resident than can be counted in
 * that, at 100 ns for 4 KiB, is not counted at all: -ENODATA, as if the time runs out, which is looked at after each
 * mapping. Errors as above.
 */
int mmcpus_memory_count(const struct mmcpus_system *sys, int32_t pid, const struct mmcpus_memory_limit *limit,
			struct mmcpus_memory **ret, struct mmcpus_reason *why);

void mmcpus_memory_destroy(struct mmcpus_memory *memory);

/* A part of the whole, 0 … 1, and the 95 % confidence interval around it. All three are equal if it was counted. */
struct mmcpus_share {
	double share;
	double low;
	double high;
};

/* Of one node. */
struct mmcpus_share mmcpus_memory_share(const struct mmcpus_memory *memory, uint32_t node);

/* The nodes where some of it was found. A node where none was found may still have a little. */
void mmcpus_memory_nodes(const struct mmcpus_memory *memory, struct mmcpus_cpuset *ret);

/* How far the true share of any node may be from the one that is told: the largest distance to an end of an interval. */
double mmcpus_memory_error(const struct mmcpus_memory *memory);

/* All of it: as counted, or, for a sample, VmRSS and HugetlbPages of /proc/PID/status. */
uint64_t mmcpus_memory_resident_bytes(const struct mmcpus_memory *memory);

/* What it cost: time of the processor, and the pages that were asked. 0 pages: they were counted. */
uint64_t mmcpus_memory_cost_ns(const struct mmcpus_memory *memory);
uint32_t mmcpus_memory_nr_asked(const struct mmcpus_memory *memory);

/*
 * Those of cpus whose node has less than a share of it. -ENODATA: the machine does not tell its nodes, or an interval
 * holds the share, so that there is no telling of a node in question.
 */
int mmcpus_memory_remote(const struct mmcpus_memory *memory, const struct mmcpus_system *sys,
			 const struct mmcpus_cpuset *cpus, double share, struct mmcpus_cpuset *ret);

/* -------------------------------------------------------------------------------------------------------- CPUs -- */

/* What a CPU held and ran when the snapshot was taken; lives as long as that. Needs MMCPUS_FIELD_RESIDENCY. */
struct mmcpus_cpu;

/* NULL if it is unknown, or if there is no such CPU. */
const struct mmcpus_cpu *mmcpus_snapshot_cpu(const struct mmcpus_snapshot *snap, uint32_t cpu);

/* The entry with this identity, as mmcpus_mm_id() returns it. NULL if there is none: it is gone, or not shown. */
const struct mmcpus_mm *mmcpus_snapshot_find_mm(const struct mmcpus_snapshot *snap, uint64_t id);

/* Identity of a mm that no process has: the kernel's own, init_mm. */
#define MMCPUS_KERNEL_MM_ID 1

/* Identity of the mm that is loaded, MMCPUS_KERNEL_MM_ID for the kernel's own. -ENODATA: it was switching. */
int mmcpus_cpu_loaded_id(const struct mmcpus_cpu *cpu, uint64_t *ret);

/* The mm is loaded, but a kernel thread or idle runs: flushes of ranges leave this CPU out. */
bool mmcpus_cpu_is_lazy(const struct mmcpus_cpu *cpu);

/* It was in the middle of a switch whenever it was looked at: what was read of it may not belong together. */
bool mmcpus_cpu_is_torn(const struct mmcpus_cpu *cpu);

/* What an ASID slot holds. */
struct mmcpus_cpu_slot {
	uint64_t mm_id;   /* 0: the slot is free */
	uint64_t tlb_gen; /* the flushes of that mm that this CPU has caught up with */
	bool is_loaded;   /* the CPU uses this slot now */
};

/* Slots of a CPU (without PCIDs the kernel uses the first only), and one of them. -ERANGE: no such slot. */
size_t mmcpus_cpu_nr_slots(const struct mmcpus_cpu *cpu);
int mmcpus_cpu_slot(const struct mmcpus_cpu *cpu, size_t index, struct mmcpus_cpu_slot *ret);

/* Has this slot all flushes of its mm? 1, 0 (it is behind), or -ENODATA if that mm is not in the snapshot. */
int mmcpus_cpu_slot_is_current(const struct mmcpus_snapshot *snap, const struct mmcpus_cpu_slot *slot);

/*
 * The task that it runs: id of the thread, and of its process, in the caller's pid namespace; idle is 0. -ENODATA if it
 * is not seen there. Its name is untrusted; NULL if unknown.
 */
int mmcpus_cpu_task(const struct mmcpus_cpu *cpu, int32_t *ret_tid, int32_t *ret_pid);
const char *mmcpus_cpu_comm(const struct mmcpus_cpu *cpu);
bool mmcpus_cpu_is_idle(const struct mmcpus_cpu *cpu);
bool mmcpus_cpu_runs_kernel_thread(const struct mmcpus_cpu *cpu); /* idle is one */

/* ------------------------------------------------------------------------------------------------------ flushes -- */

/* How a flush of a range of an address space reaches other CPUs. */
enum mmcpus_flush_mode {
	MMCPUS_FLUSH_UNKNOWN,
	MMCPUS_FLUSH_IPI,       /* by interrupt, to TARGETS */
	MMCPUS_FLUSH_BROADCAST, /* by INVLPGB, for an mm with a global ASID: interrupts nobody */
	MMCPUS_FLUSH_PARAVIRT,  /* with the hypervisor's help: virtual CPUs that it has not scheduled are left out */
	MMCPUS_FLUSH_HARDWARE,  /* by instructions that the hardware broadcasts, whatever the mask (arm64) */
};

/*
 * Of the machine. MMCPUS_FLUSH_BROADCAST: it can, and does for those mms that the kernel gives a global ASID. Looks at
 * CPUID and at the kernel's types (some MB, read anew); of a captured machine less is known.
 */
enum mmcpus_flush_mode mmcpus_system_flush_mode(const struct mmcpus_system *sys);

/* Of an address space; needs MMCPUS_FIELD_FLUSH. */
enum mmcpus_flush_mode mmcpus_mm_flush_mode(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm);

/* One lower-case word for the mode ("ipi"), and one sentence that explains it. */
const char *mmcpus_flush_mode_name(enum mmcpus_flush_mode mode);
const char *mmcpus_flush_mode_meaning(enum mmcpus_flush_mode mode);

/* -------------------------------------------------------------------------------------------------- shootdowns -- */

/*
 * Who interrupts whom: TLB shootdowns, counted in the kernel while they happen. From open to close every one is counted;
 * each read takes what has been counted since the one before.
 *
 * A shootdown is one request of a sender to flush the TLBs of other CPUs. It hits those CPUs that are interrupted for it.
 */
struct mmcpus_shootdowns;

/* What has a row of its own in an interval. */
enum mmcpus_shootdowns_by {
	MMCPUS_BY_FLOW,   /* sending thread, cause, and address space that is flushed */
	MMCPUS_BY_PAIR,   /* sending process, and process that is interrupted; only what hits */
	MMCPUS_BY_SENDER, /* sending process */
	MMCPUS_BY_OWNER,  /* address space */
	MMCPUS_BY_CPU,    /* CPU that is hit */
	MMCPUS_BY_CAUSE,
	MMCPUS_BY_STACK,      /* cause, and kernel stack of the sender */
	MMCPUS_BY_USER_STACK, /* sending process, cause, its kernel stack and its stack in user space */
	MMCPUS_NR_BY,
};

/*
 * Begin to count. cpus: only shootdowns that hit one of these, and of their hits only those there; NULL: all. The system
 * must outlive it. Needs root, or CAP_BPF and CAP_PERFMON; x86 only. The errors are those of a source. Nothing of it is
 * left in the kernel after the close, or the end of the process.
 */
int mmcpus_shootdowns_open(const struct mmcpus_system *sys, enum mmcpus_shootdowns_by by,
			   const struct mmcpus_cpuset *cpus, struct mmcpus_shootdowns **ret, struct mmcpus_reason *why);
void mmcpus_shootdowns_close(struct mmcpus_shootdowns *src);

/* What can be had besides the rows of shootdowns. */
enum mmcpus_shootdowns_extra {
	/*
	 * Each event. 4 MB of memory hold those that nobody has taken; beyond that, events are dropped and counted. They tell the
	 * stacks that the view is of.
	 */
	MMCPUS_WITH_EVENTS = 1 << 0,
	/*
	 * What else CPUs are interrupted for: functions that the kernel calls on them, by function, and being made to
	 * reschedule. Such a row has no owner, and counts one sent for each CPU that is asked. Nobody may wait for it. Hits are
	 * seen below every hypervisor, but those that make a CPU reschedule are unknown until one has been seen.
	 */
	MMCPUS_WITH_CALLS = 1 << 1,
	/* The stacks of senders in events, of the kernel and in user space, whatever the view. */
	MMCPUS_WITH_STACKS = 1 << 2,
};

/*
 * As mmcpus_shootdowns_open(), with these extras. -EINVAL: there is no such extra. -EOPNOTSUPP also of MMCPUS_WITH_CALLS where
 * the kernel does not tell of calls (before 6.5).
 */
int mmcpus_shootdowns_open_with(const struct mmcpus_system *sys, enum mmcpus_shootdowns_by by, unsigned extras,
				const struct mmcpus_cpuset *cpus, struct mmcpus_shootdowns **ret,
				struct mmcpus_reason *why);

/*
 * Are hits seen? 0, or -errno and why not; then all that is about hits is unknown. Below a hypervisor, which may
 * flush by itself, -EAGAIN until a first hit has been seen, by this or by the row TLB of /proc/interrupts.
 */
int mmcpus_shootdowns_check_hits(struct mmcpus_shootdowns *src, struct mmcpus_reason *why);

/* A place in the kernel where it looks, and whether it can. */
enum mmcpus_hook_state {
	MMCPUS_HOOK_USED,
	MMCPUS_HOOK_SPARE, /* not needed: another one tells the same, or what it tells was not asked for */
	MMCPUS_HOOK_UNUSABLE,
};

struct mmcpus_hook {
	const char *name;  /* "tlb:tlb_flush" */
	const char *tells; /* what is known by it */
	const char *when;  /* it is used, if it can be */
	enum mmcpus_hook_state state;
	struct mmcpus_reason why; /* it is unusable */
};

/* The hooks, by number from 0 on. -ERANGE: there is no such. */
int mmcpus_shootdowns_hook(const struct mmcpus_shootdowns *src, size_t index, struct mmcpus_hook *ret);

/*
 * The same where a source can't be opened, for why_not_open: each hook is unusable, because the kernel has none such, if that can be
 * told without a try, or else for that reason. -ERANGE as well where there is nothing to hook: on a captured machine, and
 * on other architectures.
 */
int mmcpus_shootdowns_probe_hook(const struct mmcpus_system *sys, const struct mmcpus_reason *why_not_open,
				 size_t index, struct mmcpus_hook *ret);

/* What a source can't tell on this kernel, or as it was opened, though there may be some of it. */
struct mmcpus_missing {
	const char *what; /* "owners of batches"; lives for ever */
	struct mmcpus_reason why;
};

/*
 * By number from 0 on; some of it may be of the interval that was read last. Hits of flushes are not among it, but where
 * rows are of hits alone: see mmcpus_shootdowns_check_hits(). -ERANGE: there is nothing more.
 */
int mmcpus_shootdowns_missing(const struct mmcpus_shootdowns *src, size_t index, struct mmcpus_missing *ret);

/* What was counted between two reads. Valid until the next read, or the close. */
struct mmcpus_interval;

/*
 * Collect what was counted without ending the interval. There is room for some 2,000 different rows in the kernel; what
 * goes beyond is counted in a row for all others. A row is free again when several looks, a tenth of a second apart at
 * least, have found nothing in it.
 */
int mmcpus_shootdowns_collect(struct mmcpus_shootdowns *src);

/*
 * A descriptor for poll(2): readable when half of that room has come to be taken, until the next collect or read. It is the
 * source's, and goes with it: wait for it, and do nothing else with it. If events are wanted, it is readable as well when
 * many of them wait, and until a poll has taken all that wait.
 */
int mmcpus_shootdowns_fd(const struct mmcpus_shootdowns *src);

/* Is room still short, since then? Then collect some times a second. */
bool mmcpus_shootdowns_is_crowded(const struct mmcpus_shootdowns *src);

/* Take what was counted since the last read, or the open. */
int mmcpus_shootdowns_read(struct mmcpus_shootdowns *src, const struct mmcpus_interval **ret,
			   struct mmcpus_reason *why);

/*
 * End the interval that was read last, with all that is in it, before the next read does. Each takes memory, some 9 MB where
 * it has as many rows as there can be, and by stack up to 3 MB more: who is done with one has room for the next.
 */
void mmcpus_shootdowns_release(struct mmcpus_shootdowns *src);

enum mmcpus_interval_number {
	MMCPUS_INTERVAL_NS,      /* how long it was */
	MMCPUS_INTERVAL_SENT,    /* shootdowns; below a hypervisor, unknown until one or a hit has been seen */
	MMCPUS_INTERVAL_HITS,    /* CPUs that were interrupted for them, each time */
	MMCPUS_INTERVAL_OTHER,   /* of those sent, the ones for which there was no room for a row */
	MMCPUS_INTERVAL_DROPPED, /* events for which there was no room */
	/*
	 * Hits that are missing, for the kernel left a program out. Of other calls, unknown where the kernel does not tell the
	 * address of flush_tlb_func(), until a flush has been sent.
	 */
	MMCPUS_INTERVAL_LOST,
	MMCPUS_INTERVAL_TLB_ROW,   /* growth of the row TLB in /proc/interrupts, of the CPUs that are counted */
	MMCPUS_INTERVAL_CALLS,     /* other calls, of MMCPUS_WITH_CALLS: one for each CPU that is asked */
	MMCPUS_INTERVAL_CALL_HITS, /* those of them that were seen to be carried out: not every kind is */
	/*
	 * Flushes of the kernel's own range: shootdowns of all CPUs and of no address space. The kernel does not count them
	 * in the row TLB, and so SENT and HITS do not have them in them. Unknown where a hook is missing.
	 */
	MMCPUS_INTERVAL_KERNEL_SENT,
	MMCPUS_INTERVAL_KERNEL_HITS,
	/* Time that the counting itself took, on all CPUs together, without runs of programs that have nothing to look at. */
	MMCPUS_INTERVAL_COST_NS,
	MMCPUS_NR_INTERVAL_NUMBERS,
};

/* -ENODATA: unknown. */
int mmcpus_interval_number(const struct mmcpus_interval *interval, enum mmcpus_interval_number which, uint64_t *ret);

/*
 * Has the row TLB grown by less than HITS, so that it does not count each? It is read a moment apart from what is counted here:
 * false also if flushes did not cease at the begin and the end, or if it is behind by no more than can have been under way.
 */
bool mmcpus_interval_tlb_row_is_behind(const struct mmcpus_interval *interval);

enum mmcpus_event_type {
	MMCPUS_EVENT_SENT, /* a shootdown was sent, or a CPU was called */
	MMCPUS_EVENT_HIT,  /* a CPU has carried it out */
};

struct mmcpus_event {
	enum mmcpus_event_type type;
	uint64_t time_ns; /* of CLOCK_MONOTONIC */
	uint64_t id;  /* of the shootdown: that of its hits, too; 0: of a call whose hits and sending can't be joined */
	uint32_t cpu; /* that sent it, or was hit; UINT32_MAX: it was not seen when it was sent */

	/* Of one that was sent. NULL: unknown, and numbers then mean nothing. What is pointed to lives until take() returns. */
	int32_t pid; /* 0: not seen in this pid namespace */
	int32_t tid;
	const char *command;
	const char *thread;
	const char *cause;
	const char *kind;
	const char *cgroup;
	const char *callback; /* as MMCPUS_SHOOTDOWN_CALLBACK */
	const char *owner_command;
	int32_t owner_pid;
	uint64_t owner_id; /* 0: unknown */
	uint64_t start;    /* of the range, in bytes; 0 and UINT64_MAX: all, or of the kernel's, unknown */
	uint64_t end;
	uint64_t pages;                        /* in the range; 0: all, or unknown */
	const struct mmcpus_cpuset *requested; /* CPUs, as MMCPUS_SHOOTDOWN_REQUESTED_CPUS */
	const struct mmcpus_shootdown *flow;   /* its names, and stacks: all counts and sets are unknown */

	/* Of a hit. */
	uint64_t stolen_ns;
	uint64_t wait_ns;   /* from the sending to its end; UINT64_MAX: unknown, as of all calls */
	int32_t victim_pid; /* 0: idle, or not seen in this pid namespace */
	int32_t victim_tid;
	const char *victim_command;
	const char *victim_thread;
	bool victim_is_idle;
};

/*
 * Wait for events, for so long at most; then hand those that are there to take, the oldest first, but some thousands at
 * most: others may come as fast as they are taken. Returns how many, or -errno. Hits of a shootdown come after it.
 */
int mmcpus_shootdowns_poll(struct mmcpus_shootdowns *src, int timeout_ms,
			   void (*take)(void *arg, const struct mmcpus_event *event), void *arg);

/* Forget what was counted so far, and the events that wait. */
int mmcpus_shootdowns_restart(struct mmcpus_shootdowns *src);

/*
 * Count no more, until a restart. The events that were handed on since the last restart, with those that still wait, then
 * add up with what is read: each was sent, or hit, or was dropped. Without it, what happens between the last poll and the
 * read is in the sums only.
 */
void mmcpus_shootdowns_stop(struct mmcpus_shootdowns *src);

/* The rows, those first that cost most time (stolen and waited), then those with the most shootdowns or hits. */
struct mmcpus_shootdown;
size_t mmcpus_interval_count(const struct mmcpus_interval *interval);
const struct mmcpus_shootdown *mmcpus_interval_row(const struct mmcpus_interval *interval, size_t index);

/*
 * One row that sums up all from that index on, so that a few rows and this one add up to the whole. It is the caller's,
 * who destroys it. -ERANGE: there is none from there on.
 */
int mmcpus_interval_join(const struct mmcpus_interval *interval, size_t from, struct mmcpus_shootdown **ret);
void mmcpus_shootdown_destroy(struct mmcpus_shootdown *row);

enum mmcpus_shootdown_number {
	MMCPUS_SHOOTDOWN_SENT,
	MMCPUS_SHOOTDOWN_PAGES, /* of flushes whose range is told; -ENODATA if none has one */
	MMCPUS_SHOOTDOWN_HITS,
	MMCPUS_SHOOTDOWN_STOLEN_NS, /* time that the CPUs that were hit spent in the flush, without entry and exit */
	MMCPUS_SHOOTDOWN_STOLEN_MAX_NS,
	/*
	 * From the sending to the end of the last hit: so long the sender waits. This, the longest and the histogram are unknown
	 * in the interval with the first hit, where none had been seen since the boot when the source was opened, unless it is
	 * known that there is no hypervisor; not with events. A restart after that hit begins a new one.
	 */
	MMCPUS_SHOOTDOWN_WAIT_NS,
	MMCPUS_SHOOTDOWN_WAIT_MAX_NS,
	MMCPUS_SHOOTDOWN_SENDER_TID, /* by flow */
	MMCPUS_SHOOTDOWN_SENDER_PID, /* by flow, pair, sender */
	MMCPUS_SHOOTDOWN_OWNER_PID,  /* by flow, owner */
	MMCPUS_SHOOTDOWN_OWNER_ID,   /* the same: mmcpus_mm_id() */
	MMCPUS_SHOOTDOWN_VICTIM_PID, /* by pair; 0 is idle */
	MMCPUS_SHOOTDOWN_CPU,        /* by CPU */
	MMCPUS_NR_SHOOTDOWN_NUMBERS,
};

/* -ENODATA: it is unknown, or not the same for all that is in the row. */
int mmcpus_shootdown_number(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_number which, uint64_t *ret);

enum mmcpus_shootdown_text {
	MMCPUS_SHOOTDOWN_SENDER_COMM, /* of the process; untrusted, as all names */
	MMCPUS_SHOOTDOWN_SENDER_THREAD,
	MMCPUS_SHOOTDOWN_SENDER_CGROUP,
	MMCPUS_SHOOTDOWN_OWNER_COMM,
	MMCPUS_SHOOTDOWN_VICTIM_COMM,
	MMCPUS_SHOOTDOWN_CAUSE, /* a system call by name, "page fault", "NUMA balancing", "reclaim", …, or a thread's name */
	MMCPUS_SHOOTDOWN_KIND,     /* "range", "whole", "tables", "batch", "kernel-range", "call"; joined by commas */
	MMCPUS_SHOOTDOWN_CALLBACK, /* the function of the kernel that others are to run, or "(reschedule)" */
	MMCPUS_NR_SHOOTDOWN_TEXTS,
};

/* NULL: it is unknown, or not the same for all that is in the row. */
const char *mmcpus_shootdown_text(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_text which);

/* Does this row stand for what there was no room to tell apart? */
bool mmcpus_shootdown_is_other(const struct mmcpus_shootdown *row);

/* How many rows this one sums up; 0 unless it is one of mmcpus_interval_join(). */
size_t mmcpus_shootdown_joined(const struct mmcpus_shootdown *row);

enum mmcpus_shootdown_set {
	MMCPUS_SHOOTDOWN_SENDER_CPUS, /* unknown for other calls that were not seen when they were sent */
	/*
	 * The CPUs that were asked to flush, without the sender's own: mm_cpumask() of the address space, or the set that a batch has
	 * gathered, as it was handed to flush_tlb_multi(); those that are online for the kernel's own range; of other calls, those
	 * that were called. Those that were lazy are in it, and not among those that were hit.
	 */
	MMCPUS_SHOOTDOWN_REQUESTED_CPUS,
	MMCPUS_SHOOTDOWN_HIT_CPUS,
	MMCPUS_NR_SHOOTDOWN_SETS,
};

/* NULL: unknown. */
const struct mmcpus_cpuset *mmcpus_shootdown_set(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_set which);

/* Buckets of a histogram: number n counts times of at least 2^n ns, and of less than twice that but for the last. */
#define MMCPUS_SHOOTDOWN_BUCKETS 32

/* Of STOLEN or of WAIT, by their _NS number. NULL: unknown. */
const uint64_t *mmcpus_shootdown_histogram(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_number which);

/*
 * By stack: the function of the kernel that is number index from the innermost, with its offset ("do_madvise+0x1b2"), or
 * "?" where the kernel has no name for it. NULL at the end, or if no stack could be taken.
 */
const char *mmcpus_shootdown_frame(const struct mmcpus_shootdown *row, size_t index);

/* A place in a process. Strings are raw bytes from its files, and live as long as the row. */
struct mmcpus_user_frame {
	uint64_t address;
	const char *module; /* path of the file, or what /proc/PID/maps says instead; NULL: unknown */
	uint64_t offset;    /* in that file */
	const char *symbol; /* the function; NULL: unknown */
	uint64_t symbol_offset;
};

/*
 * By user stack: the place that is number index from the innermost. The kernel finds those further out by frame pointers:
 * code built without ends the stack early, or spoils it. Modules and functions are unknown if the process was gone when it
 * was asked, at the next mmcpus_shootdowns_collect() or read. -ERANGE at the end, or if no stack could be taken.
 */
int mmcpus_shootdown_user_frame(const struct mmcpus_shootdown *row, size_t index, struct mmcpus_user_frame *ret);

/* ------------------------------------------------------------------------------------------------ pinned files -- */

/* Where the backend "pinned" looks. */
#define MMCPUS_PIN_DIR "/sys/fs/bpf/mmcpus"

/*
 * Pin two files in a directory on bpffs, which is made if it is missing: "status", the text of
 * proc_pid_status_cpus_active_mm(5) for every process, and "snapshot", which the backend "pinned" reads. They need no
 * process to live, show mm_struct.cpu_bitmap of the moment they are read, and are replaced by the next call. mode: of
 * both files, such as 0440. gid: the group that gets them, or -1. They last until mmcpus_unpin() or the next boot.
 *
 * -EPERM: needs root, or CAP_BPF, CAP_PERFMON and the right to write there. -EINVAL: not on bpffs. -EEXIST: a file of
 * somebody else has one of the names. Whatever the error, nothing is left behind that was not there before.
 */
int mmcpus_pin(const struct mmcpus_system *sys, const char *dir, uint32_t mode, int64_t gid, struct mmcpus_reason *why);

/*
 * Take them away again, and the directory if it is empty then. -ENOENT: nothing is pinned there. -EEXIST: as above;
 * then nothing is removed.
 */
int mmcpus_unpin(const char *dir, struct mmcpus_reason *why);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
