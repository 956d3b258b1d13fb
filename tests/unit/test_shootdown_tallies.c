/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each CPU has counted on its own: it gets into the rows, all of it and once. */
#include "shootdown_group.h"
#include "shootdown_scene.h"
#include "shootdown_tallies.h"

#define ROUND_NS UINT64_C(200000000)

static void look_at(struct scene *scene, uint64_t round)
{
	assert_int_equal(shootdowns_collect_at(scene->src, round * ROUND_NS), 0);
}

static void tally_sent(uint32_t cpu, uint32_t row, uint64_t sent, uint64_t pages, uint64_t requested)
{
	fake.cpus[cpu].sent = (struct shootdown_sent_tally){
		.row = row, .key = fake.rows[row].key, .sent = sent, .pages = pages, .requested = requested
	};
}

static void tally_hits(uint32_t cpu, uint32_t row, uint64_t hits)
{
	fake.cpus[cpu].hit = (struct shootdown_hit_tally){ .row = row,
							   .hits = hits,
							   .stolen_ns = hits * 100,
							   .stolen_max_ns = 100 + cpu,
							   .wait_ns = hits * 1000,
							   .wait_max_ns = 1000 + cpu,
							   .stolen_log2[6] = (uint32_t)hits,
							   .wait_log2[9] = (uint32_t)hits };
}

static const struct mmcpus_shootdown *only_row(struct scene *scene)
{
	const struct mmcpus_interval *interval = read_interval(scene);

	assert_int_equal(mmcpus_interval_count(interval), 1);
	return mmcpus_interval_row(interval, 0);
}

/* Together with what is counted in the row itself. */
static void what_cpus_have_counted_is_in_their_rows(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	const struct mmcpus_shootdown *row;

	take_row(3, 42, 11)->counts = (struct shootdown_counts){
		.sent = 1, .hits = 1, .stolen_max_ns = 90, .wait_max_ns = 900, .wait_log2 = { [8] = 5, [9] = 1 }
	};
	tally_sent(0, 3, 6, 60, 2);
	tally_hits(1, 3, 4);
	tally_hits(0, 3, 2);
	fake.cpus[0].hit.wait_log2[8] = -2u; /* two had been counted as shorter, on another CPU */
	row = only_row(&scene);
	expect_number(row, MMCPUS_SHOOTDOWN_SENT, 7);
	expect_number(row, MMCPUS_SHOOTDOWN_PAGES, 60);
	expect_number(row, MMCPUS_SHOOTDOWN_HITS, 7);
	expect_number(row, MMCPUS_SHOOTDOWN_STOLEN_NS, 600);
	expect_number(row, MMCPUS_SHOOTDOWN_STOLEN_MAX_NS, 101);
	expect_number(row, MMCPUS_SHOOTDOWN_WAIT_NS, 6000);
	expect_number(row, MMCPUS_SHOOTDOWN_WAIT_MAX_NS, 1001);
	assert_int_equal(row->sums.stolen_log2[6], 6);
	assert_int_equal(row->sums.wait_log2[8], 3);
	assert_int_equal(row->sums.wait_log2[9], 7);
	assert_set(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_SENDER_CPUS), "0");
	assert_set(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_REQUESTED_CPUS), "1");
	assert_set(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_HIT_CPUS), "0-1");
	scene_close(&scene);
}

static void nothing_is_counted_twice(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	const struct mmcpus_shootdown *row;

	take_row(3, 42, 11);
	tally_sent(0, 3, 6, 60, 2);
	tally_hits(1, 3, 4);
	expect_number(only_row(&scene), MMCPUS_SHOOTDOWN_SENT, 6);
	tally_sent(0, 3, 1, 10, 2);
	fake.cpus[1].hit.hits = 1; /* and nothing else is added to what is left there */
	row = only_row(&scene);
	expect_number(row, MMCPUS_SHOOTDOWN_SENT, 1);
	expect_number(row, MMCPUS_SHOOTDOWN_HITS, 1);
	expect_number(row, MMCPUS_SHOOTDOWN_STOLEN_NS, 0);
	expect_number(row, MMCPUS_SHOOTDOWN_STOLEN_MAX_NS, 0);
	expect_number(row, MMCPUS_SHOOTDOWN_WAIT_NS, 0);
	expect_number(row, MMCPUS_SHOOTDOWN_WAIT_MAX_NS, 0);
	assert_int_equal(row->sums.stolen_log2[6], 0);
	assert_int_equal(row->sums.wait_log2[9], 0);
	assert_int_equal(mmcpus_interval_count(read_interval(&scene)), 0);
	scene_close(&scene);
}

static void cpus_beyond_the_first_word_have_bits_of_their_own(void **state)
{
	struct scene scene;
	const struct mmcpus_shootdown *row;

	tree_write(*state, "proc/interrupts", "     CPU0 CPU129\n TLB: 1 0 TLB shootdowns\n");
	scene = scene_open_on(*state, "0-129\n", MMCPUS_BY_FLOW, 0);
	take_row(3, 42, 11);
	tally_sent(70, 3, 1, 1, 2);
	tally_hits(129, 3, 1);
	row = only_row(&scene);
	assert_set(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_SENDER_CPUS), "70");
	assert_set(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_REQUESTED_CPUS), "1");
	assert_set(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_HIT_CPUS), "129");
	scene_close(&scene);
}

/* A program is at work there, as long as the test says so. */
static void what_a_cpu_is_counting_is_left_for_the_next_look(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 11)->counts.sent = 1;
	tally_sent(0, 3, 6, 60, 2);
	tally_hits(1, 3, 4);
	fake.cpus[0].sent.is_busy = 1;
	fake.cpus[1].hit.has_program = 1;
	expect_number(only_row(&scene), MMCPUS_SHOOTDOWN_SENT, 1);
	assert_int_equal(fake.cpus[1].hit.has_library, 0);
	fake.cpus[0].sent.is_busy = 0;
	fake.cpus[1].hit.has_program = 0;
	expect_number(only_row(&scene), MMCPUS_SHOOTDOWN_SENT, 6);
	assert_int_equal(fake.cpus[0].sent.is_busy, 0);
	assert_int_equal(fake.cpus[1].hit.has_library, 0);
	scene_close(&scene);
}

/* Until then, what is in the tally is of who has the row. */
static void no_row_is_free_before_all_tallies_were_taken(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 11);
	tally_hits(1, 4, 1);
	take_row(4, 43, 11);
	fake.cpus[1].hit.has_program = 1;
	for (uint64_t round = 1; round < 20; round++)
		look_at(&scene, round);
	assert_int_equal(fake.nr_freed, 0);
	fake.cpus[1].hit.has_program = 0;
	look_at(&scene, 20);
	assert_int_equal(fake.rows[4].is_taken, 1);
	for (uint64_t round = 21; round < 40; round++)
		look_at(&scene, round);
	assert_int_equal(fake.nr_freed, 2);
	scene_close(&scene);
}

static void no_cpu_goes_on_with_a_row_that_is_forgotten(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 11);
	tally_sent(0, 3, 0, 0, 0);
	tally_sent(1, 4, 0, 0, 0);
	look_at(&scene, 1);
	assert_int_equal(fake.nr_forgotten, 1);
	assert_int_equal(fake.cpus[0].sent.row, 0);
	assert_int_equal(fake.cpus[1].sent.row, 4);
	scene_close(&scene);
}

/* What was sent between the look at the tallies and that is not lost. */
static void what_is_sent_meanwhile_gets_into_the_row_that_is_forgotten(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	struct tracer_rows shared;

	fake_tracer.rows(&fake, &shared);
	take_row(3, 42, 11);
	tally_sent(1, 3, 2, 20, 1);
	assert_true(shootdown_tallies_forget(&shared, 2, 3));
	assert_int_equal(fake.cpus[1].sent.row, 0);
	expect_number(only_row(&scene), MMCPUS_SHOOTDOWN_SENT, 2);
	scene_close(&scene);
}

static void a_row_that_a_cpu_is_counting_in_is_not_forgotten(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 11);
	tally_sent(0, 3, 0, 0, 0);
	fake.cpus[0].sent.is_busy = 1;
	for (uint64_t round = 1; round < 20; round++)
		look_at(&scene, round);
	assert_int_equal(fake.nr_freed, 0);
	assert_int_equal(fake.nr_forgotten, 1); /* its key, once */
	fake.cpus[0].sent.is_busy = 0;
	for (uint64_t round = 20; round < 40; round++)
		look_at(&scene, round);
	assert_int_equal(fake.cpus[0].sent.row, 0);
	assert_int_equal(fake.nr_freed, 1);
	scene_close(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(what_cpus_have_counted_is_in_their_rows),
		tree_test(nothing_is_counted_twice),
		tree_test(cpus_beyond_the_first_word_have_bits_of_their_own),
		tree_test(what_a_cpu_is_counting_is_left_for_the_next_look),
		tree_test(no_row_is_free_before_all_tallies_were_taken),
		tree_test(no_cpu_goes_on_with_a_row_that_is_forgotten),
		tree_test(what_is_sent_meanwhile_gets_into_the_row_that_is_forgotten),
		tree_test(a_row_that_a_cpu_is_counting_in_is_not_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
