/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an interval tells of other calls, and of flushes of the kernel's own range. */
#include "shootdown_scene.h"

#include "shootdown_groups.h"

/* A function's address stands where a flush has its owner. */
static void calls_are_told_from_flushes(void **state)
{
	struct scene scene;
	const struct mmcpus_interval *interval;
	const struct mmcpus_shootdown *row;
	struct mmcpus_shootdown *more;
	uint64_t unused;

	write_tlb_row(*state, 12, 0);
	tree_write(*state, "sys/devices/system/cpu/possible", "0-1\n");
	assert_int_equal(mmcpus_system_open(((struct tree *)*state)->root, &scene.sys, NULL), 0);
	assert_int_equal(shootdowns_open_with(&fake_tracer, scene.sys, MMCPUS_BY_SENDER, MMCPUS_WITH_CALLS, NULL,
					      &scene.src, NULL),
			 0);
	take_row(1, 42, 11)->counts = (struct shootdown_counts){ .sent = 1, .hits = 1, .stolen_ns = 1, .wait_ns = 900 };
	take_row(2, 42, 324)->counts = (struct shootdown_counts){ .sent = 2, .hits = 2, .stolen_ns = 800 };
	fake.rows[2].key.kind = SHOOTDOWN_KIND_CALL;
	fake.rows[2].key.owner_id = 0xffffffff81000100;
	fake.rows[2].flags = 0;
	take_row(3, 42, 324)->counts = (struct shootdown_counts){ .sent = 4 };
	fake.rows[3].key.kind = SHOOTDOWN_KIND_CALL;
	fake.rows[3].key.owner_id = SHOOTDOWN_CALLBACK_RESCHEDULE;
	fake.rows[SHOOTDOWN_OTHER_CALLS] = (struct shootdown_row){
		.is_taken = 1, .key = { .cause = SHOOTDOWN_CAUSE_OTHER, .kind = SHOOTDOWN_KIND_CALL }, .counts.sent = 8
	};
	fake.rows[SHOOTDOWN_OTHER_CALLS].flags = SHOOTDOWN_ROW_SENDERS_UNKNOWN;
	fake.control.nr_dropped = 5; /* of events, and no hit */
	fake.cost.nr_missed = 2;
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_count(interval), 4);
	expect_total(interval, MMCPUS_INTERVAL_LOST, 2);
	expect_total(interval, MMCPUS_INTERVAL_SENT, 1);
	expect_total(interval, MMCPUS_INTERVAL_CALLS, 14);
	expect_total(interval, MMCPUS_INTERVAL_CALL_HITS, 2);
	expect_total(interval, MMCPUS_INTERVAL_OTHER, 0);

	row = mmcpus_interval_row(interval, 0);
	assert_string_equal(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_CALLBACK), "flush_tlb_func");
	row = mmcpus_interval_row(interval, 1);
	assert_string_equal(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_CALLBACK), "ipi_mb");
	assert_string_equal(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_KIND), "call");
	expect_number(row, MMCPUS_SHOOTDOWN_HITS, 2);
	assert_int_equal(mmcpus_shootdown_number(row, MMCPUS_SHOOTDOWN_WAIT_NS, &unused), -ENODATA);
	assert_int_equal(mmcpus_shootdown_number(row, MMCPUS_SHOOTDOWN_OWNER_ID, &unused), -ENODATA);
	row = mmcpus_interval_row(interval, 2);
	assert_string_equal(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_CALLBACK), "(reschedule)");
	assert_int_equal(mmcpus_shootdown_number(row, MMCPUS_SHOOTDOWN_HITS, &unused),
			 -ENODATA); /* none has been seen */
	assert_true(mmcpus_shootdown_is_other(mmcpus_interval_row(interval, 3)));
	assert_null(mmcpus_shootdown_text(mmcpus_interval_row(interval, 3), MMCPUS_SHOOTDOWN_CALLBACK));
	assert_non_null(mmcpus_shootdown_set(mmcpus_interval_row(interval, 1), MMCPUS_SHOOTDOWN_SENDER_CPUS));
	assert_null(mmcpus_shootdown_set(mmcpus_interval_row(interval, 3), MMCPUS_SHOOTDOWN_SENDER_CPUS));

	/* What one does not tell is no part of the sum. */
	assert_int_equal(mmcpus_interval_join(interval, 0, &more), 0);
	expect_number(more, MMCPUS_SHOOTDOWN_SENT, 15);
	expect_number(more, MMCPUS_SHOOTDOWN_HITS, 3);
	expect_number(more, MMCPUS_SHOOTDOWN_WAIT_NS, 900);
	assert_null(mmcpus_shootdown_set(more, MMCPUS_SHOOTDOWN_SENDER_CPUS));
	mmcpus_shootdown_destroy(more);

	fake.control.was_rescheduled = 1;
	fake.rows[3].counts = (struct shootdown_counts){ .sent = 4, .hits = 3, .stolen_ns = 70 };
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_count(interval), 1);
	expect_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_HITS, 3);
	expect_total(interval, MMCPUS_INTERVAL_CALL_HITS, 3);
	scene_close(&scene);
}

/* A call that begins unseen may be a flush whose sending was not seen: without the function's address, that is not known. */
static void calls_may_be_lost_where_a_flush_is_not_known_from_them(void **state)
{
	const struct mmcpus_interval *interval;
	struct scene scene;
	uint64_t unused;

	write_tlb_row(*state, 12, 0);
	scene = scene_open_with(*state, MMCPUS_BY_SENDER, MMCPUS_WITH_CALLS);
	expect_total(read_interval(&scene), MMCPUS_INTERVAL_LOST, 0);
	fake.control.functions[SHOOTDOWN_FUNCTION_FLUSH] = 0;
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_number(interval, MMCPUS_INTERVAL_LOST, &unused), -ENODATA);
	scene_close(&scene);
	scene = scene_open(*state, MMCPUS_BY_SENDER);
	fake.control.functions[SHOOTDOWN_FUNCTION_FLUSH] = 0;
	expect_total(read_interval(&scene), MMCPUS_INTERVAL_LOST, 0);
	scene_close(&scene);
}

static struct shootdown_row *take_kernel_row(uint32_t index, enum shootdown_function function)
{
	struct shootdown_row *row = take_row(index, 42, 321);

	row->flags = 0;
	row->key.kind = SHOOTDOWN_KIND_KERNEL;
	row->key.owner_id = function;
	return row;
}

/* What is called stands where others have their owner; the row TLB does not know of them. */
static void flushes_of_the_kernel_are_told_apart(void **state)
{
	struct scene scene = scene_open_after(*state, MMCPUS_BY_FLOW, 0);
	const struct mmcpus_interval *interval;
	const struct mmcpus_shootdown *row;
	uint64_t unused;

	take_row(1, 42, 321)->counts = (struct shootdown_counts){ .sent = 1 };
	fake.rows[1].key.owner_id = 0; /* of many: a batch */
	take_kernel_row(2, SHOOTDOWN_FUNCTION_KERNEL_RANGE)->counts =
		(struct shootdown_counts){ .sent = 2, .pages = 5, .hits = 14, .stolen_ns = 70, .wait_ns = 90 };
	take_kernel_row(3, SHOOTDOWN_FUNCTION_KERNEL_ALL)->counts =
		(struct shootdown_counts){ .sent = 1, .hits = 7, .stolen_ns = 30, .wait_ns = 50 };
	fake.rows[SHOOTDOWN_OTHER_KERNEL] = (struct shootdown_row){
		.is_taken = 1,
		.key = { .cause = SHOOTDOWN_CAUSE_OTHER, .kind = SHOOTDOWN_KIND_KERNEL },
		.counts = { .sent = 4, .hits = 28 },
	};
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_count(interval), 3);
	expect_total(interval, MMCPUS_INTERVAL_SENT, 1);
	expect_total(interval, MMCPUS_INTERVAL_OTHER, 0);
	expect_total(interval, MMCPUS_INTERVAL_KERNEL_SENT, 7);
	expect_total(interval, MMCPUS_INTERVAL_KERNEL_HITS, 49);

	/* No hypervisor carries it out by itself: hits are known even where others' are not. */
	assert_int_equal(mmcpus_interval_number(interval, MMCPUS_INTERVAL_HITS, &unused), -ENODATA);
	row = mmcpus_interval_row(interval, 0);
	assert_string_equal(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_KIND), "kernel-range");
	assert_string_equal(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_CALLBACK),
			    "do_kernel_range_flush,do_flush_tlb_all");
	assert_string_equal(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_CAUSE), "bpf");
	expect_number(row, MMCPUS_SHOOTDOWN_SENT, 3);
	expect_number(row, MMCPUS_SHOOTDOWN_PAGES, 5);
	expect_number(row, MMCPUS_SHOOTDOWN_HITS, 21);
	expect_number(row, MMCPUS_SHOOTDOWN_WAIT_NS, 140);
	assert_int_equal(mmcpus_shootdown_number(row, MMCPUS_SHOOTDOWN_OWNER_ID, &unused), -ENODATA);
	assert_null(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_OWNER_COMM));
	row = mmcpus_interval_row(interval, 2);
	assert_true(mmcpus_shootdown_is_other(row));
	expect_number(row, MMCPUS_SHOOTDOWN_HITS, 28);
	assert_int_equal(mmcpus_shootdown_number(row, MMCPUS_SHOOTDOWN_PAGES, &unused),
			 -ENODATA); /* no range is told */
	scene_close(&scene);
}

/* Then it is not 0. */
static void flushes_of_the_kernel_may_be_unknown(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	const struct mmcpus_interval *interval;
	uint64_t unused;

	fake.sees_no_kernel = true;
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_number(interval, MMCPUS_INTERVAL_KERNEL_SENT, &unused), -ENODATA);
	assert_int_equal(mmcpus_interval_number(interval, MMCPUS_INTERVAL_KERNEL_HITS, &unused), -ENODATA);
	scene_close(&scene);
}

/* Of the others, the number is of those that are sums of the interval as sent. */
static void what_is_no_flush_of_an_address_space_is_none_of_the_others(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	const struct mmcpus_interval *interval;

	for (int32_t pid = 1; pid <= GROUPS_MAX; pid++) {
		take_row(1, pid, 11)->counts.sent = 1;
		assert_int_equal(mmcpus_shootdowns_collect(scene.src), 0);
	}
	take_row(1, 20001, 11)->counts.sent = 1;
	take_kernel_row(2, SHOOTDOWN_FUNCTION_KERNEL_ALL)->counts.sent = 2;
	take_row(3, 20003, 11)->counts.sent = 4;
	fake.rows[3].key.kind = SHOOTDOWN_KIND_CALL;
	interval = read_interval(&scene);
	expect_total(interval, MMCPUS_INTERVAL_OTHER, 1);
	assert_int_equal(mmcpus_interval_count(interval), GROUPS_MAX + 3);
	scene_close(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(calls_are_told_from_flushes),
		tree_test(calls_may_be_lost_where_a_flush_is_not_known_from_them),
		tree_test(flushes_of_the_kernel_are_told_apart),
		tree_test(flushes_of_the_kernel_may_be_unknown),
		tree_test(what_is_no_flush_of_an_address_space_is_none_of_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
