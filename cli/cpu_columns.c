/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu_columns.h"

#include <errno.h>
#include <stdlib.h>

#include "getters.h"
#include "slots.h"
#include "xalloc.h"

#define GETTER(name) TYPED_GETTER(name, struct cpu_view, uint32_t cpu, *(const uint32_t *)row)

static int give_truth(bool truth, struct value *ret)
{
	ret->truth = truth;
	return 0;
}

/* ----------------------------------------------------------------------------------------------------- the machine -- */

GETTER(get_cpu)
{
	ret->number = cpu;
	return 0;
}

/* An offline CPU belongs to no node. */
GETTER(get_node)
{
	const struct mmcpus_cpuset *nodes = mmcpus_system_set(view->sys, MMCPUS_SYSTEM_NODES);

	for (uint32_t node = 0; nodes && mmcpus_cpuset_next(nodes, node, &node) > 0; node++) {
		const struct mmcpus_cpuset *cpus = mmcpus_system_node_cpus(view->sys, node);

		if (!cpus || !mmcpus_cpuset_has(cpus, cpu))
			continue;
		ret->number = node;
		return 0;
	}
	return -ENODATA;
}

static int give_membership(const struct mmcpus_cpuset *set, uint32_t cpu, struct value *ret)
{
	return set ? give_truth(mmcpus_cpuset_has(set, cpu), ret) : -ENODATA;
}

GETTER(get_online)
{
	return give_membership(mmcpus_system_set(view->sys, MMCPUS_SYSTEM_ONLINE), cpu, ret);
}

/* That it is in none of the lists which can be read says nothing of those which can't. */
GETTER(get_isolated)
{
	const struct mmcpus_cpuset *isolated = mmcpus_system_set(view->sys, MMCPUS_SYSTEM_ISOLATED);
	bool is_isolated = isolated && mmcpus_cpuset_has(isolated, cpu);
	bool is_complete = mmcpus_system_set(view->sys, MMCPUS_SYSTEM_ISOLCPUS) &&
			   mmcpus_system_set(view->sys, MMCPUS_SYSTEM_PARTITIONS);

	return is_isolated || is_complete ? give_truth(is_isolated, ret) : -ENODATA;
}

GETTER(get_nohz_full)
{
	return give_membership(mmcpus_system_set(view->sys, MMCPUS_SYSTEM_NOHZ_FULL), cpu, ret);
}

/* -------------------------------------------------------------------------------------------------- what it holds -- */

static bool has_residency(const struct cpu_view *view)
{
	return mmcpus_snapshot_fields(view->snap) & MMCPUS_FIELD_RESIDENCY;
}

/* It runs nothing and holds nothing, whatever its variables have been left with. */
static bool is_offline(const struct cpu_view *view, uint32_t cpu)
{
	const struct mmcpus_cpuset *online = mmcpus_system_set(view->sys, MMCPUS_SYSTEM_ONLINE);

	return has_residency(view) && online && !mmcpus_cpuset_has(online, cpu);
}

/* NULL: nothing is known, or there is nothing to know. */
static const struct mmcpus_cpu *held_by(const struct cpu_view *view, uint32_t cpu)
{
	return is_offline(view, cpu) ? NULL : mmcpus_snapshot_cpu(view->snap, cpu);
}

static int get_task_ids(const struct cpu_view *view, uint32_t cpu, int32_t *ret_tid, int32_t *ret_pid)
{
	const struct mmcpus_cpu *held = held_by(view, cpu);

	return held ? mmcpus_cpu_task(held, ret_tid, ret_pid) : -ENODATA;
}

GETTER(get_pid)
{
	int32_t tid;
	int32_t pid = 0;
	int err = get_task_ids(view, cpu, &tid, &pid);

	ret->number = (uint64_t)pid;
	return err;
}

GETTER(get_tid)
{
	int32_t tid = 0;
	int32_t pid;
	int err = get_task_ids(view, cpu, &tid, &pid);

	ret->number = (uint64_t)tid;
	return err;
}

GETTER(get_comm)
{
	const struct mmcpus_cpu *held = held_by(view, cpu);

	if (is_offline(view, cpu))
		return give_text("", ret);
	return held ? give_text(mmcpus_cpu_comm(held), ret) : -ENODATA;
}

/* All processes of an address space: who names it first, then those that share it. */
static int give_processes(const struct cpu_view *view, const struct mmcpus_mm *mm, struct value *ret)
{
	size_t nr_sharers = 0;

	if (!mm)
		return -ENODATA;
	if (mmcpus_mm_nr_sharers(mm, &nr_sharers))
		nr_sharers = 0;
	ret->pids = xcalloc(nr_sharers + 1, sizeof(*ret->pids));
	ret->pids[0] = mmcpus_mm_pid(mm);
	ret->nr_pids = 1 + mmcpus_mm_sharers(view->snap, mm, ret->pids + 1, nr_sharers);
	return 0;
}

GETTER(get_loaded)
{
	const struct mmcpus_cpu *held = held_by(view, cpu);
	uint64_t id;

	if (is_offline(view, cpu))
		return 0;
	if (!held || mmcpus_cpu_loaded_id(held, &id))
		return -ENODATA;
	return id == MMCPUS_KERNEL_MM_ID ? 0 : give_processes(view, mmcpus_snapshot_find_mm(view->snap, id), ret);
}

GETTER(get_mm)
{
	const struct mmcpus_cpu *held = held_by(view, cpu);

	return held ? mmcpus_cpu_loaded_id(held, &ret->number) : -ENODATA;
}

GETTER(get_lazy)
{
	const struct mmcpus_cpu *held = held_by(view, cpu);

	if (is_offline(view, cpu))
		return give_truth(false, ret);
	return held ? give_truth(mmcpus_cpu_is_lazy(held), ret) : -ENODATA;
}

static enum slot_state state_of(const struct mmcpus_snapshot *snap, const struct mmcpus_cpu_slot *slot)
{
	int is_current = mmcpus_cpu_slot_is_current(snap, slot);

	return is_current < 0 ? SLOT_UNKNOWN : is_current ? SLOT_CURRENT : SLOT_BEHIND;
}

static void list_slots(const struct mmcpus_snapshot *snap, const struct mmcpus_cpu *held, struct slot_list *ret)
{
	struct mmcpus_cpu_slot slot;

	for (size_t i = 0; mmcpus_cpu_slot(held, i, &slot) == 0; i++) {
		const struct mmcpus_mm *mm = mmcpus_snapshot_find_mm(snap, slot.mm_id);
		const struct slot entry = {
			.number = (uint32_t)i,
			.mm_id = slot.mm_id,
			.pid = mm ? mmcpus_mm_pid(mm) : 0,
			.is_kernel = slot.mm_id == MMCPUS_KERNEL_MM_ID,
			.is_loaded = slot.is_loaded,
			.state = state_of(snap, &slot),
		};

		if (slot.mm_id)
			slot_list_add(ret, &entry);
	}
}

GETTER(get_slots)
{
	const struct mmcpus_cpu *held = held_by(view, cpu);

	if (held)
		list_slots(view->snap, held, &ret->slots);
	return held || is_offline(view, cpu) ? 0 : -ENODATA;
}

GETTER(get_nr_slots)
{
	const struct mmcpus_cpu *held = held_by(view, cpu);
	struct slot_list slots = { 0 };

	if (held)
		list_slots(view->snap, held, &slots);
	ret->number = slots.nr_slots;
	slot_list_deinit(&slots);
	return held || is_offline(view, cpu) ? 0 : -ENODATA;
}

/* ------------------------------------------------------------------------------------------------- who concerns it -- */

static int give_count(const uint64_t *counts, uint32_t cpu, struct value *ret)
{
	if (!counts)
		return -ENODATA;
	ret->number = counts[cpu];
	return 0;
}

GETTER(get_nr_active)
{
	return give_count(view->counts.active, cpu, ret);
}

GETTER(get_nr_targets)
{
	return give_count(view->counts.targets, cpu, ret);
}

/* --------------------------------------------------------------------------------------------- the answer itself -- */

GETTER(get_torn)
{
	const struct mmcpus_cpu *held = held_by(view, cpu);

	if (is_offline(view, cpu))
		return give_truth(false, ret);
	return held ? give_truth(mmcpus_cpu_is_torn(held), ret) : -ENODATA;
}

/* Who is not seen is not counted. */
static bool has_all_counts(const struct cpu_view *view)
{
	struct mmcpus_reason why;

	return view->counts.active && mmcpus_system_sees_all_pids(view->sys) && !mmcpus_snapshot_dropped(view->snap) &&
	       !mmcpus_source_is_restricted(view->src, &why);
}

GETTER(get_quality)
{
	bool lacks_residency = view->wanted & MMCPUS_FIELD_RESIDENCY && !has_residency(view);
	enum mmcpus_quality quality = mmcpus_source_quality(view->src);

	(void)cpu;
	if (quality == MMCPUS_EXACT && (lacks_residency || !has_all_counts(view)))
		quality = MMCPUS_PARTIAL;
	return give_text(mmcpus_quality_name(quality), ret);
}

GETTER(get_backend)
{
	(void)cpu;
	return give_text(mmcpus_source_backend(view->src), ret);
}

/* ---------------------------------------------------------------------------------------------------- the rows -- */

static const struct column columns[] = {
	{ "CPU", "cpu", VALUE_NUMBER, COLUMN_IS_DEFAULT, 0, get_cpu, "its number" },
	{ "NODE", "node", VALUE_NUMBER, COLUMN_IS_DEFAULT, 0, get_node, "its NUMA node" },
	{ "ONLINE", "online", VALUE_TRUTH, COLUMN_IS_DEFAULT, 0, get_online, "is it in use?" },
	{ "ISOLATED", "isolated", VALUE_TRUTH, COLUMN_IS_DEFAULT, 0, get_isolated,
	  "is it isolated, in whichever way?" },
	{ "NOHZ_FULL", "nohz_full", VALUE_TRUTH, 0, 0, get_nohz_full, "is it one of nohz_full=?" },
	{ "PID", "pid", VALUE_NUMBER, COLUMN_IS_DEFAULT, MMCPUS_FIELD_RESIDENCY, get_pid,
	  "process that it runs; 0: it idles" },
	{ "TID", "tid", VALUE_NUMBER, 0, MMCPUS_FIELD_RESIDENCY, get_tid, "thread that it runs; 0: it idles" },
	{ "COMMAND", "command", VALUE_TEXT, COLUMN_IS_DEFAULT | COLUMN_CAN_TRUNCATE, MMCPUS_FIELD_RESIDENCY, get_comm,
	  "name of that thread" },
	{ "LOADED", "loaded", VALUE_PIDS, COLUMN_IS_DEFAULT, MMCPUS_FIELD_RESIDENCY, get_loaded,
	  "processes whose address space it has loaded; none: the kernel's own" },
	{ "MM", "mm", VALUE_ID, 0, MMCPUS_FIELD_RESIDENCY, get_mm, "identity of that address space" },
	{ "LAZY", "lazy", VALUE_TRUTH, COLUMN_IS_DEFAULT, MMCPUS_FIELD_RESIDENCY, get_lazy,
	  "does it idle or run a kernel thread on it?" },
	{ "SLOTS", "slots", VALUE_SLOTS, COLUMN_IS_DEFAULT, MMCPUS_FIELD_RESIDENCY, get_slots,
	  "ASID slots in use, each with the process it is kept for; *: loaded, !: behind" },
	{ "NR_SLOTS", "nr_slots", VALUE_NUMBER, 0, MMCPUS_FIELD_RESIDENCY, get_nr_slots, "number of slots in use" },
	{ "NR_ACTIVE", "nr_active", VALUE_NUMBER, COLUMN_IS_DEFAULT, 0, get_nr_active,
	  "number of address spaces that have it in ACTIVE" },
	{ "NR_TARGETS", "nr_targets", VALUE_NUMBER, COLUMN_IS_DEFAULT, MMCPUS_FIELD_RESIDENCY, get_nr_targets,
	  "number of address spaces whose flush would interrupt it now" },
	{ "TORN", "torn", VALUE_TRUTH, 0, MMCPUS_FIELD_RESIDENCY, get_torn,
	  "was it in the middle of a switch whenever it was looked at?" },
	{ "QUALITY", "quality", VALUE_TEXT, 0, 0, get_quality, "exact, partial or estimate" },
	{ "BACKEND", "backend", VALUE_TEXT, 0, 0, get_backend, "backend that answered" },
};

static char *why_unknown(const struct column *column, const struct mmcpus_system *sys)
{
	if (column->get != get_nohz_full || mmcpus_system_set(sys, MMCPUS_SYSTEM_NOHZ_FULL))
		return NULL;
	return xstrdup("there is no list in /sys/devices/system/cpu/nohz_full, which takes CONFIG_NO_HZ_FULL");
}

const struct column_set cpu_columns = { columns, ARRAY_SIZE(columns), "cpus", why_unknown };
