/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * Who interrupts whom: the contract between shootdowns.bpf.c, which counts flushes and the CPUs that they hit in rows of
 * a map, and the library, which takes the counts out while the kernel goes on.
 *
 * Each CPU counts on its own at first, and the library moves that to the rows.
 *
 * A row is taken by the kernel for what has no row yet, from a ring of free ones. The library reads a row by exchanging
 * its counters with 0, so that nothing is counted twice and nothing is lost, and gives it back to the ring when it has
 * had no flush for a while. When the ring is empty, what has no row is counted in row 0.
 *
 * If they are wanted, other calls of functions on other CPUs have rows as well, of a kind of their own.
 */
#ifndef MMCPUS_BPF_SHOOTDOWN_RECORD_H
#define MMCPUS_BPF_SHOOTDOWN_RECORD_H

#include <stdint.h>

#define SHOOTDOWN_NR_ROWS      2048                        /* a power of two */
#define SHOOTDOWN_ROWS_SCARCE  (SHOOTDOWN_NR_ROWS / 2)     /* fewer free ones are few */
#define SHOOTDOWN_ROWS_PLENTY  (SHOOTDOWN_NR_ROWS / 4 * 3) /* from so many on, they are not any more */
#define SHOOTDOWN_OTHER_ROW    0
#define SHOOTDOWN_OTHER_CALLS  (SHOOTDOWN_NR_ROWS - 1) /* the same for calls that are no flushes */
#define SHOOTDOWN_OTHER_KERNEL (SHOOTDOWN_NR_ROWS - 2) /* the same for flushes of the kernel's own range */
#define SHOOTDOWN_NR_BUCKETS   32 /* bucket n: at least 2^n ns, less than twice that; the last is open */
#define SHOOTDOWN_STACK_FRAMES 32
#define SHOOTDOWN_STACK_MEMOS  8 /* stacks that each CPU knows again */
#define SHOOTDOWN_NR_TAKERS    3 /* programs that may take stacks on a CPU at a time */

enum shootdown_kind {
	SHOOTDOWN_KIND_UNKNOWN, /* the kernel's description of the flush could not be read */
	SHOOTDOWN_KIND_RANGE,   /* of pages of an address space */
	SHOOTDOWN_KIND_WHOLE,   /* of all of an address space */
	SHOOTDOWN_KIND_TABLES,  /* page tables are freed, so that lazy CPUs are interrupted as well */
	SHOOTDOWN_KIND_BATCH,   /* reclaim or migration, of pages of many address spaces at once */
	SHOOTDOWN_KIND_KERNEL,  /* of the kernel's own range, on all CPUs */
	SHOOTDOWN_KIND_CALL,    /* none: another function is called, or a CPU is made to reschedule */
	SHOOTDOWN_NR_KINDS,
};

/*
 * What the kernel calls on other CPUs to flush: an address space, or its own range. Not every kernel has each of the
 * latter. In the key of a row, the number of the function stands where others have the owner.
 */
#define SHOOTDOWN_KERNEL_FUNCTIONS(X)          \
	X(KERNEL_RANGE, do_kernel_range_flush) \
	X(KERNEL_ALL, do_flush_tlb_all)        \
	X(KERNEL_PAGES, __cpa_flush_tlb)       \
	X(KERNEL_CACHE, __cpa_flush_all)

#define SHOOTDOWN_FUNCTIONS(X)   \
	X(FLUSH, flush_tlb_func) \
	SHOOTDOWN_KERNEL_FUNCTIONS(X)

#define SHOOTDOWN_FUNCTION_NUMBER(which, name) SHOOTDOWN_FUNCTION_##which,
enum shootdown_function {
	SHOOTDOWN_FUNCTIONS(SHOOTDOWN_FUNCTION_NUMBER) SHOOTDOWN_NR_FUNCTIONS
};

/* Why: the number of a system call, or one of these. */
enum shootdown_cause {
	SHOOTDOWN_CAUSE_UNKNOWN = -1, /* an interrupt, or an exception that is not known to be a page fault */
	SHOOTDOWN_CAUSE_FAULT = -2,
	SHOOTDOWN_CAUSE_EXIT = -3,
	SHOOTDOWN_CAUSE_KTHREAD = -4,   /* no user asked for it: the thread's name tells */
	SHOOTDOWN_CAUSE_OTHER = -5,     /* of row 0: several */
	SHOOTDOWN_CAUSE_INTERRUPT = -6, /* of calls: an interrupt sent it, and not the task that it came upon */
	SHOOTDOWN_CAUSE_BALANCING = -7, /* by the library alone, from the stack */
};

/* Added to the number of a 32-bit system call. */
#define SHOOTDOWN_CAUSE_COMPAT (1 << 30)

/* No function of the kernel is there. */
#define SHOOTDOWN_CALLBACK_RESCHEDULE (~0ull)
#define SHOOTDOWN_CALLBACK_OTHER      (~1ull) /* of several; in the library only, as the next */
#define SHOOTDOWN_CALLBACK_KERNEL     (~2ull) /* what flushes the kernel's own range */

/* What has a row of its own. */
struct shootdown_key {
	uint64_t start_ns; /* task_struct.start_boottime of the sending thread: with its number it names it for ever */
	uint64_t owner_id; /* context.ctx_id of the mm that is flushed; 0: not known, or many. Of a call: its address */
	uint64_t stack; /* hash of the sender's stacks, which are kept with the row; 0: not taken, or there is none */
	int32_t tid;    /* in the initial pid namespace */
	int32_t cause;  /* enum shootdown_cause */
	int32_t victim; /* process that was interrupted, in the initial namespace; 0: of the flush itself */
	uint16_t kind;  /* enum shootdown_kind */
	uint16_t cpu;   /* of hits: the CPU plus 1, or 1 if they are told apart by victim; 0: of the flush itself */
};

_Static_assert(sizeof(struct shootdown_key) == 40, "part of the contract");

/* Return addresses, innermost first; behind the last, one 0. What follows that is not told. */
struct shootdown_stack {
	uint64_t frames[SHOOTDOWN_STACK_FRAMES];
};

enum shootdown_row_flag {
	SHOOTDOWN_ROW_OWNER_NAMED = 1 << 0,       /* owner_pid and owner_comm are known */
	SHOOTDOWN_ROW_FORGOTTEN = 1 << 1,         /* its key has no row any more, or has another one */
	SHOOTDOWN_ROW_REQUESTED_UNKNOWN = 1 << 2, /* of which CPUs some flush was requested */
	SHOOTDOWN_ROW_HITS_UNKNOWN = 1 << 3,      /* calls of a kind that does not tell when it is carried out */
	SHOOTDOWN_ROW_SENDERS_UNKNOWN = 1 << 4,   /* some were not seen when they were sent */
};

/* A task, by its numbers in the reader's pid namespace (0: not seen there). */
struct shootdown_task {
	int32_t tid;
	int32_t pid;
	char thread_comm[16];
	char comm[16]; /* of its process */
};

/* What the sender writes and what the CPUs that are hit write is not in one cache line: they work at the same time. */
struct shootdown_counts {
	uint64_t sent;
	uint64_t pages; /* of ranges only */
	uint64_t reserved_sender[6];

	uint64_t hits;
	uint64_t stolen_ns;
	uint64_t stolen_max_ns;
	uint64_t wait_ns; /* from sending to the end of the last hit */
	uint64_t wait_max_ns;
	uint64_t reserved_hits[3];
	uint32_t stolen_log2[SHOOTDOWN_NR_BUCKETS];
	uint32_t wait_log2[SHOOTDOWN_NR_BUCKETS];
};

struct shootdown_row {
	uint32_t is_taken; /* set last by the kernel, cleared by the library */
	uint32_t flags;    /* enum shootdown_row_flag */
	struct shootdown_key key;
	struct shootdown_task sender;
	struct shootdown_task victim;
	int32_t owner_pid;
	char owner_comm[16];
	uint32_t was_used; /* with a filter: something was sent that does not count yet; cleared by the library */
	uint64_t cgroup;   /* of the sender; 0: unknown */
	uint64_t reserved_line[4];
	struct shootdown_counts counts;
};

_Static_assert(sizeof(struct shootdown_row) == 576, "part of the contract, and whole cache lines");

/* Behind the rows, in a map of words: the sets of CPUs of each row. */
enum shootdown_set {
	SHOOTDOWN_SET_SENDERS,
	SHOOTDOWN_SET_REQUESTED, /* without the sender's own CPU */
	SHOOTDOWN_SET_HIT,
	SHOOTDOWN_NR_SETS,
};

enum shootdown_event_type {
	SHOOTDOWN_EVENT_SENT,
	SHOOTDOWN_EVENT_HIT,
	SHOOTDOWN_EVENT_HIT_IDLE, /* the same, of a CPU that was idle: its task has the number 0, as one that is not seen */
	SHOOTDOWN_EVENT_SCARCE, /* none: there are few free rows. Always told, and nothing else in it is set */
};

/* Have hits rows of their own? */
enum shootdown_victims {
	SHOOTDOWN_VICTIMS_NONE,
	SHOOTDOWN_VICTIMS_PAIRS, /* for each flow and process that it interrupts */
	SHOOTDOWN_VICTIMS_CPUS,  /* for each CPU, whoever sent them */
};

enum shootdown_stacks {
	SHOOTDOWN_STACKS_NONE,
	SHOOTDOWN_STACKS_KERNEL,
	SHOOTDOWN_STACKS_BOTH, /* the sender's in user space, too */
};

#define SHOOTDOWN_EVENT_WORDS  8
#define SHOOTDOWN_CPU_UNKNOWN  (~0u)
#define SHOOTDOWN_WAIT_UNKNOWN (~0ull)

/* What happened, if events are wanted: who it is stands in the row. */
struct shootdown_event {
	uint64_t time_ns; /* of the monotonic clock */
	uint64_t id;      /* of the shootdown, or of the call; 0: unknown */
	uint32_t type;    /* enum shootdown_event_type */
	uint32_t cpu;     /* that sent it, or was hit; SHOOTDOWN_CPU_UNKNOWN */
	uint32_t row;     /* of the sender */
	uint32_t kind;    /* enum shootdown_kind */
	uint64_t start;   /* of what is flushed; sent only. Of the kernel's own range, all is also what is not told */
	uint64_t end;
	union {
		struct {
			uint64_t stolen_ns;
			uint64_t
				wait_ns; /* since it was sent; SHOOTDOWN_WAIT_UNKNOWN: of a call, for which nobody need wait */
			struct shootdown_task victim;
		} hit;
		struct {
			uint64_t nr_words; /* 0: unknown, or they do not fit */
			uint64_t words[SHOOTDOWN_EVENT_WORDS];
		} requested; /* of what was sent */
	};
};

_Static_assert(sizeof(struct shootdown_event) == 120, "part of the contract");

/* Runs that each CPU takes the time of after a look of the library: with few, it is exact. */
#define SHOOTDOWN_COST_FIRST 1024

/* What a CPU's runs took. */
struct shootdown_cost {
	uint64_t ns;
	uint32_t nr_first; /* still to be timed, each: set by the library */
	uint32_t nr_skip;  /* still to be left out, for the last that was timed stands for them */
	uint32_t weight;   /* of the run that began last, or 0 */
	uint32_t reserved_weight;
	uint64_t begin_ns; /* of the last that was timed */
};

/*
 * What a CPU has counted and not yet added to the row: CPUs do not get in each other's way there, and the row need not be
 * looked at. Programs on the CPU change it, and the library at each look, which looks before whether there is anything to take.
 * Who finds the other at work does not wait long: a program counts in the row, and the library comes again at the next look.
 *
 * Of what is sent: whoever sets is_busy may change it, until he clears that.
 */
struct shootdown_sent_tally {
	uint32_t is_busy;
	uint32_t row; /* of that key, which is not forgotten; 0: none */
	struct shootdown_key key;
	uint64_t sent;
	uint64_t pages;
	uint64_t requested; /* the first word of the set */
	uint64_t reserved[7];
};

/*
 * Of hits: programs and the library have a word each to set. Who has set his looks at the other's, after a full barrier: if that
 * is set, too, it is not his turn. So a program gets along with a barrier that it mostly needs anyway. Two programs of one CPU are
 * never here at once, for it carries out a flush with interrupts off.
 */
struct shootdown_hit_tally {
	uint32_t has_program; /* set while a program is at work */
	uint32_t has_library;
	uint32_t row;       /* at first that of all others, too */
	uint32_t nr_others; /* hits after the last that were of other rows, and counted there */
	uint64_t hits;
	uint64_t stolen_ns;
	uint64_t stolen_max_ns;
	uint64_t wait_ns;
	uint64_t wait_max_ns;
	uint64_t reserved_hits;
	uint32_t stolen_log2[SHOOTDOWN_NR_BUCKETS];
	uint32_t wait_log2
		[SHOOTDOWN_NR_BUCKETS]; /* what is added to the row's, modulo 2^32: one less in one, one more in another */
};

/* A CPU that lets others wait for longer is dead, or stopped together with them: no flush is under way for so long. */
#define SHOOTDOWN_UNDER_WAY_NS 10000000000ull

/* Of what is the programs' own, the library looks at the flush that the CPU has sent last: it may be under way still. */
struct shootdown_last {
	uint64_t of_programs[3];
	uint64_t sent_ns; /* of the monotonic clock */
	uint64_t of_programs_too;
	uint32_t row;
	uint32_t of_programs_at_last;
};

/*
 * What a CPU has for itself: all within one page, which may hold others' as well, since what flushes a page of a virtual
 * machine may leave the CPU with no translation at all.
 */
struct shootdown_cpu {
	struct shootdown_cost cost;
	uint32_t is_counting; /* what it sends; as the others set and cleared by the library on all CPUs */
	uint32_t is_counting_hits;
	uint64_t flush_function; /* as the next, what struct shootdown_control had when counting began */
	uint64_t registers_offset;
	uint32_t was_hit;            /* by a flush, since the start */
	uint32_t is_counting_unseen; /* calls that begin here and were not seen when they were sent */
	struct shootdown_sent_tally sent;
	struct shootdown_hit_tally hit;

	union {
		struct shootdown_last last;
		uint64_t of_programs[64];
	};
};

_Static_assert(sizeof(struct shootdown_cpu) == 1024, "part of the contract, and whole cache lines");

/* What the program found the kernel to be. */
enum shootdown_layout {
	SHOOTDOWN_LAYOUT_UNKNOWN, /* the program has not run */
	SHOOTDOWN_LAYOUT_OK,
	SHOOTDOWN_LAYOUT_FIELDS,   /* struct flush_tlb_info lacks a field, or is not there */
	SHOOTDOWN_LAYOUT_ANCHOR,   /* no way from a task to the per-CPU variables */
	SHOOTDOWN_LAYOUT_MISMATCH, /* what lies there is no description of a flush */
};

/* What is wanted: constants of the programs, set before loading. */
struct shootdown_settings {
	uint32_t nr_cpus;
	uint32_t nr_words;     /* of a set */
	uint32_t is_filtered;  /* only hits on CPUs of the map watched count, and flushes with such a hit */
	uint32_t with_victims; /* enum shootdown_victims */
	uint32_t with_stacks;  /* enum shootdown_stacks */
	uint32_t with_events;
	uint32_t wakeup_bytes;     /* of events that wait: then the library is woken */
	uint32_t coarse_until_hit; /* when a flush was sent is known to the kernel's tick only, until a hit was seen */
};

struct shootdown_control {
	/* Set before the start: the offsets of per-CPU variables. */
	uint32_t info_offset;    /* of flush_tlb_info */
	uint32_t anchor_offset;  /* of hrtimer_bases */
	uint32_t preempt_offset; /* of the one with the preemption count; 0: unknown */
	int32_t own_tgid;        /* in the initial namespace, set by the program itself */

	/* What it found. */
	uint32_t layout;           /* enum shootdown_layout */
	uint32_t registers_offset; /* of those of user space above the lowest address of a task's stack */
	uint64_t functions[SHOOTDOWN_NR_FUNCTIONS]; /* their addresses; 0: unknown, or there is none */

	uint64_t fault_return; /* where a page fault returns to, learnt from one; 0: unknown */

	/* The ring of free rows: the program takes at the head, the library gives at the tail. */
	uint32_t free_head;
	uint32_t free_tail;

	uint64_t nr_dropped;     /* events that found no room */
	uint32_t was_hit;        /* a flush was seen to arrive on another CPU, since the start */
	uint32_t nr_by_kthreads; /* flushes of the kernel's own range by its threads, whether or not they count */

	uint32_t is_scarce;       /* set by the program when it says so, cleared by the library when it has made room */
	uint32_t was_rescheduled; /* a CPU was seen to be made to reschedule, since the start */
	uint32_t nr_restarts;     /* counted by the library, in pauses */
	uint32_t reserved_restarts;
};

_Static_assert(sizeof(struct shootdown_control) == 112, "part of the contract");

/* The function that is at an address, as the kernel names it: "do_madvise+0x1b2/0x3a0 [module]". */
struct shootdown_symbol {
	uint64_t address;
	char name[120]; /* cut if it is longer */
};

_Static_assert(sizeof(struct shootdown_symbol) == 128, "part of the contract");

#endif
