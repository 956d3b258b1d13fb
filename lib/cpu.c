// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a CPU holds and runs, as callers read it. */
#include <errno.h>

#include "snapshot.h"

const struct mmcpus_cpu *mmcpus_snapshot_cpu(const struct mmcpus_snapshot *snap, uint32_t cpu)
{
	return (const struct mmcpus_cpu *)residency_cpu(&snap->residency, cpu);
}

int mmcpus_cpu_loaded_id(const struct mmcpus_cpu *cpu, uint64_t *ret)
{
	*ret = cpu->record.loaded_id;
	return cpu->record.flags & CPU_RECORD_SWITCHING || !*ret ? -ENODATA : 0;
}

bool mmcpus_cpu_is_lazy(const struct mmcpus_cpu *cpu)
{
	return cpu->record.flags & CPU_RECORD_LAZY;
}

bool mmcpus_cpu_is_torn(const struct mmcpus_cpu *cpu)
{
	return cpu->record.flags & CPU_RECORD_CHANGED;
}

size_t mmcpus_cpu_nr_slots(const struct mmcpus_cpu *cpu)
{
	return sizeof(cpu->record.slots) / sizeof(cpu->record.slots[0]);
}

int mmcpus_cpu_slot(const struct mmcpus_cpu *cpu, size_t index, struct mmcpus_cpu_slot *ret)
{
	if (index >= mmcpus_cpu_nr_slots(cpu))
		return -ERANGE;
	*ret = (struct mmcpus_cpu_slot){
		.mm_id = cpu->record.slots[index].mm_id,
		.tlb_gen = cpu->record.slots[index].tlb_gen,
		.is_loaded = cpu->record.loaded_slot == index,
	};
	return 0;
}

int mmcpus_cpu_slot_is_current(const struct mmcpus_snapshot *snap, const struct mmcpus_cpu_slot *slot)
{
	const struct mmcpus_mm *mm = mmcpus_snapshot_find_mm(snap, slot->mm_id);

	return mm ? slot->tlb_gen >= mm->record.tlb_gen : -ENODATA;
}

int mmcpus_cpu_task(const struct mmcpus_cpu *cpu, int32_t *ret_tid, int32_t *ret_pid)
{
	bool is_seen = cpu->record.pid || cpu->record.flags & CPU_RECORD_IDLE;

	*ret_tid = cpu->record.pid;
	*ret_pid = cpu->record.tgid;
	return cpu->record.flags & CPU_RECORD_TASK && is_seen ? 0 : -ENODATA;
}

const char *mmcpus_cpu_comm(const struct mmcpus_cpu *cpu)
{
	return cpu->record.flags & CPU_RECORD_TASK ? cpu->record.comm : NULL;
}

bool mmcpus_cpu_is_idle(const struct mmcpus_cpu *cpu)
{
	return cpu->record.flags & CPU_RECORD_IDLE;
}

bool mmcpus_cpu_runs_kernel_thread(const struct mmcpus_cpu *cpu)
{
	return cpu->record.flags & CPU_RECORD_KTHREAD;
}
