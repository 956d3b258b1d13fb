// SPDX-License-Identifier: LGPL-2.1-or-later
/* The CPU sets of an address space: read ones, and those that follow from them and from what the CPUs hold. */
#include <errno.h>

#include "snapshot.h"

static bool has_residency(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm)
{
	return snap->known & snap->wanted & MMCPUS_FIELD_RESIDENCY && mm->record.flags & MM_RECORD_HAS_ID;
}

/* ---------------------------------------------------------------------------------------------------- of threads -- */

static const struct mmcpus_cpuset *thread_set(const struct mmcpus_mm *mm, uint32_t field, enum mm_record_set which)
{
	return mm->record.known & field ? record_set(&mm->record, which) : NULL;
}

static const struct mmcpus_cpuset *allowed_set(const struct mmcpus_mm *mm)
{
	return thread_set(mm, MMCPUS_FIELD_ALLOWED, MM_RECORD_ALLOWED);
}

static const struct mmcpus_cpuset *running_set(const struct mmcpus_mm *mm)
{
	return thread_set(mm, MMCPUS_FIELD_RUNNING, MM_RECORD_RUNNING);
}

static int copy_known(struct mmcpus_cpuset *ret, const struct mmcpus_cpuset *set)
{
	if (!set)
		return -ENODATA;
	mmcpus_cpuset_copy(ret, set);
	return 0;
}

static int set_stray(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, struct mmcpus_cpuset *ret)
{
	const struct mmcpus_cpuset *active = mmcpus_mm_active(snap, mm);
	const struct mmcpus_cpuset *allowed = allowed_set(mm);

	if (!active || !allowed)
		return -ENODATA;
	mmcpus_cpuset_copy(ret, active);
	mmcpus_cpuset_andnot(ret, allowed);
	return 0;
}

static int set_exposed(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, struct mmcpus_cpuset *ret)
{
	const struct mmcpus_cpuset *active = mmcpus_mm_active(snap, mm);
	const struct mmcpus_cpuset *isolated = mmcpus_system_set(snap->sys, MMCPUS_SYSTEM_ISOLATED);

	if (!active || !isolated)
		return -ENODATA;
	mmcpus_cpuset_copy(ret, active);
	mmcpus_cpuset_and(ret, isolated);
	return 0;
}

/* ---------------------------------------------------------------------------------------------- of what CPUs hold -- */

/* Does a CPU, in the way that this entry tells, belong to a set? */
typedef bool (*is_member_fn)(const struct mmcpus_mm *mm, const struct residency_entry *entry,
			     const struct cpu_record *cpu);

static bool is_loaded(const struct mmcpus_mm *mm, const struct residency_entry *entry __attribute__((unused)),
		      const struct cpu_record *cpu)
{
	return cpu->loaded_id == mm->record.mm_id;
}

static bool is_lazy(const struct mmcpus_mm *mm, const struct residency_entry *entry, const struct cpu_record *cpu)
{
	return is_loaded(mm, entry, cpu) && cpu->flags & CPU_RECORD_LAZY;
}

static bool is_cached(const struct mmcpus_mm *mm __attribute__((unused)), const struct residency_entry *entry,
		      const struct cpu_record *cpu __attribute__((unused)))
{
	return entry->slot < CPU_NR_SLOTS;
}

static bool is_behind(const struct mmcpus_mm *mm, const struct residency_entry *entry, const struct cpu_record *cpu)
{
	return is_cached(mm, entry, cpu) && cpu->slots[entry->slot].tlb_gen < mm->record.tlb_gen;
}

static int set_held(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, is_member_fn is_member,
		    struct mmcpus_cpuset *ret)
{
	const struct residency *res = &snap->residency;
	const struct residency_entry *entry;

	if (!has_residency(snap, mm))
		return -ENODATA;
	for (entry = residency_first(res, mm->record.mm_id); entry; entry = residency_next(res, entry))
		if (is_member(mm, entry, residency_cpu(res, entry->cpu)))
			mmcpus_cpuset_add(ret, entry->cpu);
	return 0;
}

/* A CPU that switches may be about to load it, and one that is offline has nothing loaded and is not interrupted. */
static bool has_another_loaded(const struct mmcpus_mm *mm, const struct cpu_record *cpu)
{
	return cpu && !(cpu->flags & CPU_RECORD_SWITCHING) && cpu->loaded_id != mm->record.mm_id;
}

static int set_stale(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, struct mmcpus_cpuset *ret)
{
	const struct mmcpus_cpuset *online = mmcpus_system_set(snap->sys, MMCPUS_SYSTEM_ONLINE);
	const struct mmcpus_cpuset *active = mmcpus_mm_active(snap, mm);

	if (!active || !has_residency(snap, mm))
		return -ENODATA;
	mmcpus_cpuset_copy(ret, active);
	if (online)
		mmcpus_cpuset_and(ret, online);
	for (uint32_t cpu = 0; mmcpus_cpuset_next(ret, cpu, &cpu) > 0; cpu++)
		if (!has_another_loaded(mm, residency_cpu(&snap->residency, cpu)))
			mmcpus_cpuset_remove(ret, cpu);
	return 0;
}

/* ------------------------------------------------------------------------------------------------------ of flushes -- */

/*
 * As should_flush_tlb() in arch/x86/mm/tlb.c decides for a CPU of the mask, where no page tables are freed. A CPU that is
 * lazy catches up by itself; one that switches may be anywhere. The others have another mm loaded: they are asked where
 * the kernel clears the mask in this way, and it is time.
 */
static bool is_target(const struct mmcpus_mm *mm, const struct cpu_record *cpu)
{
	if (mm->record.flags & MM_RECORD_MOVING_ASID)
		return true;
	if (cpu->flags & CPU_RECORD_LAZY)
		return false;
	return cpu->flags & CPU_RECORD_SWITCHING || cpu->loaded_id == mm->record.mm_id ||
	       mm->record.flags & MM_RECORD_ASKS_STALE;
}

static int set_targets(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, struct mmcpus_cpuset *ret)
{
	const struct mmcpus_cpuset *online = mmcpus_system_set(snap->sys, MMCPUS_SYSTEM_ONLINE);
	const struct mmcpus_cpuset *active = mmcpus_mm_active(snap, mm);

	if (!active || !has_residency(snap, mm) || !(mm->record.flags & MM_RECORD_KNOWS_ASID))
		return -ENODATA;
	if (mm->record.flags & MM_RECORD_GLOBAL_ASID)
		return 0;
	mmcpus_cpuset_copy(ret, active);
	if (online)
		mmcpus_cpuset_and(ret, online);
	for (uint32_t cpu = 0; mmcpus_cpuset_next(ret, cpu, &cpu) > 0; cpu++) {
		const struct cpu_record *rec = residency_cpu(&snap->residency, cpu);

		if (!rec || !is_target(mm, rec))
			mmcpus_cpuset_remove(ret, cpu);
	}
	return 0;
}

/* ------------------------------------------------------------------------------------------------------- the sets -- */

int mmcpus_mm_set(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, enum mmcpus_mm_set which,
		  struct mmcpus_cpuset *ret)
{
	mmcpus_cpuset_clear(ret);
	switch (which) {
	case MMCPUS_SET_ACTIVE:
		return copy_known(ret, mmcpus_mm_active(snap, mm));
	case MMCPUS_SET_ALLOWED:
		return copy_known(ret, allowed_set(mm));
	case MMCPUS_SET_RUNNING:
		return copy_known(ret, running_set(mm));
	case MMCPUS_SET_STRAY:
		return set_stray(snap, mm, ret);
	case MMCPUS_SET_EXPOSED:
		return set_exposed(snap, mm, ret);
	case MMCPUS_SET_LOADED:
		return set_held(snap, mm, is_loaded, ret);
	case MMCPUS_SET_LAZY:
		return set_held(snap, mm, is_lazy, ret);
	case MMCPUS_SET_CACHED:
		return set_held(snap, mm, is_cached, ret);
	case MMCPUS_SET_BEHIND:
		return set_held(snap, mm, is_behind, ret);
	case MMCPUS_SET_STALE:
		return set_stale(snap, mm, ret);
	case MMCPUS_SET_TARGETS:
		return set_targets(snap, mm, ret);
	}
	return -ENODATA;
}

/* As the CPU must have it while it runs a thread of it. */
static bool is_in_use_on(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, uint32_t cpu)
{
	const struct cpu_record *rec = residency_cpu(&snap->residency, cpu);

	return rec && is_loaded(mm, NULL, rec) && !is_lazy(mm, NULL, rec);
}

/* Is there an entry of a CPU whose record is a mix, or which has it loaded though it is not in the mask? */
static bool has_torn_entry(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm)
{
	const struct mmcpus_cpuset *active = mmcpus_mm_active(snap, mm);
	const struct residency *res = &snap->residency;
	const struct residency_entry *entry;

	for (entry = residency_first(res, mm->record.mm_id); entry; entry = residency_next(res, entry)) {
		const struct cpu_record *cpu = residency_cpu(res, entry->cpu);

		if (cpu->flags & CPU_RECORD_CHANGED)
			return true;
		if (active && is_loaded(mm, entry, cpu) && !mmcpus_cpuset_has(active, entry->cpu))
			return true;
	}
	return false;
}

static bool runs_elsewhere(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm)
{
	const struct mmcpus_cpuset *running = running_set(mm);

	for (uint32_t cpu = 0; running && mmcpus_cpuset_next(running, cpu, &cpu) > 0; cpu++)
		if (!is_in_use_on(snap, mm, cpu))
			return true;
	return false;
}

bool mmcpus_mm_is_torn(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm)
{
	return has_residency(snap, mm) && (has_torn_entry(snap, mm) || runs_elsewhere(snap, mm));
}
