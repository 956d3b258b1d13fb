// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who interrupts whom: counts each TLB shootdown in a row of its sender, its cause and the address space that it is
 * for, on the sending CPU and on every CPU that it hits.
 *
 * The kernel describes a flush in a per-CPU variable of the sender, flush_tlb_info, for as long as it waits. It is read
 * when the sender is about to send, and a CPU that is hit is handed its address, and thereby finds the sender.
 *
 * The sender is seen by fentry of native_flush_tlb_multi(), which is handed the description. Built once more, for kernels
 * that do not let that happen, with the tracepoint that is in there, tlb:tlb_flush (WITH_TRACEPOINT). It also fires for
 * each flush that is not sent to anybody, and the description must be found: how per-CPU variables are found without a
 * symbol is told in percpu_units.bpf.h.
 *
 * The CPUs that are hit are seen by csd:csd_function_entry and _exit (6.5). Built once more, for kernels that lack these,
 * with fentry and fexit of the function that they call (WITH_FENTRY).
 *
 * Other calls of functions on other CPUs (WITH_CALLS) take programs and a map that flushes do without. They are built once
 * more, with tracepoints alone, so that they load wherever there are any to count.
 */
#ifdef WITH_TRACEPOINT
#include "percpu_units.bpf.h"
#endif
#include "pid_view.bpf.h"
#include "shootdown_record.h"

/* Includes linux/ptrace.h, of user space, if it is allowed to. */
struct pt_regs {
	unsigned long orig_ax;
} KERNEL_TYPE;

/* arch/x86/include/asm/thread_info.h: in thread_info.status */
#define TS_COMPAT 0x0002

#define PF_EXITING 0x00000004

/* arch/x86/include/asm/tlbflush.h */
#define TLB_FLUSH_ALL (~0ull)
#define PAGE_SHIFT    12

#define MAX_RETRIES 8

struct shootdown_control control;

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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(uint32_t));
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

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, SHOOTDOWN_STACK_FRAMES * sizeof(uint64_t));
	__uint(max_entries, 1); /* set before loading */
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, SHOOTDOWN_STACK_FRAMES * sizeof(uint64_t));
	__uint(max_entries, 1); /* set before loading, to fit the key */
} user_stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* set before loading */
} events SEC(".maps");

/* What a CPU is doing: the flush that it sends, and the one that it carries out for another. */
struct cpu_state {
	uint64_t info_at; /* address of its flush_tlb_info; 0: unknown */
	uint64_t info;    /* the same while a flush that it describes is under way, or was the last */
	uint64_t mm;      /* of the flush that it sent last */
	uint64_t end;
	uint64_t sent_ns;
	uint64_t wait_ns; /* until the end of the latest hit so far */
	uint32_t row;
	uint32_t is_counted; /* as sent */
	uint64_t id;
	uint64_t start;
	uint32_t kind;
	uint32_t reserved;
	uint64_t preempt_at; /* address of its preemption count; 0: unknown */
	uint64_t reserved_line[5];

	uint64_t hit_ns;
	uint64_t hit_token; /* what tells the end of this hit from others'; 0: none is under way */
	uint32_t sender;    /* CPU that it works for */
	uint32_t call_row;  /* that the call which it carries out is counted in */
	uint64_t call_ns;
	uint64_t call_token; /* as hit_token */
	uint64_t reserved_last[3];
};

_Static_assert(sizeof(struct cpu_state) == 192, "whole cache lines");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* begins with a page, and so with a cache line */
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct cpu_state));
	__uint(max_entries, 1); /* set before loading, to the number of CPUs */
} cpu_states SEC(".maps");

static struct pid_view view;

/* ------------------------------------------------------------------------------------------ the kernel's description -- */

#define INFO_BYTES 64

struct flush {
	uint64_t mm;
	uint64_t start;
	uint64_t end;
	uint32_t initiating_cpu;
	bool is_freeing_tables;
};

static __always_inline bool knows_info(void)
{
	return bpf_core_type_exists(struct flush_tlb_info) && bpf_core_field_exists(struct flush_tlb_info, mm) &&
	       bpf_core_field_exists(struct flush_tlb_info, start) &&
	       bpf_core_field_exists(struct flush_tlb_info, end) &&
	       bpf_core_field_exists(struct flush_tlb_info, initiating_cpu) &&
	       bpf_core_field_exists(struct flush_tlb_info, freed_tables);
}

/* Read at once: five reads would cost five times as much. */
static __always_inline bool read_flush(struct flush *ret, uint64_t info)
{
	char bytes[INFO_BYTES] __attribute__((aligned(8)));

	if (bpf_probe_read_kernel(bytes, sizeof(bytes), (const void *)info))
		return false;
	ret->mm = *(uint64_t *)(bytes + bpf_core_field_offset(struct flush_tlb_info, mm));
	ret->start = *(uint64_t *)(bytes + bpf_core_field_offset(struct flush_tlb_info, start));
	ret->end = *(uint64_t *)(bytes + bpf_core_field_offset(struct flush_tlb_info, end));
	ret->initiating_cpu = *(uint32_t *)(bytes + bpf_core_field_offset(struct flush_tlb_info, initiating_cpu));
	ret->is_freeing_tables = *(uint8_t *)(bytes + bpf_core_field_offset(struct flush_tlb_info, freed_tables));
	return true;
}

static __always_inline uint32_t kind_of(const struct flush *flush)
{
	if (!flush->mm)
		return SHOOTDOWN_KIND_BATCH;
	if (flush->is_freeing_tables)
		return SHOOTDOWN_KIND_TABLES;
	return flush->end == TLB_FLUSH_ALL ? SHOOTDOWN_KIND_WHOLE : SHOOTDOWN_KIND_RANGE;
}

/* --------------------------------------------------------------------------------------------------------- counting -- */

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
	for (int i = 0; i < MAX_RETRIES; i++) {
		uint64_t old = *(volatile uint64_t *)max;

		if (value <= old || __sync_val_compare_and_swap(max, old, value) == old)
			return;
	}
}

static __always_inline void add_to_set(uint32_t row, uint32_t set, uint32_t cpu)
{
	uint32_t index = (row * SHOOTDOWN_NR_SETS + set) * control.nr_words + cpu / 64;
	uint64_t *word = bpf_map_lookup_elem(&row_sets, &index);

	if (word && !(*(volatile uint64_t *)word >> cpu % 64 & 1))
		__sync_fetch_and_or(word, 1ull << cpu % 64);
}

static __always_inline bool is_watched(uint32_t cpu)
{
	uint32_t index = cpu / 64;
	uint64_t *word;

	if (!control.is_filtered)
		return true;
	word = bpf_map_lookup_elem(&watched, &index);
	return word && *word >> cpu % 64 & 1;
}

/* ------------------------------------------------------------------------------------------------------------- rows -- */

/* A free row; SHOOTDOWN_OTHER_ROW if there is none. */
static __always_inline uint32_t take_free_row(void)
{
	for (int i = 0; i < MAX_RETRIES; i++) {
		uint32_t head = *(volatile uint32_t *)&control.free_head;
		uint32_t slot = head % SHOOTDOWN_NR_ROWS;
		uint32_t *index;

		if (head == *(volatile uint32_t *)&control.free_tail)
			break;
		index = bpf_map_lookup_elem(&free_rows, &slot);
		if (index && __sync_val_compare_and_swap(&control.free_head, head, head + 1) == head)
			return *index;
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

/* An exiting task has given its mm up, and has it loaded still while it frees what is in it. */
static __always_inline bool is_own_mm(const struct task_struct *task, const struct mm_struct *mm)
{
	const struct mm_struct *loaded;
	const struct mm_struct *own;
	uint32_t task_flags;

	if (!READ(own, task->mm) || !READ(loaded, task->active_mm) || !READ(task_flags, task->flags))
		return false;
	return own == mm || (!own && loaded == mm && task_flags & PF_EXITING && !(task_flags & PF_KTHREAD));
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

/* Enter a new row under its key; if the key can't be kept, its flush is counted with the others. */
static __always_inline uint32_t enter_row(struct shootdown_row *row, uint32_t index, const struct shootdown_key *key)
{
	row->key = *key;
	__sync_lock_test_and_set(&row->is_taken, 1);
	if (bpf_map_update_elem(&row_of, key, &index, BPF_NOEXIST))
		return SHOOTDOWN_OTHER_ROW;
	return index;
}

/* ------------------------------------------------------------------------------------------------------- the sender -- */

/* The last thing that the kernel's entry code pushed is where it calls from: just below the registers of user space. */
static __always_inline uint64_t entry_return(const struct pt_regs *regs)
{
	uint64_t address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), (const void *)regs - sizeof(address));
	return address;
}

static __always_inline int32_t cause_of_entry(struct task_struct *task, uint32_t task_flags)
{
	const struct pt_regs *regs = (const void *)bpf_task_pt_regs(task);
	long number;

	if (task_flags & PF_EXITING) /* whatever it was in when it was killed */
		return SHOOTDOWN_CAUSE_EXIT;
	number = (long)regs->orig_ax;
	if (number >= 0 && number < SHOOTDOWN_CAUSE_COMPAT)
		return (int32_t)number | (task->thread_info.status & TS_COMPAT ? SHOOTDOWN_CAUSE_COMPAT : 0);
	if (control.fault_return && entry_return(regs) == control.fault_return)
		return SHOOTDOWN_CAUSE_FAULT;
	return SHOOTDOWN_CAUSE_UNKNOWN;
}

static __noinline uint32_t make_sender_row(const struct shootdown_key *key, uint64_t mm)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();
	uint32_t index = take_free_row();
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);
	uint32_t task_flags = 0;

	if (!key || !row || index == SHOOTDOWN_OTHER_ROW)
		return SHOOTDOWN_OTHER_ROW;
	READ(task_flags, task->flags);
	row->flags = task_flags & PF_KTHREAD ? SHOOTDOWN_ROW_KTHREAD : 0;
	row->cgroup = cgroup_of(task);
	name_task(&row->sender, task);
	name_owner(row, task, mm);
	return enter_row(row, index, key);
}

/* 0: not known, or of many. Most flush their own, which is read without a call. */
static __always_inline uint64_t id_of_mm(const struct task_struct *task, uint64_t address)
{
	const struct mm_struct *mm = (const void *)address;
	const struct mm_struct *own = task->mm;
	uint64_t id = 0;

	if (!mm || !bpf_core_field_exists(mm->context.ctx_id))
		return 0;
	if ((uint64_t)own == address)
		return own->context.ctx_id;
	READ(id, mm->context.ctx_id);
	return id;
}

static __always_inline void fill_key(struct shootdown_key *key, void *ctx, const struct flush *flush, uint32_t kind)
{
	struct task_struct *task = bpf_get_current_task_btf();
	uint32_t task_flags = task->flags;

	key->start_ns = task->start_boottime;
	key->tid = task->pid;
	key->owner_id = id_of_mm(task, flush->mm);
	key->cause = task_flags & PF_KTHREAD ? SHOOTDOWN_CAUSE_KTHREAD : cause_of_entry(task, task_flags);
	key->kind = (uint16_t)kind;
	key->stack = -1;
	key->user_stack = -1;
	if (control.with_stacks)
		key->stack = (int32_t)bpf_get_stackid(ctx, &stacks, 0);
	if (control.with_stacks == SHOOTDOWN_STACKS_BOTH && !(task_flags & PF_KTHREAD))
		key->user_stack = (int16_t)bpf_get_stackid(ctx, &user_stacks, BPF_F_USER_STACK);
	key->victim = 0;
	key->cpu = 0;
}

/* Of ranges only. */
static __always_inline uint64_t pages_of(const struct cpu_state *state)
{
	if (state->kind == SHOOTDOWN_KIND_UNKNOWN || state->end == TLB_FLUSH_ALL || state->end < state->start)
		return 0;
	return (state->end - state->start) >> PAGE_SHIFT;
}

/* ----------------------------------------------------------------------------------------------------------- events -- */

/* NULL: there is no room, and that is counted. */
static __always_inline struct shootdown_event *begin_event(const struct cpu_state *sender, uint32_t type, uint32_t cpu)
{
	struct shootdown_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&control.nr_dropped, 1);
		return NULL;
	}
	event->id = sender->id;
	event->type = type;
	event->cpu = cpu;
	event->row = sender->row;
	event->kind = sender->kind;
	event->start = sender->start;
	event->end = sender->end;
	event->stolen_ns = 0;
	event->wait_ns = 0;
	return event;
}

/* The reader looks by itself now and then: it is woken only when it must not wait any longer. */
static __always_inline void end_event(struct shootdown_event *event)
{
	bool is_urgent = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= control.wakeup_bytes;

	bpf_ringbuf_submit(event, is_urgent ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

static __always_inline void tell_sent(const struct cpu_state *sender, uint32_t cpu)
{
	struct shootdown_event *event = begin_event(sender, SHOOTDOWN_EVENT_SENT, cpu);

	if (!event)
		return;
	event->time_ns = sender->sent_ns;
	__builtin_memset(&event->victim, 0, sizeof(event->victim));
	end_event(event);
}

static __always_inline void tell_hit(const struct cpu_state *sender, uint32_t cpu, uint64_t begin_ns, uint64_t end_ns)
{
	struct shootdown_event *event = begin_event(sender, SHOOTDOWN_EVENT_HIT, cpu);

	if (!event)
		return;
	event->time_ns = end_ns;
	event->stolen_ns = end_ns - begin_ns;
	event->wait_ns = end_ns - sender->sent_ns;
	name_task(&event->victim, (const void *)bpf_get_current_task());
	end_event(event);
}

/* ------------------------------------------------------------------------------------------------------ the sending -- */

static __always_inline void count_sent(struct shootdown_row *row, const struct cpu_state *state)
{
	uint64_t pages = pages_of(state);

	__sync_fetch_and_add(&row->counts.sent, 1);
	if (pages)
		__sync_fetch_and_add(&row->counts.pages, pages);
}

/* info: address of the sender's description; 0 if it is unknown. */
static __always_inline void send(void *ctx, struct cpu_state *state, uint32_t cpu, uint64_t info)
{
	uint32_t kind = SHOOTDOWN_KIND_UNKNOWN;
	struct flush flush = { .end = TLB_FLUSH_ALL };
	struct shootdown_key key;
	struct shootdown_row *row;
	uint32_t *known;
	uint32_t index;

	state->info = 0;
	if (control.layout == SHOOTDOWN_LAYOUT_OK && info && read_flush(&flush, info)) {
		kind = kind_of(&flush);
		state->info = info;
	}
	fill_key(&key, ctx, &flush, kind);
	known = bpf_map_lookup_elem(&row_of, &key);
	index = known ? *known : make_sender_row(&key, flush.mm);
	row = bpf_map_lookup_elem(&rows, &index);
	if (!row)
		return;
	state->mm = flush.mm;
	state->end = flush.end;
	state->start = flush.start;
	state->kind = kind;
	state->row = index;
	state->wait_ns = 0;
	state->id = (state->id | (uint64_t)cpu << 48) + 1;
	state->is_counted = !control.is_filtered;
	add_to_set(index, SHOOTDOWN_SET_SENDERS, cpu);
	if (state->is_counted)
		count_sent(row, state);
	state->sent_ns = bpf_ktime_get_ns();
	if (control.with_events && state->is_counted)
		tell_sent(state, cpu);
}

#ifdef WITH_TRACEPOINT

SEC("raw_tp/tlb_flush")
int on_tlb_flush(struct bpf_raw_tracepoint_args *ctx)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu_state *state;

	if ((int)ctx->args[0] != (int)bpf_core_enum_value(enum tlb_flush_reason, TLB_REMOTE_SEND_IPI))
		return 0;
	state = bpf_map_lookup_elem(&cpu_states, &cpu);
	if (state)
		send(ctx, state, cpu, state->info_at);
	return 0;
}

#else

/* 5.13: 4ce94eabac16 ("x86/mm/tlb: Flush remote and local TLBs concurrently"). Called with the set of CPUs as well. */
SEC("fentry/native_flush_tlb_multi")
int on_tlb_flush(unsigned long long *ctx)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu_state *state = bpf_map_lookup_elem(&cpu_states, &cpu);

	if (state)
		send(ctx, state, cpu, ctx[1]);
	return 0;
}

#endif

/* ------------------------------------------------------------------------------------------------- CPUs that are hit -- */

static __noinline uint32_t make_victim_row(const struct shootdown_key *key, const struct shootdown_row *of)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();
	uint32_t index = take_free_row();
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (!key || !of || !row || index == SHOOTDOWN_OTHER_ROW)
		return SHOOTDOWN_OTHER_ROW;
	row->flags = of->flags;
	row->cgroup = of->cgroup;
	row->sender = of->sender;
	row->owner_pid = of->owner_pid;
	__builtin_memcpy(row->owner_comm, of->owner_comm, sizeof(row->owner_comm));
	name_task(&row->victim, task);
	if (!key->victim)
		row->flags |= SHOOTDOWN_ROW_IDLE_VICTIM;
	return enter_row(row, index, key);
}

/* The row of a sender's flushes on this CPU and this task. */
static __always_inline uint32_t find_victim_row(uint32_t cpu, const struct shootdown_row *of)
{
	struct shootdown_key key = of->key;
	uint32_t *known;

	key.victim = (int32_t)(bpf_get_current_pid_tgid() >> 32);
	key.cpu = cpu + 1;
	known = bpf_map_lookup_elem(&row_of, &key);
	return known ? *known : make_victim_row(&key, of);
}

/* token: what begin and end of a call have in common. One of the two may be missing, where the kernel left it out. */
static __always_inline void begin_hit(uint64_t info, uint64_t token)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu_state *own;
	struct cpu_state *sender;
	struct flush flush;

	if (!info || !read_flush(&flush, info) || flush.initiating_cpu == cpu)
		return;
	sender = bpf_map_lookup_elem(&cpu_states, &flush.initiating_cpu);
	/* Some other callback's data, a flush that was not seen when it was sent, or one of the kernel's own range. */
	if (!sender || sender->info != info || sender->mm != flush.mm || sender->end != flush.end)
		return;
	own = bpf_map_lookup_elem(&cpu_states, &cpu);
	if (!own)
		return;
	if (!control.was_hit) /* every CPU reads what is around it: it is not written without need */
		control.was_hit = 1;
	if (!is_watched(cpu))
		return;
	own->sender = flush.initiating_cpu;
	own->hit_token = token;
	own->hit_ns = bpf_ktime_get_ns();
}

/* The sender waits until its last hit has finished: each hit that ends later than those before makes it longer. */
static __always_inline void count_wait(struct cpu_state *sender, struct shootdown_row *row, uint64_t wait_ns)
{
	for (int i = 0; i < MAX_RETRIES; i++) {
		uint64_t old = *(volatile uint64_t *)&sender->wait_ns;

		if (wait_ns <= old)
			return;
		if (__sync_val_compare_and_swap(&sender->wait_ns, old, wait_ns) != old)
			continue;
		__sync_fetch_and_add(&row->counts.wait_ns, wait_ns - old);
		raise(&row->counts.wait_max_ns, wait_ns);
		if (old)
			__sync_fetch_and_add(&row->counts.wait_log2[bucket_of(old)], -1);
		__sync_fetch_and_add(&row->counts.wait_log2[bucket_of(wait_ns)], 1);
		return;
	}
}

static __always_inline void count_hit(struct shootdown_row *row, uint32_t index, uint32_t cpu, uint64_t stolen_ns)
{
	__sync_fetch_and_add(&row->counts.hits, 1);
	__sync_fetch_and_add(&row->counts.stolen_ns, stolen_ns);
	__sync_fetch_and_add(&row->counts.stolen_log2[bucket_of(stolen_ns)], 1);
	raise(&row->counts.stolen_max_ns, stolen_ns);
	add_to_set(index, SHOOTDOWN_SET_HIT, cpu);
}

static __always_inline void end_hit(uint64_t token)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu_state *own = bpf_map_lookup_elem(&cpu_states, &cpu);
	struct cpu_state *sender;
	struct shootdown_row *row;
	uint64_t now;
	uint32_t index;
	uint32_t from;

	if (!own || !token || own->hit_token != token)
		return;
	now = bpf_ktime_get_ns();
	from = own->sender;
	own->hit_token = 0;
	sender = bpf_map_lookup_elem(&cpu_states, &from);
	if (!sender)
		return;
	index = sender->row;
	row = bpf_map_lookup_elem(&rows, &index);
	if (!row)
		return;
	if (control.is_filtered && !__sync_lock_test_and_set(&sender->is_counted, 1)) {
		count_sent(row, sender);
		if (control.with_events)
			tell_sent(sender, from);
	}
	if (control.with_events)
		tell_hit(sender, cpu, own->hit_ns, now);
	count_wait(sender, row, now - sender->sent_ns);
	if (control.with_victims && index != SHOOTDOWN_OTHER_ROW) {
		index = find_victim_row(cpu, row);
		row = bpf_map_lookup_elem(&rows, &index);
		if (!row)
			return;
	}
	count_hit(row, index, cpu, now - own->hit_ns);
}

#ifdef WITH_CALLS

/* ------------------------------------------------------------------------------------------------------ other calls -- */

/* Of a call that was queued and has not begun: the row of its sender, by the address of what describes it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(key_size, sizeof(uint64_t));
	__uint(value_size, sizeof(uint32_t));
	__uint(max_entries, 16384);
} calls SEC(".maps");

/* include/linux/preempt.h: in an interrupt of some kind, or in what is left over from one */
#define IN_INTERRUPT 0x00ff0100

/* Whose doing is it? If in doubt, not the task's. */
static __always_inline bool is_in_interrupt(const struct cpu_state *state)
{
	uint32_t count;

	if (!state->preempt_at || bpf_probe_read_kernel(&count, sizeof(count), (const void *)state->preempt_at))
		return true;
	return count & IN_INTERRUPT;
}

/* The flush that this CPU has just said it sends? */
static __always_inline bool is_flush(const struct cpu_state *state, const struct __call_single_data *csd)
{
	struct flush flush;
	uint64_t info;

	return READ(info, csd->info) && info && info == state->info && read_flush(&flush, info) &&
	       flush.mm == state->mm && flush.end == state->end;
}

static __always_inline void fill_call_key(struct shootdown_key *key, void *ctx, uint64_t callback, uint32_t cpu,
					  const struct cpu_state *state)
{
	const struct flush none = {};

	fill_key(key, ctx, &none, SHOOTDOWN_KIND_CALL);
	key->owner_id = callback;
	if (is_in_interrupt(state)) {
		key->start_ns = 0;
		key->tid = 0;
		key->cause = SHOOTDOWN_CAUSE_INTERRUPT;
		key->user_stack = -1;
	} else if (!key->tid) {
		key->start_ns = cpu; /* the idle tasks have nothing else that differs */
	}
}

static __noinline uint32_t make_call_row(const struct shootdown_key *key)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();
	uint32_t index = take_free_row();
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (!key || !row || index == SHOOTDOWN_OTHER_ROW)
		return SHOOTDOWN_OTHER_CALLS;
	row->flags = 0;
	row->cgroup = 0;
	row->owner_pid = 0;
	row->owner_comm[0] = '\0';
	__builtin_memset(&row->sender, 0, sizeof(row->sender));
	if (key->cause != SHOOTDOWN_CAUSE_INTERRUPT) {
		row->cgroup = cgroup_of(task);
		name_task(&row->sender, task);
	}
	index = enter_row(row, index, key);
	return index == SHOOTDOWN_OTHER_ROW ? SHOOTDOWN_OTHER_CALLS : index;
}

/* The row that it is counted in. */
static __always_inline uint32_t count_call(void *ctx, uint64_t callback, uint32_t cpu, uint32_t target,
					   const struct cpu_state *state)
{
	struct shootdown_key key;
	struct shootdown_row *row;
	uint32_t *known;
	uint32_t index;

	fill_call_key(&key, ctx, callback, cpu, state);
	known = bpf_map_lookup_elem(&row_of, &key);
	index = known ? *known : make_call_row(&key);
	row = bpf_map_lookup_elem(&rows, &index);
	if (row)
		__sync_fetch_and_add(&row->counts.sent, 1);
	add_to_set(index, SHOOTDOWN_SET_SENDERS, cpu);
	add_to_set(index, SHOOTDOWN_SET_HIT, target);
	return index;
}

/* 6.4: 68f4ff04dbad ("sched, smp: Trace smp callback causing an IPI"). For each CPU that a function is to run on. */
SEC("raw_tp/csd_queue_cpu")
int on_call(struct bpf_raw_tracepoint_args *ctx)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	const struct cpu_state *state = bpf_map_lookup_elem(&cpu_states, &cpu);
	const struct __call_single_data *csd = (const void *)ctx->args[3];
	uint32_t target = (uint32_t)ctx->args[0];
	uint64_t token = (uint64_t)csd;
	uint32_t index;

	if (!state || target >= control.nr_cpus || !is_watched(target) || is_flush(state, csd))
		return 0;
	index = count_call(ctx, ctx->args[2], cpu, target, state);
	if (bpf_map_update_elem(&calls, &token, &index, BPF_ANY))
		__sync_fetch_and_add(&control.nr_dropped, 1);
	return 0;
}

/* Those that carry calls have been counted when these were queued. */
SEC("raw_tp/ipi_send_cpu")
int on_reschedule(struct bpf_raw_tracepoint_args *ctx)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	const struct cpu_state *state = bpf_map_lookup_elem(&cpu_states, &cpu);
	uint32_t target = (uint32_t)ctx->args[0];

	if (state && !ctx->args[2] && target < control.nr_cpus && is_watched(target))
		count_call(ctx, SHOOTDOWN_CALLBACK_RESCHEDULE, cpu, target, state);
	return 0;
}

static __always_inline void begin_call(uint64_t csd)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu_state *own = bpf_map_lookup_elem(&cpu_states, &cpu);
	uint32_t *row;

	if (!own || !csd || own->hit_token == csd)
		return;
	row = bpf_map_lookup_elem(&calls, &csd);
	if (!row)
		return;
	own->call_row = *row;
	own->call_token = csd;
	bpf_map_delete_elem(&calls, &csd);
	own->call_ns = bpf_ktime_get_ns();
}

static __always_inline void end_call(uint64_t csd)
{
	uint64_t now = bpf_ktime_get_ns();
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu_state *own = bpf_map_lookup_elem(&cpu_states, &cpu);
	struct shootdown_row *row;
	uint32_t index;

	if (!own || !csd || own->call_token != csd)
		return;
	own->call_token = 0;
	index = own->call_row;
	row = bpf_map_lookup_elem(&rows, &index);
	if (!row)
		return;
	if (control.with_victims && index != SHOOTDOWN_OTHER_CALLS) {
		index = find_victim_row(cpu, row);
		if (index == SHOOTDOWN_OTHER_ROW)
			index = SHOOTDOWN_OTHER_CALLS;
		row = bpf_map_lookup_elem(&rows, &index);
		if (!row)
			return;
	}
	count_hit(row, index, cpu, now - own->call_ns);
}

#endif

#ifdef WITH_FENTRY

/* 5.13: 4ce94eabac16 ("x86/mm/tlb: Flush remote and local TLBs concurrently"). Also called for the sender itself. */
SEC("fentry/flush_tlb_func")
int on_hit_begin(unsigned long long *ctx)
{
	begin_hit(ctx[0], ctx[0]);
	return 0;
}

SEC("fexit/flush_tlb_func")
int on_hit_end(unsigned long long *ctx)
{
	end_hit(ctx[0]);
	return 0;
}

#else

/* 6.5: 949fa3f11ced ("trace,smp: Add tracepoints for scheduling remotelly called functions"). Without csd: a local call. */
SEC("raw_tp/csd_function_entry")
int on_hit_begin(struct bpf_raw_tracepoint_args *ctx)
{
	const struct __call_single_data *csd = (const void *)ctx->args[1];
	uint64_t info = 0;

	if (csd && READ(info, csd->info))
		begin_hit(info, (uint64_t)csd);
#ifdef WITH_CALLS
	begin_call((uint64_t)csd);
#endif
	return 0;
}

SEC("raw_tp/csd_function_exit")
int on_hit_end(struct bpf_raw_tracepoint_args *ctx)
{
	end_hit(ctx->args[1]);
#ifdef WITH_CALLS
	end_call(ctx->args[1]);
#endif
	return 0;
}

#endif

/* ------------------------------------------------------------------------------------------------------------ start -- */

/* Attached while the library makes a page fault of its own, and no longer. */
SEC("raw_tp/page_fault_user")
int learn_fault(struct bpf_raw_tracepoint_args *ctx)
{
	if ((int32_t)(bpf_get_current_pid_tgid() >> 32) == control.own_tgid)
		control.fault_return = entry_return((const void *)ctx->args[1]);
	return 0;
}

#ifdef WITH_TRACEPOINT

/* A CPU's own number stands in its description from its first flush on; before that it is 0. */
static __always_inline bool is_plausible(uint64_t info, uint32_t cpu)
{
	struct flush flush;

	return read_flush(&flush, info) && (flush.initiating_cpu == cpu || flush.initiating_cpu == 0);
}

/* The variable is the count itself, or holds it with other things. */
static __always_inline uint64_t preempt_in_variable(void)
{
	if (!bpf_core_field_exists(struct pcpu_hot, preempt_count))
		return 0;
	return bpf_core_field_offset(struct pcpu_hot, preempt_count);
}

static long find_info(uint32_t cpu, void *unused __attribute__((unused)))
{
	struct cpu_state *state = bpf_map_lookup_elem(&cpu_states, &cpu);
	uint64_t element = ruler_on(cpu);
	uint64_t info = element + unit_less_ruler + control.info_offset;

	if (!state)
		return 1;
	if (!element)
		return 0;
	if (!is_plausible(info, cpu)) {
		control.layout = SHOOTDOWN_LAYOUT_MISMATCH;
		return 1;
	}
	state->info_at = info;
	if (control.preempt_offset)
		state->preempt_at = element + unit_less_ruler + control.preempt_offset + preempt_in_variable();
	return 0;
}

static __always_inline uint32_t find_layout(const struct task_struct *self)
{
	if (!knows_info() || !control.info_offset)
		return SHOOTDOWN_LAYOUT_FIELDS;
	return find_units(self, control.anchor_offset) ? SHOOTDOWN_LAYOUT_OK : SHOOTDOWN_LAYOUT_ANCHOR;
}

static __always_inline void find_infos(void)
{
	if (control.layout == SHOOTDOWN_LAYOUT_OK)
		bpf_loop(control.nr_cpus, find_info, 0, 0);
}

#else

static __always_inline uint32_t find_layout(const struct task_struct *self __attribute__((unused)))
{
	return knows_info() ? SHOOTDOWN_LAYOUT_OK : SHOOTDOWN_LAYOUT_FIELDS;
}

static __always_inline void find_infos(void)
{
}

#endif

SEC("syscall")
int start(void *unused __attribute__((unused)))
{
	const struct task_struct *self = (const void *)bpf_get_current_task();

	control.own_tgid = (int32_t)(bpf_get_current_pid_tgid() >> 32);
	pid_view_init(&view, self);
	control.layout = find_layout(self);
	find_infos();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
