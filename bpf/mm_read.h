/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: read one process, and its mm, into a record. Lock-free; what changed hands meanwhile is dropped. */
#ifndef MMCPUS_BPF_MM_READ_H
#define MMCPUS_BPF_MM_READ_H

#include "kernel.h"
#include "mm_record.h"
#include <mmcpus/mmcpus.h>

/* What the library wants: set before each run. One to a loaded program, and thus to a reader. */
struct mm_walk walk;

#define THREAD_FIELDS (MMCPUS_FIELD_ALLOWED | MMCPUS_FIELD_RUNNING)

/* Which pid numbers the reader sees. Level 0 is the initial namespace, which sees all by their global numbers. */
struct {
	uint64_t level;
	uint64_t ns; /* address of the kernel's struct pid_namespace */
} view;

static __always_inline uint32_t mm_layout(void)
{
	if (bpf_core_type_exists(struct percpu_counter_tree))
		return MM_LAYOUT_COUNTER_TREE;
	if (!bpf_core_field_exists(struct mm_struct, cpu_bitmap) &&
	    !bpf_core_field_exists(struct mm_struct___mask_since_6_19, flexible_array))
		return MM_LAYOUT_NO_MASK;
	return MM_LAYOUT_OK;
}

static __always_inline uint32_t mm_mask_offset(void)
{
	if (bpf_core_field_exists(struct mm_struct, cpu_bitmap))
		return bpf_core_field_offset(struct mm_struct, cpu_bitmap);
	return bpf_core_field_offset(struct mm_struct___mask_since_6_19, flexible_array);
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

/* The program's own way to do the same: a program that may load words directly need not call a helper for one word. */
static bool read_words(uint64_t *words, const void *bitmap);

static __always_inline bool has_field(uint32_t field)
{
	return walk.fields & field;
}

/* See the pid namespace as @reader sees it. */
static __always_inline void pid_view_init(const struct task_struct *reader)
{
	const struct pid *pid = reader->thread_pid;

	view.level = pid->level;
	if (bpf_probe_read_kernel(&view.ns, sizeof(view.ns), &pid->numbers[view.level].ns))
		view.ns = 0;
}

/* Number of @task in the reader's namespace, 0 if the reader doesn't see it. */
static __always_inline int32_t pid_seen(const struct task_struct *task)
{
	const struct pid *pid;
	struct {
		int32_t nr;
		uint64_t ns;
	} entry;

	if (view.level == 0)
		return task->tgid;
	pid = task->thread_pid;
	if (!pid || pid->level < view.level)
		return 0;
	if (bpf_core_type_size(struct upid) != sizeof(entry) ||
	    bpf_probe_read_kernel(&entry, sizeof(entry), &pid->numbers[view.level]))
		return 0;
	return entry.ns == view.ns ? entry.nr : 0;
}

static __always_inline uint64_t mm_rss_pages(const struct mm_struct *mm)
{
	const struct mm_struct___rss_before_6_2 *old = (const void *)mm;
	/* MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES; 2 counts swap */
	int64_t pages;

	if (bpf_core_type_exists(struct mm_rss_stat))
		pages = old->rss_stat.count[0].counter + old->rss_stat.count[1].counter +
			old->rss_stat.count[3].counter;
	else
		pages = mm->rss_stat[0].count + mm->rss_stat[1].count + mm->rss_stat[3].count;
	return pages > 0 ? (uint64_t)pages : 0;
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

/* Does @task still have the mm that was read? The address alone could have been freed and used again. */
static __always_inline bool is_same_mm(const struct task_struct *task, const struct mm_struct *mm,
				       const struct mm_record *rec)
{
	if ((uint64_t)task->mm != (uint64_t)mm)
		return false;
	return !bpf_core_field_exists(mm->context.ctx_id) || mm->context.ctx_id == rec->mm_id;
}

/* What names the process; @leader may be a zombie whose threads live on. */
static __always_inline void read_process(const struct task_struct *leader, struct mm_record *rec)
{
	rec->start_ns = leader->start_boottime;
	if (has_field(MMCPUS_FIELD_COMM))
		__builtin_memcpy(rec->comm, leader->comm, sizeof(rec->comm));
	if (has_field(MMCPUS_FIELD_PPID))
		rec->ppid = pid_seen(leader->real_parent);
	if (has_field(MMCPUS_FIELD_UID))
		rec->uid = leader->real_cred->euid.val;
	if (has_field(MMCPUS_FIELD_THREADS))
		rec->nr_threads = leader->signal->nr_threads;
	if (has_field(MMCPUS_FIELD_CGROUP))
		rec->cgroup = leader->cgroups->dfl_cgrp->kn->id;
}

enum mm_read {
	MM_READ,
	MM_NONE,    /* no address space: a kernel thread, or on its way out */
	MM_CHANGED, /* the record is a mix of two mms (exec), or of one that is gone: worth another try */
};

/* Fill @rec with the process of @leader and the mm of @member, which is the leader or another thread of it. */
static __always_inline enum mm_read read_mm(const struct task_struct *leader, const struct task_struct *member,
					    struct mm_record *rec)
{
	struct mmcpus_cpuset *active = record_set(rec, MM_RECORD_ACTIVE);
	const struct mm_struct *mm = member->mm;

	if (!mm)
		return MM_NONE;
	read_identity(mm, rec);
	rec->known = walk.fields;
	rec->set_bytes = set_bytes();
	active->nr_cpus = walk.nr_cpus;
	active->reserved = 0;
	if (!read_words(active->words, (const void *)mm + mm_mask_offset()))
		return MM_CHANGED;
	if (has_field(MMCPUS_FIELD_RSS))
		rec->rss_bytes = mm_rss_pages(mm) * walk.page_bytes;
	read_process(leader, rec);
	return is_same_mm(member, mm, rec) ? MM_READ : MM_CHANGED;
}

#endif
