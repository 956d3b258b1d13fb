/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: how a task came into the kernel: what the entry code has left at the outer end of its stack. */
#ifndef MMCPUS_BPF_SHOOTDOWN_ENTRY_H
#define MMCPUS_BPF_SHOOTDOWN_ENTRY_H

#include "cast_read.bpf.h"
#include "shootdown_cpu.bpf.h"
#include "shootdown_rows.bpf.h"

/* Includes linux/ptrace.h, of user space, if it is allowed to. */
struct pt_regs {
	unsigned long ax;
	unsigned long orig_ax;
} KERNEL_TYPE;

/* Called once, by any task: each has its registers of user space at the same place. */
static __always_inline void find_registers(struct cpu_state *state)
{
	struct task_struct *task = bpf_get_current_task_btf();

	control.registers_offset = (uint32_t)(number_of((const void *)bpf_task_pt_regs(task), &state->scratch) -
					      number_of(task->stack, &state->scratch));
}

/*
 * Where they are. task: the current one. Through memory, for 7.2 takes a pointer to nothing in particular for one; what
 * interrupts this has the same task, and leaves the same there.
 */
static __always_inline uint64_t registers_at(const struct task_struct *task, struct cpu *own)
{
	return number_of(task->stack, &own->state.task_stack) + own->shared.registers_offset;
}

/* The kernel's own function for this takes as long as all else in a key: it is for kernels that allow no casts. */
static __always_inline const struct pt_regs *entry_registers(struct task_struct *task, struct cpu *own)
{
	return can_cast ? CAST(struct pt_regs, registers_at(task, own)) : (const void *)bpf_task_pt_regs(task);
}

/* The last thing that the kernel's entry code pushed is where it calls from: just below the registers of user space. */
static __always_inline uint64_t entry_return(const struct pt_regs *regs)
{
	uint64_t address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), (const void *)regs - sizeof(address));
	return address;
}

#endif
