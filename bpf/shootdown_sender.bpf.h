/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: who sends, and why: the key of the row that it is counted in. */
#ifndef MMCPUS_BPF_SHOOTDOWN_SENDER_H
#define MMCPUS_BPF_SHOOTDOWN_SENDER_H

#include "shootdown_entry.bpf.h"
#include "shootdown_flush.bpf.h"
#include "shootdown_rows.bpf.h"
#include "shootdown_stack.bpf.h"

#define ENOSYS 38

/* arch/x86/include/asm/thread_info.h: in thread_info.status */
#define TS_COMPAT 0x0002

static __always_inline int32_t cause_of_entry(struct task_struct *task, uint32_t task_flags, const struct pt_regs *regs)
{
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

/*
 * NUMA balancing is done on the way back to user space, whatever the kernel was entered for, and by page faults: whether it
 * is that, the stack tells. A system call's result is ENOSYS until it has another; and a page fault that flushes one page is
 * about that page, for it happens too often to look.
 */
static __always_inline bool is_in_doubt(struct task_struct *task, const struct pt_regs *regs, int32_t cause,
					const struct flush *flush, uint32_t kind)
{
	bool is_own = flush->mm && flush->mm == (uint64_t)task->mm;

	if (cause >= 0)
		return is_own && (long)regs->ax != -ENOSYS;
	if (cause == SHOOTDOWN_CAUSE_FAULT)
		return kind == SHOOTDOWN_KIND_BATCH || (is_own && flush->end - flush->start != 1 << PAGE_SHIFT);
	return cause == SHOOTDOWN_CAUSE_UNKNOWN && is_own;
}

static __noinline uint32_t make_sender_row(const struct shootdown_key *key, uint64_t mm,
					   const struct taken_stacks *taken)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();
	uint32_t index = take_free_row();
	struct shootdown_row *row = bpf_map_lookup_elem(&rows, &index);

	if (!key || !row || index == SHOOTDOWN_OTHER_ROW)
		return SHOOTDOWN_OTHER_ROW;
	row->flags = 0;
	row->cgroup = cgroup_of(task);
	name_task(&row->sender, task);
	name_owner(row, task, mm);
	keep_stacks(index, taken);
	return enter_row(row, index, key);
}

/* taken: the stacks of the key; NULL if it has none. */
static __always_inline uint32_t find_sender_row(void *ctx, const struct shootdown_key *key, uint64_t mm,
						struct taken_stacks *taken)
{
	const uint32_t *known = bpf_map_lookup_elem(&row_of, key);

	if (known)
		return *known;
	if (taken && !taken->has_kernel)
		unwind(ctx, taken);
	return make_sender_row(key, mm, taken);
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

/* task: the current one, which sends; regs: its entry_registers(). Stacks are still to be added. */
static __always_inline void fill_key(struct shootdown_key *key, struct task_struct *task, const struct pt_regs *regs,
				     const struct flush *flush, uint32_t kind)
{
	uint32_t task_flags = task->flags;
	bool is_of_kernel = task_flags & (PF_KTHREAD | PF_WORKER); /* a worker's registers are those it was made with */

	key->start_ns = task->start_boottime;
	key->tid = task->pid;
	key->owner_id = id_of_mm(task, flush->mm);
	key->cause = is_of_kernel ? SHOOTDOWN_CAUSE_KTHREAD : cause_of_entry(task, task_flags, regs);
	key->kind = (uint16_t)kind;
	key->stack = 0;
	key->victim = 0;
	key->cpu = 0;
}

#endif
