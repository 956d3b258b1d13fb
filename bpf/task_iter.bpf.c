// SPDX-License-Identifier: GPL-2.0-only
/*
 * A snapshot on kernels without the open-coded task iterator: the kernel calls this once for each thread while the
 * library read()s, and each record that matters goes out through the seq_file. A record with thread fields speaks of
 * one thread only, and the library joins those of a process; without, a process whose leader has exited yields one for
 * each thread that has the mm.
 */
#include "mm_read.bpf.h"

/* The reader's. One to a loaded program, and thus to a reader. */
static struct pid_view view;

/* A record is too large for the stack. One slot is enough: reads of one iterator do not run side by side. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, MM_RECORD_MAX);
} scratch SEC(".maps");

static __always_inline int64_t mm_rss_pages(const struct mm_struct *mm)
{
	return bpf_core_type_exists(struct mm_rss_stat) ? mm_rss_before_6_2((const void *)mm) : mm_rss_since_6_2(mm);
}

static __always_inline struct mmcpus_cpuset *thread_set(struct mm_record *rec, uint32_t index)
{
	struct mmcpus_cpuset *set = record_set(rec, index);

	set->nr_cpus = walk.nr_cpus;
	set->reserved = 0;
	return set;
}

static __always_inline void read_thread(struct mm_record *rec, const struct task_struct *task)
{
	struct mmcpus_cpuset *allowed = thread_set(rec, MM_RECORD_ALLOWED);

	copy_words(allowed->words, &task->cpus_mask);
	rec->running_cpu = running_cpu(task);
	/* the library makes the set of it */
	thread_set(rec, MM_RECORD_RUNNING);
}

/* Is this the thread that stands for its process, or is every thread wanted? */
static __always_inline bool is_wanted(const struct task_struct *task)
{
	return walk.visit_threads || task->pid == task->tgid || !task->group_leader->mm;
}

SEC("iter/task")
int iterate_mms(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	enum mm_read outcome;
	struct mm_record *rec;
	uint32_t zero = 0;

	walk.layout = mm_layout();
	if (walk.layout != MM_LAYOUT_OK || !task || task->flags & PF_KTHREAD || !is_wanted(task))
		return 0;
	rec = bpf_map_lookup_elem(&scratch, &zero);
	if (!rec)
		return 0;
	pid_view_init(&view, (void *)bpf_get_current_task_btf());
	rec->pid = pid_seen(task->group_leader, &view);
	if (!rec->pid)
		return 0;
	outcome = read_mm(task->group_leader, task, &view, rec);
	if (outcome == MM_CHANGED)
		outcome = read_mm(task->group_leader, task, &view, rec);
	if (outcome == MM_CHANGED)
		walk.dropped++;
	if (outcome != MM_READ)
		return 0;
	if (walk.fields & THREAD_FIELDS)
		read_thread(rec, task);
	bpf_seq_write(ctx->meta->seq, rec, record_bytes());
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
