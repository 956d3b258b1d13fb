/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel side: the rows that shootdowns and other calls are counted in, how one is taken for a sender or for the task that
 * was interrupted, and who these are.
 */
#ifndef MMCPUS_BPF_SHOOTDOWN_ROWS_H
#define MMCPUS_BPF_SHOOTDOWN_ROWS_H

#include "pid_view.bpf.h"
#include "shootdown_record.h"
#include "shootdown_ring.bpf.h"

#define PF_EXITING 0x00000004

#define MAX_RETRIES 8

struct shootdown_control control;

const volatile struct shootdown_settings settings;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct shootdown_row));
	__uint(max_entries, SHOOTDOWN_NR_ROWS);
} rows SEC(".maps");

/* SHOOTDOWN_NR_SETS sets for each row. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(uint64_t));
	__uint(max_entries, 1); /* set before loading */
} row_sets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(key_size, sizeof(struct shootdown_key));
	__uint(value_size, sizeof(uint32_t));
	__uint(max_entries, SHOOTDOWN_NR_ROWS);
} row_of SEC(".maps");

/* Of words of 64 bits: the kernel lays out smaller ones at the same distance. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(uint64_t));
	__uint(max_entries, SHOOTDOWN_NR_ROWS);
} free_rows SEC(".maps");

/* One set: the CPUs whose hits count, if not all do. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(uint64_t));
	__uint(max_entries, 1); /* set before loading */
} watched SEC(".maps");

static struct pid_view view;

/* --------------------------------------------------------------------------------------------------------- counting -- */

/* The clock that programs can read in any context may go back by some ns when it is adjusted, and differ between CPUs. */
static __always_inline uint64_t time_since(uint64_t begin_ns, uint64_t end_ns)
{
	return end_ns > begin_ns ? end_ns - begin_ns : 0;
}

static __always_inline uint32_t bucket_of(uint64_t ns)
{
	uint32_t bucket = 0;

	if (ns >> 32)
		return SHOOTDOWN_NR_BUCKETS - 1;
	for (uint32_t step = 16; step; step /= 2)
		if (ns >> (bucket + step))
			bucket += step;
	return bucket & (SHOOTDOWN_NR_BUCKETS - 1);
}

static __always_inline void raise(uint64_t *max, uint64_t value)
{
	rolled_for(int i = 0; i < MAX_RETRIES; i++) {
		uint64_t old = *(volatile uint64_t *)max;

		if (value <= old || __sync_val_compare_and_swap(max, old, value) == old)
			return;
	}
}

/* word: number of the word in the set. */
static __always_inline void add_word_to_set(uint32_t row, uint32_t set, uint32_t word, uint64_t bits)
{
	uint32_t index = (row * SHOOTDOWN_NR_SETS + set) * settings.nr_words + word;
	uint64_t *known = bpf_map_lookup_elem(&row_sets, &index);

	if (known && bits & ~*(volatile uint64_t *)known)
		__sync_fetch_and_or(known, bits);
}

static __always_inline void add_to_set(uint32_t row, uint32_t set, uint32_t cpu)
{
	add_word_to_set(row, set, cpu / 64, 1ull << cpu % 64);
}

static __always_inline bool is_watched(uint32_t cpu)
{
	uint32_t index = cpu / 64;
	uint64_t *word;

	if (!settings.is_filtered)
		return true;
	word = bpf_map_lookup_elem(&watched, &index);
	return word && *word >> cpu % 64 & 1;
}

/* What has sent something is not silent, even if nothing of it counts. */
static __always_inline void note_use(struct shootdown_row *row)
{
	if (!*(volatile uint32_t *)&row->was_used)
		*(volatile uint32_t *)&row->was_used = 1;
}

/* ------------------------------------------------------------------------------------------------------------- rows -- */

/* head: of the ring of free rows, from now on. */
static __always_inline void note_free(uint32_t head)
{
	uint32_t nr_free = *(volatile uint32_t *)&control.free_tail - head;

	if (nr_free < SHOOTDOWN_ROWS_SCARCE && !*(volatile uint32_t *)&control.is_scarce &&
	    !__sync_lock_test_and_set(&control.is_scarce, 1))
		wake_reader();
}

/* A free row; SHOOTDOWN_OTHER_ROW if there is none. */
static __always_inline uint32_t take_free_row(void)
{
	for (int i = 0; i < MAX_RETRIES; i++) {
		uint32_t head = *(volatile uint32_t *)&control.free_head;
		uint32_t slot = head % SHOOTDOWN_NR_ROWS;
		const volatile uint64_t *free;
		uint32_t index;

		if (head == *(volatile uint32_t *)&control.free_tail)
			break;
		free = bpf_map_lookup_elem(&free_rows, &slot);
		if (!free)
			break;
		index = (uint32_t)*free; /* before it is taken: after that, the library may give another back there */
		if (__sync_val_compare_and_swap(&control.free_head, head, head + 1) == head) {
			note_free(head + 1);
			return index;
		}
	}
	return SHOOTDOWN_OTHER_ROW;
}

static __always_inline void name_task(struct shootdown_task *ret, const struct task_struct *task)
{
	const struct task_struct *leader;
	int32_t tid = 0;
	int32_t tgid = 0;

	READ(ret->thread_comm, task->comm);
	ret->tid = READ(tid, task->pid) ? number_seen(task, tid, &view) : 0;
	ret->pid = 0;
	ret->comm[0] = '\0';
	if (!READ(leader, task->group_leader))
		return;
	READ(ret->comm, leader->comm);
	ret->pid = READ(tgid, task->tgid) ? number_seen(leader, tgid, &view) : 0;
}

/*
 * An exiting task has given its mm up, and has it loaded still while it frees what is in it. A kernel thread may have the mm of
 * another for a while.
 */
static __always_inline bool is_own_mm(const struct task_struct *task, const struct mm_struct *mm)
{
	const struct mm_struct *loaded;
	const struct mm_struct *own;
	uint32_t task_flags;

	if (!READ(own, task->mm) || !READ(loaded, task->active_mm) || !READ(task_flags, task->flags))
		return false;
	if (task_flags & PF_KTHREAD)
		return false;
	return own == mm || (!own && loaded == mm && task_flags & PF_EXITING);
}

/* Whose mm it is: of the sender if it is its own, else by mm->owner. */
static __always_inline void name_owner(struct shootdown_row *row, const struct task_struct *sender, uint64_t mm_address)
{
	const struct mm_struct *mm = (const void *)mm_address;
	const struct task_struct *owner = NULL;
	int32_t tgid;

	row->owner_pid = 0;
	row->owner_comm[0] = '\0';
	if (!mm)
		return;
	if (is_own_mm(sender, mm))
		owner = sender;
	else if (bpf_core_field_exists(mm->owner))
		READ(owner, mm->owner);
	if (!owner || !READ(owner, owner->group_leader) || !READ(tgid, owner->tgid) ||
	    !READ(row->owner_comm, owner->comm))
		return;
	row->owner_pid = number_seen(owner, tgid, &view);
	row->flags |= SHOOTDOWN_ROW_OWNER_NAMED;
}

static __always_inline uint64_t cgroup_of(const struct task_struct *task)
{
	const struct css_set *css;
	const struct cgroup *cgroup;
	const struct kernfs_node *node;
	uint64_t id;

	if (!bpf_core_field_exists(task->cgroups) || !READ(css, task->cgroups) || !READ(cgroup, css->dfl_cgrp) ||
	    !READ(node, cgroup->kn) || !READ(id, node->id))
		return 0;
	return id;
}

static __always_inline bool is_same_key(const struct shootdown_key *a, const struct shootdown_key *b)
{
	return a->start_ns == b->start_ns && a->owner_id == b->owner_id && a->tid == b->tid && a->cause == b->cause &&
	       a->kind == b->kind && a->stack == b->stack && a->victim == b->victim && a->cpu == b->cpu;
}

/*
 * Is this the row of that key still? One that the library has forgotten is about to be free. The key is read last: if the row
 * becomes another's meanwhile, that shows.
 */
static __always_inline bool is_row_of(const struct shootdown_row *row, const struct shootdown_key *key)
{
	if (!*(volatile const uint32_t *)&row->is_taken ||
	    *(volatile const uint32_t *)&row->flags & SHOOTDOWN_ROW_FORGOTTEN)
		return false;
	asm volatile("" ::: "memory");
	return is_same_key(&row->key, key);
}

/*
 * Enter a new row under its key. Another CPU may have been faster, as with what interrupts do: then it is that one's row. If
 * the key can't be kept, its flush is counted with the others.
 */
static __always_inline uint32_t enter_row(struct shootdown_row *row, uint32_t index, const struct shootdown_key *key)
{
	const uint32_t *known;
	bool is_entered;

	row->key = *key;
	is_entered = bpf_map_update_elem(&row_of, key, &index, BPF_NOEXIST) == 0;
	if (!is_entered) /* or the library would have the other's key forgotten when it gives this one back */
		row->flags |= SHOOTDOWN_ROW_FORGOTTEN;
	__sync_lock_test_and_set(&row->is_taken, 1);
	if (is_entered)
		return index;
	known = bpf_map_lookup_elem(&row_of, key);
	return known ? *known : SHOOTDOWN_OTHER_ROW;
}

/* ------------------------------------------------------------------------------------------------------ victims -- */

static __always_inline uint32_t make_victim_row(const struct shootdown_key *key, const struct shootdown_row *of)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();
	uint32_t index = take_free_row();
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (!key || !of || !row || index == SHOOTDOWN_OTHER_ROW)
		return SHOOTDOWN_OTHER_ROW;
	row->flags = of->flags & ~SHOOTDOWN_ROW_FORGOTTEN;
	row->cgroup = of->cgroup;
	row->sender = of->sender;
	row->owner_pid = of->owner_pid;
	__builtin_memcpy(row->owner_comm, of->owner_comm, sizeof(row->owner_comm));
	name_task(&row->victim, task);
	return enter_row(row, index, key);
}

/*
 * What hits have in common that share a row. Those of a pair do whatever the CPU, whose numbers are in a set. Those of a CPU do
 * whoever sends, for there would be as many rows as senders times CPUs: only what is called remains.
 */
static __always_inline void fill_victim_key(struct shootdown_key *key, const struct shootdown_row *of, uint32_t cpu)
{
	*key = of->key;
	key->stack = 0;
	if (settings.with_victims == SHOOTDOWN_VICTIMS_PAIRS) {
		key->victim = (int32_t)(bpf_get_current_pid_tgid() >> 32);
		key->cpu = 1;
		return;
	}
	key->cpu = (uint16_t)(cpu + 1);
	key->start_ns = 0;
	key->tid = 0;
	key->cause = SHOOTDOWN_CAUSE_UNKNOWN;
	if (key->kind != SHOOTDOWN_KIND_CALL && key->kind != SHOOTDOWN_KIND_KERNEL)
		key->owner_id = 0;
}

/* The row of a sender's flushes on this CPU or this task. */
static __always_inline uint32_t find_victim_row(uint32_t cpu, const struct shootdown_row *of)
{
	struct shootdown_key key;
	uint32_t *known;

	fill_victim_key(&key, of, cpu);
	known = bpf_map_lookup_elem(&row_of, &key);
	return known ? *known : make_victim_row(&key, of);
}

/*
 * In the row of the sender, or of what it did to this CPU's task, if that is wanted. other: the row of what finds no room.
 * First the count, then the CPU: the library looks at them the other way round, and again at the CPU.
 */
static __always_inline void count_hit(struct shootdown_row *row, uint32_t index, uint32_t other, uint32_t cpu,
				      uint64_t stolen_ns)
{
	if (settings.with_victims && index != other) {
		index = find_victim_row(cpu, row);
		if (index == SHOOTDOWN_OTHER_ROW)
			index = other;
		row = bpf_map_lookup_elem(&rows, &index);
		if (!row)
			return;
	}
	__sync_fetch_and_add(&row->counts.hits, 1);
	__sync_fetch_and_add(&row->counts.stolen_ns, stolen_ns);
	__sync_fetch_and_add(&row->counts.stolen_log2[bucket_of(stolen_ns)], 1);
	raise(&row->counts.stolen_max_ns, stolen_ns);
	add_to_set(index, SHOOTDOWN_SET_HIT, cpu);
}

#endif
