/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rows an interval has, and which of them are joined. */
#include "shootdown_scene.h"

#include "shootdown_groups.h"

static void joins_by_what_is_wanted(void **state)
{
	static const size_t nr_expected[MMCPUS_NR_BY] = {
		[MMCPUS_BY_FLOW] = 4, [MMCPUS_BY_PAIR] = 1,  [MMCPUS_BY_SENDER] = 2, [MMCPUS_BY_OWNER] = 2,
		[MMCPUS_BY_CPU] = 1,  [MMCPUS_BY_CAUSE] = 3, [MMCPUS_BY_STACK] = 3,  [MMCPUS_BY_USER_STACK] = 4,
	};

	for (int by = 0; by < MMCPUS_NR_BY; by++) {
		struct scene scene = scene_open(*state, by);
		bool is_of_hits = by == MMCPUS_BY_PAIR || by == MMCPUS_BY_CPU;
		const struct mmcpus_interval *interval;

		take_row(1, 42, 11)->counts.sent = 1;
		take_row(2, 42, 28)->counts.sent = 2;
		take_row(3, 43, 28)->counts.sent = 4;
		take_row(4, 43, SHOOTDOWN_CAUSE_FAULT)->counts.sent = 8;
		if (is_of_hits) {
			take_row(5, 43, 28)->counts.hits = 3;
			fake.rows[5].key.victim = 99;
			fake.rows[5].key.cpu = 2;
		}
		interval = read_interval(&scene);
		check(mmcpus_interval_count(interval) == nr_expected[by], "by %d: %zu rows", by,
		      mmcpus_interval_count(interval));
		expect_total(interval, MMCPUS_INTERVAL_SENT, 15);
		if (by == MMCPUS_BY_CPU)
			expect_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_CPU, 1);
		check(!mmcpus_shootdown_set(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_SENDER_CPUS) ==
			      is_of_hits,
		      "by %d: CPUs of senders", by);
		scene_close(&scene);
	}
}

static void the_others_come_last_and_have_no_name(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	const struct mmcpus_interval *interval;
	const struct mmcpus_shootdown *row;
	uint64_t unused;

	fake.rows[SHOOTDOWN_OTHER_ROW] =
		(struct shootdown_row){ .is_taken = 1, .key.cause = SHOOTDOWN_CAUSE_OTHER, .counts.sent = 1000 };
	take_row(1, 42, 11)->counts.sent = 1;
	interval = read_interval(&scene);
	expect_total(interval, MMCPUS_INTERVAL_OTHER, 1000);
	expect_total(interval, MMCPUS_INTERVAL_SENT, 1001);
	row = mmcpus_interval_row(interval, 1);
	assert_true(mmcpus_shootdown_is_other(row));
	assert_null(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_SENDER_COMM));
	assert_int_equal(mmcpus_shootdown_number(row, MMCPUS_SHOOTDOWN_SENDER_PID, &unused), -ENODATA);
	scene_close(&scene);
}

static void what_costs_most_comes_first_and_the_rest_is_summed(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	const struct mmcpus_interval *interval;
	struct mmcpus_shootdown *more;
	uint64_t unused;

	take_row(1, 41, 11)->counts = (struct shootdown_counts){ .sent = 9, .hits = 1, .stolen_ns = 1, .wait_ns = 1 };
	take_row(2, 42, 11)->counts = (struct shootdown_counts){ .sent = 1, .hits = 2, .stolen_ns = 50, .wait_ns = 90 };
	take_row(3, 43, 11)->counts = (struct shootdown_counts){ .sent = 4, .hits = 4, .stolen_ns = 6, .wait_ns = 7 };
	fake.rows[3].key.kind = SHOOTDOWN_KIND_WHOLE;
	fake.rows[1].counts.stolen_log2[5] = 1;
	fake.rows[3].counts.stolen_log2[5] = 4;
	fake.sets[1 * SHOOTDOWN_NR_SETS + SHOOTDOWN_SET_HIT] = 1;
	fake.sets[3 * SHOOTDOWN_NR_SETS + SHOOTDOWN_SET_HIT] = 2;
	interval = read_interval(&scene);
	expect_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_SENDER_PID, 42);
	expect_number(mmcpus_interval_row(interval, 1), MMCPUS_SHOOTDOWN_SENDER_PID, 43);
	assert_int_equal(mmcpus_interval_join(interval, 3, &more), -ERANGE);
	assert_int_equal(mmcpus_interval_join(interval, 1, &more), 0);
	assert_int_equal(mmcpus_shootdown_joined(more), 2);
	assert_false(mmcpus_shootdown_is_other(more));
	expect_number(more, MMCPUS_SHOOTDOWN_SENT, 13);
	expect_number(more, MMCPUS_SHOOTDOWN_HITS, 5);
	expect_number(more, MMCPUS_SHOOTDOWN_STOLEN_NS, 7);
	expect_number(more, MMCPUS_SHOOTDOWN_WAIT_NS, 8);
	assert_int_equal(mmcpus_shootdown_number(more, MMCPUS_SHOOTDOWN_SENDER_PID, &unused), -ENODATA);
	assert_int_equal(mmcpus_shootdown_histogram(more, MMCPUS_SHOOTDOWN_STOLEN_NS)[5], 5);
	assert_string_equal(mmcpus_shootdown_text(more, MMCPUS_SHOOTDOWN_KIND), "range,whole");
	assert_set(mmcpus_shootdown_set(more, MMCPUS_SHOOTDOWN_HIT_CPUS), "0-1");
	mmcpus_shootdown_destroy(more);
	scene_close(&scene);
}

/* More senders than groups are kept of: nothing is dropped. */
static void groups_are_bounded(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	const struct mmcpus_interval *interval;

	for (int32_t pid = 1; pid <= 20000; pid++) {
		take_row(1, pid, 11)->counts.sent = 1;
		assert_int_equal(mmcpus_shootdowns_collect(scene.src), 0);
	}
	interval = read_interval(&scene);
	expect_total(interval, MMCPUS_INTERVAL_SENT, 20000);
	expect_total(interval, MMCPUS_INTERVAL_OTHER, 20000 - GROUPS_MAX);
	assert_int_equal(mmcpus_interval_count(interval), GROUPS_MAX + 1);
	expect_number(mmcpus_interval_row(interval, GROUPS_MAX), MMCPUS_SHOOTDOWN_SENT, 20000 - GROUPS_MAX);
	expect_total(read_interval(&scene), MMCPUS_INTERVAL_OTHER, 0);
	scene_close(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(joins_by_what_is_wanted),
		tree_test(the_others_come_last_and_have_no_name),
		tree_test(what_costs_most_comes_first_and_the_rest_is_summed),
		tree_test(groups_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
