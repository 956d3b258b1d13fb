/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * The record that every backend writes for a process, and how records lie in memory: the contract between the BPF
 * programs, which write into a map, and the library, which reads that map in place.
 */
#ifndef MMCPUS_BPF_MM_RECORD_H
#define MMCPUS_BPF_MM_RECORD_H

#include <stdint.h>

/* Words of a CPU set on the widest kernel (NR_CPUS 8192). */
#define MM_SET_WORDS_MAX 128

/* A set of CPUs in place, what the library calls a cpuset. Bits at or above nr_cpus are 0. */
struct mmcpus_cpuset {
	uint32_t nr_cpus;
	uint32_t reserved;
	uint64_t words[];
};

#define MM_SET_BYTES_MAX (sizeof(struct mmcpus_cpuset) + MM_SET_WORDS_MAX * sizeof(uint64_t))

/* The sets of a record, in order. A snapshot without thread fields has only the first. */
enum mm_record_set {
	MM_RECORD_ACTIVE,
	MM_RECORD_ALLOWED,
	MM_RECORD_RUNNING,
	MM_RECORD_NR_SETS,
};

enum mm_record_flag {
	MM_RECORD_HAS_ID = 1 << 0,      /* mm_id tells mms apart */
	MM_RECORD_CGROUP_PATH = 1 << 1, /* cgroup is an offset into the snapshot's text, not the kernel's id */
	MM_RECORD_GROUPED = 1 << 2,     /* mm_id is equal for equal mms of this snapshot, but names none */
	MM_RECORD_KNOWS_ASID = 1 << 3,  /* the next two were looked for, or this kernel has no such thing */
	MM_RECORD_GLOBAL_ASID = 1 << 4, /* context.global_asid: its flushes are broadcast, no CPU is interrupted */
	MM_RECORD_MOVING_ASID = 1 << 5, /* context.asid_transition: on its way there, all of the mask is interrupted */
	MM_RECORD_ASKS_STALE = 1 << 6,  /* a flush now would interrupt CPUs that have another mm loaded as well */
};

struct mm_record {
	int32_t pid;         /* thread group, in the reader's pid namespace */
	int32_t ppid;        /* 0: outside the namespace */
	uint32_t uid;        /* effective */
	uint32_t nr_threads; /* threads of the group */
	uint32_t known;      /* MMCPUS_FIELD_* that this record holds */
	uint32_t flags;      /* MM_RECORD_* */
	uint64_t mm_id;      /* mm->context.ctx_id, or after the library's hand a keyed hash of mm_address */
	uint64_t mm_address; /* 0 unless it is needed for the hash; cleared by the library */
	uint64_t start_ns;   /* start of the group's leader since boot: of sharers, the first names the mm */
	uint64_t rss_bytes;
	uint64_t tlb_gen; /* context.tlb_gen: flushes of this mm so far */
	uint64_t cgroup;  /* kernfs id of the cgroup v2, or see MM_RECORD_CGROUP_PATH */
	char comm[16];
	uint32_t set_bytes;   /* distance of the sets behind this header */
	uint32_t nr_sharers;  /* the library's: other processes of this mm … */
	uint32_t next_sharer; /* … and where the next of them is, an offset of records, or MM_RECORD_NONE */
	uint32_t running_cpu; /* of a record that speaks of one thread: where it runs, or MM_RECORD_NONE */
};

_Static_assert(sizeof(struct mmcpus_cpuset) == 8, "part of the contract");
_Static_assert(sizeof(struct mm_record) == 104, "part of the contract");

#define MM_RECORD_NONE UINT32_MAX

/* The largest record, rounded up to what makes the bound below easy to prove for the kernel's verifier. */
#define MM_RECORD_MAX 4096

_Static_assert(sizeof(struct mm_record) + MM_RECORD_NR_SETS * MM_SET_BYTES_MAX <= MM_RECORD_MAX, "a record fits");

/*
 * Records lie densely in blocks, each block an element of the map; none crosses a block's end. The position of a
 * record is a byte offset over all blocks; where too little room is left in a block, the next record starts the next.
 */
#define MM_BLOCK_BYTES 65536u

static inline uint32_t mm_record_place(uint32_t offset)
{
	uint32_t in_block = offset % MM_BLOCK_BYTES;

	return in_block > MM_BLOCK_BYTES - MM_RECORD_MAX ? offset - in_block + MM_BLOCK_BYTES : offset;
}

/* What kind of kernel the program found itself on. */
enum mm_layout {
	MM_LAYOUT_UNKNOWN, /* the program has not run */
	MM_LAYOUT_OK,
	MM_LAYOUT_NO_MASK,      /* struct mm_struct shows neither cpu_bitmap nor flexible_array */
	MM_LAYOUT_COUNTER_TREE, /* percpu_counter_tree: the tail of mm_struct is laid out in a way we do not know */
};

enum mm_walk_state {
	MM_WALK_NOTHING, /* no mm met */
	MM_WALK_RECORD,  /* there is a record at mm_walk.used */
};

/* What the library asks of a walk, and what the walk answers. */
struct mm_walk {
	uint32_t fields;        /* in: MMCPUS_FIELD_* wanted */
	uint32_t nr_cpus;       /* in: nr_cpu_ids */
	uint32_t nr_words;      /* in: 64-bit words of a set, at most MM_SET_WORDS_MAX */
	uint32_t nr_sets;       /* in: sets of a record */
	uint64_t last_word;     /* in: valid bits of the last word */
	uint32_t page_bytes;    /* in: size of a page */
	uint32_t step;          /* in: bytes of a record with its sets */
	uint32_t visit_threads; /* in: visit all threads, not only the leaders of their groups */
	uint32_t used;          /* out: end of the last record; beyond the map's size, what would have been needed */
	uint32_t state;         /* of the process the walk is at: enum mm_walk_state */
	uint32_t dropped;       /* out: processes whose mm changed hands while it was read */
	uint32_t orphans;       /* out: processes that need visit_threads, for their leader has exited */
	uint32_t layout;        /* out: enum mm_layout */
};

_Static_assert(sizeof(struct mm_walk) == 56, "part of the contract");

#endif
