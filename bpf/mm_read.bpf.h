/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: read one process, and its mm, into a record. Lock-free; what changed hands meanwhile is dropped. */
#ifndef MMCPUS_BPF_MM_READ_H
#define MMCPUS_BPF_MM_READ_H

#include "kernel.h"
#include "mm_mask.bpf.h"
#include "mm_record.h"
#include "pid_view.bpf.h"
#include <mmcpus/mmcpus.h>

/* What the library wants: set before each run. One to a loaded program, and thus to a reader. */
struct mm_walk walk;

#define THREAD_FIELDS (MMCPUS_FIELD_ALLOWED | MMCPUS_FIELD_RUNNING)

static __always_inline uint32_t mm_layout(void)
{
	if (bpf_core_type_exists(struct percpu_counter_tree))
		return MM_LAYOUT_COUNTER_TREE;
	return has_mm_mask() ? MM_LAYOUT_OK : MM_LAYOUT_NO_MASK;
}

/* Bytes of each set of a record, within a bound that the verifier can see. */
static __always_inline uint32_t set_bytes(void)
{
	uint32_t nr_words = (walk.nr_words - 1) % MM_SET_WORDS_MAX + 1;

	return sizeof(struct mmcpus_cpuset) + nr_words * sizeof(uint64_t);
}

static __always_inline uint32_t record_bytes(void)
{
	uint32_t nr_sets = walk.nr_sets == MM_RECORD_NR_SETS ? MM_RECORD_NR_SETS : 1;

	return sizeof(struct mm_record) + nr_sets * set_bytes();
}

static __always_inline struct mmcpus_cpuset *record_set(struct mm_record *rec, uint32_t index)
{
	return (void *)rec + sizeof(*rec) + index * set_bytes();
}

/*
 * Copy @walk.nr_words words of a bitmap in the kernel's memory. Behind the last word the kernel keeps other data, and
 * in the last word of an "all CPUs" mask more bits than the machine has CPUs: both are left out.
 */
static __always_inline bool copy_words(uint64_t *words, const void *bitmap)
{
	uint32_t nr_words = walk.nr_words;

	if (nr_words == 0 || nr_words > MM_SET_WORDS_MAX)
		return false;
	if (bpf_probe_read_kernel(words, nr_words * sizeof(*words), bitmap))
		return false;
	words[(nr_words - 1) % MM_SET_WORDS_MAX] &= walk.last_word;
	return true;
}

/* The mask of an mm. One word under its old name can be loaded directly, without the call of a helper. */
static __always_inline bool read_mask(const struct mm_struct *mm, uint64_t *words)
{
	uint64_t word;

	if (walk.nr_words != 1 || !bpf_core_field_exists(struct mm_struct, cpu_bitmap))
		return copy_words(words, (const void *)mm + mm_mask_offset());
	word = mm->cpu_bitmap[0];
	barrier_var(word); /* or clang joins this load with one from the map, which the verifier refuses */
	words[0] = word & walk.last_word;
	return true;
}

static __always_inline bool has_field(uint32_t field)
{
	return walk.fields & field;
}

/* MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES; 2 would be swap. */
static __always_inline int64_t mm_rss_before_6_2(const struct mm_struct___rss_before_6_2 *mm)
{
	int64_t file = 0;
	int64_t anon = 0;
	int64_t shmem = 0;

	/* 6.1's verifier does not follow the type of these into atomic_long_t, a typedef: no direct loads */
	bpf_core_read(&file, sizeof(file), &mm->rss_stat.count[0].counter);
	bpf_core_read(&anon, sizeof(anon), &mm->rss_stat.count[1].counter);
	bpf_core_read(&shmem, sizeof(shmem), &mm->rss_stat.count[3].counter);
	return file + anon + shmem;
}

static __always_inline int64_t mm_rss_since_6_2(const struct mm_struct *mm)
{
	return mm->rss_stat[0].count + mm->rss_stat[1].count + mm->rss_stat[3].count;
}

/* The program's own choice between the two: each kernel type that a program names costs a search at load. */
static int64_t mm_rss_pages(const struct mm_struct *mm);

/* While the CPUs hold back all that a small process has, or more, its size is unknown. */
static __always_inline void read_rss(const struct mm_struct *mm, struct mm_record *rec)
{
	int64_t pages = mm_rss_pages(mm);

	rec->rss_bytes = pages > 0 ? (uint64_t)pages * walk.page_bytes : 0;
	if (pages <= 0)
		rec->known &= ~(uint32_t)MMCPUS_FIELD_RSS;
}

/* Where a task runs at this moment: a CPU below walk.nr_cpus, or MM_RECORD_NONE. */
static __always_inline uint32_t running_cpu(const struct task_struct *task)
{
	uint32_t cpu = task->thread_info.cpu;

	if (!bpf_core_field_exists(task->on_cpu) || !task->on_cpu || cpu >= walk.nr_cpus)
		return MM_RECORD_NONE;
	return cpu;
}

static __always_inline void read_identity(const struct mm_struct *mm, struct mm_record *rec)
{
	if (bpf_core_field_exists(mm->context.ctx_id)) {
		rec->mm_id = mm->context.ctx_id;
		rec->mm_address = 0;
	} else {
		rec->mm_id = 0;
		rec->mm_address = (uint64_t)mm;
	}
	rec->flags = MM_RECORD_HAS_ID;
}

/* Is this mm flushed by broadcast, on CPUs that can do that? */
static __always_inline void read_asid(const struct mm_struct *mm, struct mm_record *rec)
{
	rec->flags |= MM_RECORD_KNOWS_ASID;
	if (bpf_core_field_exists(mm->context.global_asid) && mm->context.global_asid)
		rec->flags |= MM_RECORD_GLOBAL_ASID;
	if (bpf_core_field_exists(mm->context.asid_transition) && mm->context.asid_transition)
		rec->flags |= MM_RECORD_MOVING_ASID;
}

/*
 * As should_trim_cpumask() and its caller decide: CPUs of the mask that have another mm loaded are asked once the time
 * has come. Where there is no such time (6db2526c1d69), they always are.
 */
static __always_inline bool asks_stale(const struct mm_struct *mm)
{
	if (!bpf_core_field_exists(mm->context.next_trim_cpumask))
		return true;
	return (int64_t)(mm->context.next_trim_cpumask - bpf_jiffies64()) < 0;
}

/* What the CPUs' own state is compared with. */
static __always_inline void read_flushes(const struct mm_struct *mm, struct mm_record *rec)
{
	if (bpf_core_field_exists(mm->context.tlb_gen))
		rec->tlb_gen = (uint64_t)mm->context.tlb_gen.counter;
	if (asks_stale(mm))
		rec->flags |= MM_RECORD_ASKS_STALE;
}

/* Does @task still have the mm that was read? The address alone could have been freed and used again. */
static __always_inline bool is_same_mm(const struct task_struct *task, const struct mm_struct *mm,
				       const struct mm_record *rec)
{
	barrier(); /* what was loaded before must be loaded anew */
	if ((uint64_t)task->mm != (uint64_t)mm)
		return false;
	return !bpf_core_field_exists(mm->context.ctx_id) || mm->context.ctx_id == rec->mm_id;
}

#define PROCESS_FIELDS                                                                                            \
	(MMCPUS_FIELD_SHARERS | MMCPUS_FIELD_COMM | MMCPUS_FIELD_PPID | MMCPUS_FIELD_UID | MMCPUS_FIELD_THREADS | \
	 MMCPUS_FIELD_CGROUP)

/* What names the process; @leader may be a zombie whose threads live on. */
static __always_inline void read_process(const struct task_struct *leader, const struct pid_view *view,
					 struct mm_record *rec)
{
	if (has_field(MMCPUS_FIELD_SHARERS)) /* the first to start names the mm */
		rec->start_ns = leader->start_boottime;
	if (has_field(MMCPUS_FIELD_COMM))
		__builtin_memcpy(rec->comm, leader->comm, sizeof(rec->comm));
	if (has_field(MMCPUS_FIELD_PPID))
		rec->ppid = pid_seen(leader->real_parent->group_leader, view); /* any thread may have forked */
	if (has_field(MMCPUS_FIELD_UID))
		rec->uid = leader->real_cred->euid.val;
	if (has_field(MMCPUS_FIELD_THREADS))
		rec->nr_threads = leader->signal->nr_threads;
	if (!bpf_core_field_exists(leader->cgroups)) /* CONFIG_CGROUPS=n */
		rec->known &= ~(uint32_t)MMCPUS_FIELD_CGROUP;
	else if (has_field(MMCPUS_FIELD_CGROUP))
		rec->cgroup = leader->cgroups->dfl_cgrp->kn->id;
}

enum mm_read {
	MM_READ,
	MM_NONE,    /* no address space: a kernel thread, or on its way out */
	MM_CHANGED, /* the record is a mix of two mms (exec), or of one that is gone: worth another try */
};

/* Fill @rec with the process of @leader and the mm of @member, which is the leader or another thread of it. */
static __always_inline enum mm_read read_mm(const struct task_struct *leader, const struct task_struct *member,
					    const struct pid_view *view, struct mm_record *rec)
{
	struct mmcpus_cpuset *active = record_set(rec, MM_RECORD_ACTIVE);
	const struct mm_struct *mm = member->mm;

	if (!mm)
		return MM_NONE;
	read_identity(mm, rec);
	rec->known = walk.fields;
	if (!bpf_core_field_exists(member->on_cpu)) /* CONFIG_SMP=n */
		rec->known &= ~(uint32_t)MMCPUS_FIELD_RUNNING;
	rec->set_bytes = set_bytes();
	active->nr_cpus = walk.nr_cpus;
	active->reserved = 0;
	if (!read_mask(mm, active->words))
		return MM_CHANGED;
	if (has_field(MMCPUS_FIELD_FLUSH | MMCPUS_FIELD_RESIDENCY))
		read_asid(mm, rec);
	if (has_field(MMCPUS_FIELD_RESIDENCY))
		read_flushes(mm, rec);
	if (has_field(MMCPUS_FIELD_RSS))
		read_rss(mm, rec);
	if (has_field(PROCESS_FIELDS))
		read_process(leader, view, rec);
	return is_same_mm(member, mm, rec) ? MM_READ : MM_CHANGED;
}

#endif
