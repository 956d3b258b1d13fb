// SPDX-License-Identifier: GPL-2.0-only
/*
 * One call, one snapshot: walk all processes with the open-coded task iterator and write a record for each mm into a
 * map that the library reads in place. Leaders only, or all threads: then a process's threads follow its leader, and
 * each adds to the record that the first of them with an mm has opened.
 *
 * Tasks are handled through bpf_rdonly_cast(): for each pointer loaded from a trusted pointer the verifier searches
 * all of the kernel's types several times by name, milliseconds at load; a cast pointer is exempt.
 */
#include "mm_read.bpf.h"

/* The reader's. One to a loaded program, and thus to a reader. */
static struct pid_view view;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, MM_BLOCK_BYTES);
	__uint(max_entries, 1); /* set before loading, from the number of tasks */
} blocks SEC(".maps");

static __always_inline const struct task_struct *as_task(const void *task)
{
	return bpf_rdonly_cast(task, bpf_core_type_id_kernel(struct task_struct));
}

/* What has the iterator (6.7) has these counters. */
static __always_inline int64_t mm_rss_pages(const struct mm_struct *mm)
{
	return mm_rss_since_6_2(mm);
}

/* The record at walk.used; NULL when the map is full. */
static __always_inline struct mm_record *record(void)
{
	uint32_t index = walk.used / MM_BLOCK_BYTES;
	uint32_t offset = walk.used % MM_BLOCK_BYTES;
	void *block = bpf_map_lookup_elem(&blocks, &index);

	if (!block || offset > MM_BLOCK_BYTES - MM_RECORD_MAX)
		return 0;
	return block + offset;
}

/* Work on the words of a set one at a time, for bpf_loop(). */
struct set_words {
	uint64_t *words;
	uint64_t bitmap; /* address of the kernel's */
};

static long clear_word(uint32_t index, struct set_words *set)
{
	set->words[index % MM_SET_WORDS_MAX] = 0;
	return 0;
}

static long or_word(uint32_t index, struct set_words *set)
{
	uint64_t word;

	if (bpf_probe_read_kernel(&word, sizeof(word), (const void *)(set->bitmap + index * sizeof(word))))
		return 1;
	set->words[index % MM_SET_WORDS_MAX] |= word;
	return 0;
}

static __always_inline void set_clear(struct mmcpus_cpuset *set)
{
	struct set_words all = { .words = set->words };

	set->nr_cpus = walk.nr_cpus;
	set->reserved = 0;
	if (walk.nr_words == 1)
		set->words[0] = 0;
	else
		bpf_loop(walk.nr_words, clear_word, &all, 0);
}

static __always_inline void or_allowed(struct mmcpus_cpuset *set, const struct task_struct *task)
{
	struct set_words all = { .words = set->words, .bitmap = (uint64_t)&task->cpus_mask };

	if (walk.nr_words == 1)
		set->words[0] |= task->cpus_mask.bits[0];
	else
		bpf_loop(walk.nr_words, or_word, &all, 0);
	set->words[(walk.nr_words - 1) % MM_SET_WORDS_MAX] &= walk.last_word;
}

static __always_inline void or_running(struct mmcpus_cpuset *set, const struct task_struct *task)
{
	uint32_t cpu = running_cpu(task);

	if (cpu != MM_RECORD_NONE)
		set->words[(cpu / 64) % MM_SET_WORDS_MAX] |= 1ull << (cpu % 64);
}

/*
 * The steps of a visit are global functions, which the verifier checks once each and not anew on every path that leads
 * to them: 2 ms at load instead of 90. They take the task's address as a plain number.
 */

/* A walk that leaves out threads need not look. */
static __always_inline bool is_leader(const struct task_struct *task)
{
	return !walk.visit_threads || task->pid == task->tgid;
}

/* Read the mm of a task into the record. */
static __always_inline enum mm_read open_record(const struct task_struct *task, struct mm_record *rec)
{
	const struct task_struct *leader = task;

	if (!is_leader(task))
		leader = task->group_leader;
	rec->pid = pid_seen(leader, &view);
	if (!rec->pid)
		return MM_NONE;
	return read_mm(leader, task, &view, rec);
}

/* Begin ALLOWED and RUNNING of the record at walk.used as empty sets. */
__noinline int clear_thread_sets(void)
{
	struct mm_record *rec = record();

	if (!rec)
		return 0;
	set_clear(record_set(rec, MM_RECORD_ALLOWED));
	set_clear(record_set(rec, MM_RECORD_RUNNING));
	return 0;
}

/* Add a thread to ALLOWED and RUNNING of the record at walk.used. */
__noinline int add_thread(uint64_t task_address)
{
	const struct task_struct *task = as_task((void *)task_address);
	struct mm_record *rec = record();

	if (!rec)
		return 0;
	or_allowed(record_set(rec, MM_RECORD_ALLOWED), task);
	or_running(record_set(rec, MM_RECORD_RUNNING), task);
	return 0;
}

/* The record at walk.used, if there is one, is complete. */
static __always_inline void close_record(void)
{
	if (walk.state == MM_WALK_RECORD)
		walk.used = mm_record_place(walk.used + walk.step);
	walk.state = MM_WALK_NOTHING;
}

static __always_inline enum mm_read find_mm(const struct task_struct *task)
{
	struct mm_record *rec = record();
	enum mm_read outcome;

	if (!rec) { /* full: go on, to tell how much room it takes */
		walk.state = MM_WALK_RECORD;
		return MM_READ;
	}
	outcome = open_record(task, rec);
	if (outcome != MM_READ)
		return outcome;
	walk.state = MM_WALK_RECORD;
	if (walk.fields & THREAD_FIELDS)
		clear_thread_sets();
	return MM_READ;
}

/* MM_CHANGED: worth another visit. */
__noinline int visit(uint64_t task_address)
{
	const struct task_struct *task = as_task((void *)task_address);
	enum mm_read outcome = MM_READ;

	if (is_leader(task))
		close_record();
	if (task->flags & PF_KTHREAD)
		return MM_NONE;
	if (!task->mm) {
		walk.orphans += !walk.visit_threads && task->signal->nr_threads > 1;
		return MM_NONE;
	}
	if (walk.state != MM_WALK_RECORD)
		outcome = find_mm(task);
	if (walk.state == MM_WALK_RECORD && walk.fields & THREAD_FIELDS)
		add_thread(task_address);
	return outcome;
}

/* Through memory, a pointer becomes a plain number. */
static volatile uint64_t current_address;

SEC("syscall")
int walk_mms(void *unused __attribute__((unused)))
{
	struct bpf_iter_task tasks;
	struct task_struct *task;

	walk.used = 0;
	walk.state = MM_WALK_NOTHING;
	walk.dropped = 0;
	walk.orphans = 0;
	walk.layout = mm_layout();
	if (walk.layout != MM_LAYOUT_OK)
		return 0;
	pid_view_init(&view, as_task((void *)bpf_get_current_task()));
	bpf_rcu_read_lock();
	bpf_iter_task_new(&tasks, 0, walk.visit_threads ? ITER_ALL_THREADS : ITER_ALL_PROCESSES);
	while ((task = bpf_iter_task_next(&tasks))) {
		current_address = (uint64_t)task;
		if (visit(current_address) == MM_CHANGED && visit(current_address) == MM_CHANGED)
			walk.dropped++;
	}
	bpf_iter_task_destroy(&tasks);
	bpf_rcu_read_unlock();
	close_record();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
