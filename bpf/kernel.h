/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few kernel types and functions that the BPF programs touch, and nothing else: each field is looked up in the
 * running kernel's BTF when a program is loaded (CO-RE), so that neither order nor offsets here mean anything.
 * Types with a ___suffix are the same kernel type as it was, or is, in other releases.
 */
#ifndef MMCPUS_BPF_KERNEL_H
#define MMCPUS_BPF_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define KERNEL_TYPE __attribute__((preserve_access_index))

/* Repeated in as many copies, a loop makes a program span more pages. */
#define rolled_for _Pragma("clang loop unroll(disable)") for

/* include/linux/sched.h */
#define PF_IDLE    0x00000002
#define PF_KTHREAD 0x00200000

/* Threads of a process that never run in user space: of io_uring (5.12), and of vhost (6.4, PF_USER_WORKER). */
#define PF_WORKER (0x00000010 | 0x00004000)

struct cpumask {
	uint64_t bits[1]; /* NR_CPUS bits in truth: read further words with bpf_probe_read_kernel() */
} KERNEL_TYPE;

typedef struct {
	int64_t counter;
} KERNEL_TYPE atomic64_t;

typedef struct {
	int counter;
} KERNEL_TYPE atomic_t;

/* x86 only */
typedef struct {
	uint64_t ctx_id;            /* 4.14: f39681ed0f48 ("x86/mm: Give each mm TLB flush generation a unique ID") */
	atomic64_t tlb_gen;         /* as ctx_id */
	uint64_t next_trim_cpumask; /* in jiffies; 6.14: 6db2526c1d69, and stable kernels */
	uint16_t global_asid;       /* 6.15, with CONFIG_BROADCAST_TLB_FLUSH */
	bool asid_transition;       /* as global_asid */
} KERNEL_TYPE mm_context_t;

struct percpu_counter {
	int64_t count;
} KERNEL_TYPE;

/* Before 6.2, f1a7941243c1 ("mm: convert mm's rss stats into percpu_counter"). */
struct mm_rss_stat {
	struct {
		int64_t counter;
	} count[4];
} KERNEL_TYPE;

struct mm_struct {
	mm_context_t context;
	struct task_struct *owner;  /* with CONFIG_MEMCG */
	atomic_t tlb_flush_batched; /* a bool in earlier kernels, which is not taken for the same field */
	struct percpu_counter rss_stat[4];
	uint64_t cpu_bitmap[]; /* 4.19: c1a2f7f0c064 ("mm: Allocate the mm_cpumask …"), up to 6.18 */
} KERNEL_TYPE;

struct mm_struct___rss_before_6_2 {
	struct mm_rss_stat rss_stat;
} KERNEL_TYPE;

/* 6.19: 6ac433f8b259 renamed the tail that begins with the mask. */
struct mm_struct___mask_since_6_19 {
	mm_context_t context; /* C wants a member in front */
	char flexible_array[];
} KERNEL_TYPE;

/* Where it exists, the tail of mm_struct has another layout than the two above. */
struct percpu_counter_tree {
	int dummy;
};

struct pid_namespace;

/* Read as a whole: unchanged since 4.19 at least. */
struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[];
} KERNEL_TYPE;

struct cred {
	struct {
		unsigned int val;
	} euid;
} KERNEL_TYPE;

struct kernfs_node {
	uint64_t id;
} KERNEL_TYPE;

struct cgroup {
	struct kernfs_node *kn;
} KERNEL_TYPE;

struct css_set {
	struct cgroup *dfl_cgrp;
} KERNEL_TYPE;

struct signal_struct {
	int nr_threads;
} KERNEL_TYPE;

struct thread_info {
	uint32_t status; /* x86: TS_COMPAT */
	uint32_t cpu; /* 5.16: bcf9033e5449 ("sched: move CPU field back into thread_info if THREAD_INFO_IN_TASK=y") */
} KERNEL_TYPE;

struct list_head {
	struct list_head *next;
} KERNEL_TYPE;

struct hrtimer_cpu_base {
	unsigned int cpu;
} KERNEL_TYPE;

struct hrtimer_clock_base {
	struct hrtimer_cpu_base *cpu_base;
} KERNEL_TYPE;

struct hrtimer {
	struct hrtimer_clock_base *base;
} KERNEL_TYPE;

struct sched_dl_entity {
	struct hrtimer dl_timer;
} KERNEL_TYPE;

/* arch/x86/include/asm/tlbbatch.h: the CPUs that may have them in their TLBs */
struct arch_tlbflush_unmap_batch {
	struct cpumask cpumask;
} KERNEL_TYPE;

/* include/linux/mm_types_task.h: pages that a task has unmapped, and will have flushed together */
struct tlbflush_unmap_batch {
	struct arch_tlbflush_unmap_batch arch;
	bool flush_required;
} KERNEL_TYPE;

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	/* int up to 7.1 at least, u8 in 7.2; only of an unsigned local type may the load be made narrower */
	unsigned int on_cpu;
	struct cpumask cpus_mask; /* not cpus_ptr, which under migrate_disable() is one CPU only */
	void *stack;              /* its lowest address */
	struct mm_struct *mm;
	struct mm_struct *active_mm;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct list_head thread_node; /* in signal->thread_head; the leader is the first */
	uint64_t start_boottime;
	const struct cred *real_cred;
	char comm[16];
	struct signal_struct *signal;
	struct css_set *cgroups;
	struct sched_dl_entity dl;
	struct tlbflush_unmap_batch tlb_ubc;
} KERNEL_TYPE;

struct vm_area_struct {
	struct mm_struct *vm_mm;
} KERNEL_TYPE;

/* kernel/sched/sched.h */
struct rq {
	int cpu;
	struct task_struct *curr;
} KERNEL_TYPE;

/* x86, arch/x86/include/asm/tlbflush.h */
struct tlb_context {
	uint64_t ctx_id;
	uint64_t tlb_gen;
} KERNEL_TYPE;

struct tlb_state {
	struct mm_struct *loaded_mm;
	uint16_t loaded_mm_asid;
	struct tlb_context ctxs[6];
} KERNEL_TYPE;

/* 5.13: 2f4305b19fe6 ("x86/mm/tlb: Privatize cpu_tlbstate") */
struct tlb_state_shared {
	bool is_lazy;
} KERNEL_TYPE;

/* include/linux/mm_types.h */
enum tlb_flush_reason {
	TLB_REMOTE_SEND_IPI = 4,
};

/* x86, arch/x86/include/asm/tlbflush.h: a flush, as its sender describes it to the CPUs that it interrupts */
struct flush_tlb_info {
	struct mm_struct *mm;
	uint64_t start;
	uint64_t end;
	uint64_t new_tlb_gen;
	unsigned int initiating_cpu; /* 5.13: 4ce94eabac16 ("x86/mm/tlb: Flush remote and local TLBs concurrently") */
	uint8_t freed_tables;
} KERNEL_TYPE;

struct llist_node {
	struct llist_node *next;
} KERNEL_TYPE;

/* include/linux/smp_types.h; in a list by its first member */
struct __call_single_node {
	struct llist_node llist;
	unsigned int u_flags;
} KERNEL_TYPE;

struct __call_single_data {
	struct __call_single_node node;
	void *info;
} KERNEL_TYPE;

/* x86, arch/x86/include/asm/current.h: 6.2 to 6.14, between which the count has a variable of its own */
struct pcpu_hot {
	int preempt_count;
} KERNEL_TYPE;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	uint64_t seq_num; /* tasks shown so far */
} KERNEL_TYPE;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} KERNEL_TYPE;

/* 6.7: c68a78ffe2cb ("bpf: Introduce task open coded iterator kfuncs"). Not in libbpf 1.1's headers. */
struct bpf_iter_task {
	uint64_t opaque[3];
} __attribute__((aligned(8)));

enum {
	ITER_ALL_PROCESSES = 0, /* BPF_TASK_ITER_ALL_PROCS */
	ITER_ALL_THREADS = 1,   /* BPF_TASK_ITER_ALL_THREADS */
};

int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task, unsigned int flags) __ksym;
struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;

/* 6.2: 9bb00b2895cb ("bpf: Add kfunc bpf_rcu_read_lock/unlock()") */
void bpf_rcu_read_lock(void) __ksym;
void bpf_rcu_read_unlock(void) __ksym;

/* 6.2: a35b9af4ec2c ("bpf: Add a kfunc for generic type cast") */
void *bpf_rdonly_cast(const void *object, uint32_t btf_id) __ksym;

/* Did it work to read a field of the kernel's? With faults handled, and where the field is on this kernel. */
#define READ(ret, from) (bpf_core_read(&(ret), sizeof(ret), &(from)) == 0)

#endif
