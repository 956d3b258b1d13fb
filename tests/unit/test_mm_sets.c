/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from the records of CPUs: who holds an mm, and whom a flush of it would interrupt. */
#include "unit.h"

#include "snapshot.h"
#include "system.h"

#define NR_CPUS 8
#define ID      50

/*
 * Our mm: CPU 0 runs it, 1 is lazy on it, 2 keeps a slot that is current, 3 one that is behind, 4 switches, 5 is lazy on
 * another, 6 has another loaded, 7 is as 6 but not in the mask.
 */
static const struct cpu_record cpus[NR_CPUS] = {
	{ .flags = CPU_RECORD_VALID | CPU_RECORD_TASK,
	  .loaded_id = ID,
	  .slots = { { ID, 9 } },
	  .tgid = 7,
	  .pid = 8,
	  .comm = "own" },
	{ .flags = CPU_RECORD_VALID | CPU_RECORD_LAZY | CPU_RECORD_TASK | CPU_RECORD_KTHREAD | CPU_RECORD_IDLE,
	  .loaded_id = ID,
	  .loaded_slot = 2,
	  .slots = { [2] = { ID, 8 } },
	  .comm = "swapper/1" },
	{ .flags = CPU_RECORD_VALID | CPU_RECORD_TASK,
	  .loaded_id = 60,
	  .slots = { { 60, 1 }, { ID, 9 } },
	  .comm = "elsewhere" },
	{ .flags = CPU_RECORD_VALID, .loaded_id = CPU_KERNEL_MM_ID, .slots = { { CPU_KERNEL_MM_ID, 1 }, { ID, 3 } } },
	{ .flags = CPU_RECORD_VALID | CPU_RECORD_SWITCHING | CPU_RECORD_CHANGED },
	{ .flags = CPU_RECORD_VALID | CPU_RECORD_LAZY, .loaded_id = 60, .slots = { { 60, 1 } } },
	{ .flags = CPU_RECORD_VALID, .loaded_id = 61, .slots = { { 61, 1 } } },
	{ .flags = CPU_RECORD_VALID, .loaded_id = 61, .slots = { { 61, 1 } } },
};

struct fixture {
	struct mmcpus_system sys;
	struct mmcpus_snapshot snap;
	const struct mmcpus_mm *mm;
	struct mm_record *rec;
};

static void fixture_init(struct fixture *fix, uint32_t flags)
{
	fix->sys = (struct mmcpus_system){ .nr_cpus = NR_CPUS };
	snapshot_init(&fix->snap, &fix->sys, MMCPUS_EXACT);
	fix->snap.has_active = true;
	snapshot_reset(&fix->snap, MMCPUS_FIELD_RESIDENCY | MMCPUS_FIELD_RUNNING | MMCPUS_FIELD_SHARERS);
	fix->rec = records_add(&fix->snap.recs, NR_CPUS, fix->snap.nr_sets);
	assert_non_null(fix->rec);
	fix->rec->mm_id = ID;
	fix->rec->tlb_gen = 9;
	fix->rec->pid = 7;
	fix->rec->known = MMCPUS_FIELD_RUNNING;
	fix->rec->flags = MM_RECORD_HAS_ID | MM_RECORD_KNOWS_ASID | flags;
	mmcpus_cpuset_parse_list(record_set(fix->rec, MM_RECORD_ACTIVE), "0-6", NULL);
	assert_int_equal(snapshot_index(&fix->snap), 0);
	assert_int_equal(residency_index(&fix->snap.residency, cpus, NR_CPUS, NULL), 0);
	fix->snap.known = fix->snap.wanted;
	fix->mm = mmcpus_snapshot_mm(&fix->snap, 0);
}

static void assert_mm_set(const struct fixture *fix, enum mmcpus_mm_set which, const char *expected)
{
	struct mmcpus_cpuset *set = set_of(NR_CPUS, "all");
	int err = mmcpus_mm_set(&fix->snap, fix->mm, which, set);

	assert_int_equal(err, expected ? 0 : -ENODATA);
	assert_set(set, expected ? expected : "");
	mmcpus_cpuset_destroy(set);
}

static void joins_what_cpus_hold(void **state)
{
	struct fixture fix;

	(void)state;
	fixture_init(&fix, 0);
	assert_mm_set(&fix, MMCPUS_SET_LOADED, "0-1");
	assert_mm_set(&fix, MMCPUS_SET_LAZY, "1");
	assert_mm_set(&fix, MMCPUS_SET_CACHED, "0-3");
	assert_mm_set(&fix, MMCPUS_SET_BEHIND, "1,3");
	assert_mm_set(&fix, MMCPUS_SET_STALE, "2-3,5-6"); /* where 4 switches to is not known */
	snapshot_deinit(&fix.snap);
}

static void targets_follow_the_rule(void **state)
{
	static const struct {
		uint32_t flags;
		const char *targets;
	} cases[] = {
		{ 0, "0,4" },
		{ MM_RECORD_ASKS_STALE, "0,2-4,6" },
		{ MM_RECORD_MOVING_ASID, "0-6" },
		{ MM_RECORD_GLOBAL_ASID, "" },
		{ MM_RECORD_GLOBAL_ASID | MM_RECORD_ASKS_STALE, "" },
	};
	struct fixture fix;

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		fixture_init(&fix, cases[i].flags);
		assert_mm_set(&fix, MMCPUS_SET_TARGETS, cases[i].targets);
		snapshot_deinit(&fix.snap);
	}
}

static void offline_cpus_hold_nothing(void **state)
{
	struct mmcpus_cpuset *online = set_of(NR_CPUS, "1-7");
	struct fixture fix;

	(void)state;
	fixture_init(&fix, 0);
	fix.sys.sets[MMCPUS_SYSTEM_ONLINE] = online;
	assert_int_equal(residency_index(&fix.snap.residency, cpus, NR_CPUS, online), 0);
	assert_mm_set(&fix, MMCPUS_SET_LOADED, "1");
	assert_mm_set(&fix, MMCPUS_SET_TARGETS, "4");
	assert_mm_set(&fix, MMCPUS_SET_STALE, "2-3,5-6");
	mmcpus_cpuset_remove(online, 2);
	assert_mm_set(&fix, MMCPUS_SET_STALE, "3,5-6");
	snapshot_deinit(&fix.snap);
	mmcpus_cpuset_destroy(online);
}

static void unknown_is_not_empty(void **state)
{
	struct fixture fix;

	(void)state;
	fixture_init(&fix, 0);
	fix.snap.known &= ~(uint32_t)MMCPUS_FIELD_RESIDENCY;
	for (enum mmcpus_mm_set set = MMCPUS_SET_LOADED; set <= MMCPUS_SET_TARGETS; set++)
		assert_mm_set(&fix, set, NULL);
	assert_int_equal(mmcpus_mm_quality(&fix.snap, fix.mm), MMCPUS_PARTIAL);
	fix.snap.known = fix.snap.wanted;
	fix.rec->flags &= ~(uint32_t)MM_RECORD_KNOWS_ASID;
	assert_mm_set(&fix, MMCPUS_SET_TARGETS, NULL);
	fix.snap.has_active = false;
	assert_mm_set(&fix, MMCPUS_SET_STALE, NULL);
	assert_mm_set(&fix, MMCPUS_SET_LOADED, "0-1");
	snapshot_deinit(&fix.snap);
}

static void contradictions_are_torn(void **state)
{
	struct mmcpus_cpuset *running;
	struct mmcpus_cpuset *active;
	struct fixture fix;

	(void)state;
	fixture_init(&fix, 0);
	active = record_set(fix.rec, MM_RECORD_ACTIVE);
	running = record_set(fix.rec, MM_RECORD_RUNNING);
	assert_false(mmcpus_mm_is_torn(&fix.snap, fix.mm));
	mmcpus_cpuset_add(running, 0);
	assert_false(mmcpus_mm_is_torn(&fix.snap, fix.mm));
	mmcpus_cpuset_add(running, 2);
	assert_true(mmcpus_mm_is_torn(&fix.snap, fix.mm));
	mmcpus_cpuset_clear(running);
	assert_false(mmcpus_mm_is_torn(&fix.snap, fix.mm));
	mmcpus_cpuset_add(running, 1); /* which is lazy */
	assert_true(mmcpus_mm_is_torn(&fix.snap, fix.mm));
	mmcpus_cpuset_clear(running);
	mmcpus_cpuset_remove(active, 0);
	assert_true(mmcpus_mm_is_torn(&fix.snap, fix.mm));
	snapshot_deinit(&fix.snap);
}

static void cpus_and_mms_find_each_other(void **state)
{
	struct mmcpus_cpu_slot slot;
	const struct mmcpus_cpu *cpu;
	struct fixture fix;
	uint64_t id;

	(void)state;
	fixture_init(&fix, 0);
	assert_ptr_equal(mmcpus_snapshot_find_mm(&fix.snap, ID), fix.mm);
	assert_null(mmcpus_snapshot_find_mm(&fix.snap, 60));
	assert_null(mmcpus_snapshot_cpu(&fix.snap, NR_CPUS));
	cpu = mmcpus_snapshot_cpu(&fix.snap, 3);
	assert_int_equal(mmcpus_cpu_loaded_id(cpu, &id), 0);
	assert_int_equal(id, MMCPUS_KERNEL_MM_ID);
	assert_int_equal(mmcpus_cpu_slot(cpu, 1, &slot), 0);
	assert_int_equal(mmcpus_cpu_slot_is_current(&fix.snap, &slot), 0);
	assert_int_equal(mmcpus_cpu_slot(cpu, CPU_NR_SLOTS, &slot), -ERANGE);
	assert_int_equal(mmcpus_cpu_loaded_id(mmcpus_snapshot_cpu(&fix.snap, 4), &id), -ENODATA);
	snapshot_deinit(&fix.snap);
}

/* CPU 0 runs a thread, 1 idles, 2 runs one that has no number in our pid namespace, of 3 it is unknown. */
static void cpus_run_tasks(void **state)
{
	const struct mmcpus_cpu *cpu[4];
	struct fixture fix;
	int32_t tid;
	int32_t pid;

	(void)state;
	fixture_init(&fix, 0);
	for (uint32_t i = 0; i < NR(cpu); i++)
		cpu[i] = mmcpus_snapshot_cpu(&fix.snap, i);
	assert_int_equal(mmcpus_cpu_task(cpu[0], &tid, &pid), 0);
	assert_int_equal(tid, 8);
	assert_int_equal(pid, 7);
	assert_string_equal(mmcpus_cpu_comm(cpu[0]), "own");
	assert_false(mmcpus_cpu_is_idle(cpu[0]));
	assert_false(mmcpus_cpu_runs_kernel_thread(cpu[0]));
	assert_int_equal(mmcpus_cpu_task(cpu[1], &tid, &pid), 0);
	assert_int_equal(tid, 0);
	assert_int_equal(pid, 0);
	assert_string_equal(mmcpus_cpu_comm(cpu[1]), "swapper/1");
	assert_true(mmcpus_cpu_is_idle(cpu[1]));
	assert_true(mmcpus_cpu_runs_kernel_thread(cpu[1]));
	assert_int_equal(mmcpus_cpu_task(cpu[2], &tid, &pid), -ENODATA);
	assert_string_equal(mmcpus_cpu_comm(cpu[2]), "elsewhere");
	assert_int_equal(mmcpus_cpu_task(cpu[3], &tid, &pid), -ENODATA);
	assert_null(mmcpus_cpu_comm(cpu[3]));
	snapshot_deinit(&fix.snap);
}

static void slots_are_told_apart(void **state)
{
	struct mmcpus_cpu_slot slot;
	struct fixture fix;

	(void)state;
	fixture_init(&fix, 0);
	assert_int_equal(mmcpus_cpu_slot(mmcpus_snapshot_cpu(&fix.snap, 1), 2, &slot), 0);
	assert_true(slot.is_loaded);
	assert_int_equal(slot.mm_id, ID);
	assert_int_equal(mmcpus_cpu_slot_is_current(&fix.snap, &slot), 0);
	assert_int_equal(mmcpus_cpu_slot(mmcpus_snapshot_cpu(&fix.snap, 2), 1, &slot), 0);
	assert_false(slot.is_loaded);
	assert_int_equal(mmcpus_cpu_slot_is_current(&fix.snap, &slot), 1);
	assert_int_equal(mmcpus_cpu_slot(mmcpus_snapshot_cpu(&fix.snap, 2), 0, &slot), 0);
	assert_int_equal(mmcpus_cpu_slot_is_current(&fix.snap, &slot), -ENODATA);
	assert_int_equal(mmcpus_cpu_slot(mmcpus_snapshot_cpu(&fix.snap, 2), 2, &slot), 0);
	assert_int_equal(slot.mm_id, 0);
	snapshot_deinit(&fix.snap);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins_what_cpus_hold),
		cmocka_unit_test(targets_follow_the_rule),
		cmocka_unit_test(offline_cpus_hold_nothing),
		cmocka_unit_test(unknown_is_not_empty),
		cmocka_unit_test(contradictions_are_torn),
		cmocka_unit_test(cpus_and_mms_find_each_other),
		cmocka_unit_test(cpus_run_tasks),
		cmocka_unit_test(slots_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
