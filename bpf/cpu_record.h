/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * What each CPU's MMU holds: the contract between cpu_walk.bpf.c, which writes one record for each CPU into a map, and
 * the library, which reads that map in place and joins it with the address spaces by their ids.
 */
#ifndef MMCPUS_BPF_CPU_RECORD_H
#define MMCPUS_BPF_CPU_RECORD_H

#include <stdint.h>

/* TLB_NR_DYN_ASIDS, arch/x86/include/asm/tlbflush.h */
#define CPU_NR_SLOTS 6

/* Where INIT_MM_CONTEXT puts init_mm; processes get ids above it (arch/x86/include/asm/mmu.h). */
#define CPU_KERNEL_MM_ID 1

struct cpu_slot {
	uint64_t mm_id;   /* context.ctx_id; 0: the slot is free */
	uint64_t tlb_gen; /* flushes of that mm that this CPU has caught up with */
};

enum cpu_record_flag {
	CPU_RECORD_VALID = 1 << 0,     /* the CPU's variables are where they were looked for, and could be read */
	CPU_RECORD_LAZY = 1 << 1,      /* cpu_tlbstate_shared.is_lazy */
	CPU_RECORD_SWITCHING = 1 << 2, /* between two mms at every try */
	CPU_RECORD_CHANGED = 1 << 3,   /* in the middle of a switch at every try: its parts may not belong together */
	CPU_RECORD_TASK = 1 << 4,      /* pid, tgid and comm are those of the task that it runs */
	CPU_RECORD_KTHREAD = 1 << 5,
	CPU_RECORD_IDLE = 1 << 6,
};

struct cpu_record {
	uint64_t loaded_id;                  /* context.ctx_id of cpu_tlbstate.loaded_mm; 0 while switching */
	struct cpu_slot slots[CPU_NR_SLOTS]; /* cpu_tlbstate.ctxs; one number is an ASID less one */
	uint32_t flags;                      /* CPU_RECORD_* */
	uint32_t loaded_slot;                /* cpu_tlbstate.loaded_mm_asid; beyond the slots: a global ASID */
	int32_t tgid;                        /* in the reader's pid namespace; 0: not seen there */
	int32_t pid;
	char comm[16];
};

_Static_assert(sizeof(struct cpu_record) == 136, "part of the contract");

/* What the program found the kernel to be. */
enum cpu_layout {
	CPU_LAYOUT_UNKNOWN, /* the program has not run */
	CPU_LAYOUT_OK,
	CPU_LAYOUT_FIELDS,   /* a field that it must read is not there, or another number of slots */
	CPU_LAYOUT_ANCHOR,   /* no way from a task to the per-CPU variables */
	CPU_LAYOUT_MISMATCH, /* what lies there is not what must lie there */
};

/* Per-CPU variables, by their offset within the kernel's section of them. */
enum cpu_variable {
	CPU_VAR_TLBSTATE,
	CPU_VAR_TLBSTATE_SHARED,
	CPU_VAR_RUNQUEUES,
	CPU_VAR_HRTIMER_BASES,
	CPU_NR_VARS,
};

struct cpu_walk {
	uint32_t nr_cpus;           /* in: nr_cpu_ids, one record each */
	uint32_t vars[CPU_NR_VARS]; /* in: enum cpu_variable */
	uint32_t layout;            /* out: enum cpu_layout */
	uint32_t nr_valid;          /* out: CPUs whose record is valid */
	uint32_t reserved;
};

_Static_assert(sizeof(struct cpu_walk) == 32, "part of the contract");

#endif
