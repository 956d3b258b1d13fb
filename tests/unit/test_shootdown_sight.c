/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of shootdowns where a hypervisor may flush unseen. */
#include "shootdown_scene.h"

static void hits_are_unknown_until_one_is_seen(void **state)
{
	struct scene scene = scene_open_after(*state, MMCPUS_BY_FLOW, 0);
	const struct mmcpus_interval *interval;
	uint64_t unused;

	take_row(1, 42, 11)->counts.sent = 1;
	assert_int_equal(mmcpus_shootdowns_check_hits(scene.src, NULL), -EAGAIN);
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_number(interval, MMCPUS_INTERVAL_HITS, &unused), -ENODATA);
	assert_int_equal(mmcpus_shootdown_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_HITS, &unused),
			 -ENODATA);
	assert_null(mmcpus_shootdown_set(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_HIT_CPUS));
	fake.control.was_hit = 1;
	assert_int_equal(mmcpus_shootdowns_check_hits(scene.src, NULL), 0);
	fake.hits_err = -EPERM;
	assert_int_equal(mmcpus_shootdowns_check_hits(scene.src, NULL), -EPERM);
	scene_close(&scene);
}

/* Nor is anything sent, as far as the kernel sees it, where the hypervisor is called in its place. */
static void none_sent_is_known_once_one_is_seen(void **state)
{
	struct scene scene = scene_open_after(*state, MMCPUS_BY_FLOW, 0);
	uint64_t unused;

	assert_int_equal(mmcpus_interval_number(read_interval(&scene), MMCPUS_INTERVAL_SENT, &unused), -ENODATA);
	fake.hits_err = -EPERM;
	assert_int_equal(mmcpus_interval_number(read_interval(&scene), MMCPUS_INTERVAL_SENT, &unused), -ENODATA);
	take_row(1, 42, 11)->counts.sent = 1;
	expect_total(read_interval(&scene), MMCPUS_INTERVAL_SENT, 1);
	expect_total(read_interval(&scene), MMCPUS_INTERVAL_SENT, 0);
	scene_close(&scene);
}

/* What is queued for other CPUs may be the hypervisor's to know: the tracer is to look elsewhere. */
static void the_tracer_is_told_that_it_may_be_blind(void **state)
{
	static const struct {
		const char *cpuinfo;
		unsigned nr_hits;
		bool may_be_blind;
	} cases[] = {
		{ "processor\t: 0\nflags\t\t: fpu hypervisor\n", 0, true },
		{ "processor\t: 0\nflags\t\t: fpu hypervisor\n", 1, false },
		{ "processor\t: 0\nflags\t\t: fpu\n", 0, false },
		{ "processor\t: 0\n", 0, true }, /* it is not known whether there is one */
	};

	for (size_t i = 0; i < NR(cases); i++) {
		struct scene scene;

		tree_write(*state, "proc/cpuinfo", cases[i].cpuinfo);
		scene = scene_open_after(*state, MMCPUS_BY_FLOW, cases[i].nr_hits);
		assert_int_equal(fake.may_be_blind, cases[i].may_be_blind);
		assert_int_equal(fake.coarse_until_hit, cases[i].may_be_blind);
		scene_close(&scene);
	}
}

/* One flush of two hits a CPU, and is waited for: is it known for how long? */
static bool knows_wait(struct scene *scene, uint32_t row)
{
	const struct mmcpus_interval *interval;
	uint64_t wait_ns;

	take_row(row, 42, 11)->counts = (struct shootdown_counts){ .sent = 2, .hits = 1, .wait_ns = 50 };
	interval = read_interval(scene);
	assert_int_equal(mmcpus_interval_count(interval), 1);
	expect_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_HITS, 1);
	return mmcpus_shootdown_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_WAIT_NS, &wait_ns) == 0;
}

/* As long as no hit is seen, nothing says when a flush was sent. */
static void waits_are_unknown_where_the_first_hit_is(void **state)
{
	struct scene scene = scene_open_after(*state, MMCPUS_BY_FLOW, 0);

	fake.control.was_hit = 1;
	assert_false(knows_wait(&scene, 3));
	assert_true(knows_wait(&scene, 4));
	scene_close(&scene);
}

/* A row that sums up others knows what one of them knows: no more must be in it. */
static void waits_that_are_unknown_are_in_no_sum(void **state)
{
	struct scene scene = scene_open_after(*state, MMCPUS_BY_FLOW, 0);
	const struct mmcpus_interval *interval;
	struct mmcpus_shootdown *sum;
	struct shootdown_row *row;

	fake.control.was_hit = 1;
	take_row(3, 42, 11)->counts =
		(struct shootdown_counts){ .sent = 1, .hits = 1, .wait_ns = 900, .wait_max_ns = 900 };
	row = take_row(4, 43, 11);
	row->key.kind = SHOOTDOWN_KIND_KERNEL;
	row->key.owner_id = SHOOTDOWN_FUNCTION_KERNEL_RANGE;
	row->counts =
		(struct shootdown_counts){ .sent = 1, .hits = 1, .stolen_ns = 7, .wait_ns = 50, .wait_max_ns = 50 };
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_count(interval), 2);
	expect_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_STOLEN_NS, 7); /* first by cost */
	assert_int_equal(mmcpus_interval_join(interval, 0, &sum), 0);
	expect_number(sum, MMCPUS_SHOOTDOWN_WAIT_NS, 50);
	expect_number(sum, MMCPUS_SHOOTDOWN_WAIT_MAX_NS, 50);
	mmcpus_shootdown_destroy(sum);
	scene_close(&scene);
}

static void waits_are_known_if_the_first_hit_is_forgotten(void **state)
{
	struct scene scene = scene_open_after(*state, MMCPUS_BY_FLOW, 0);

	fake.control.was_hit = 1;
	assert_int_equal(mmcpus_shootdowns_restart(scene.src), 0);
	assert_true(knows_wait(&scene, 3));
	scene_close(&scene);
}

static void waits_are_known_where_hits_were_before(void **state)
{
	struct scene scene = scene_open_after(*state, MMCPUS_BY_FLOW, 1);

	fake.control.was_hit = 1;
	assert_true(knows_wait(&scene, 3));
	scene_close(&scene);
}

/* Who hits is known of the kernel's own range; how much was sent stands in other rows than these. */
static void goes_by_cost_where_rows_are_of_hits(void **state)
{
	struct scene scene = scene_open_after(*state, MMCPUS_BY_CPU, 0);
	const struct mmcpus_interval *interval;

	for (uint16_t cpu = 0; cpu < 2; cpu++) {
		struct shootdown_row *row = take_row(3 + cpu, 42, 11);

		row->key.kind = SHOOTDOWN_KIND_KERNEL;
		row->key.owner_id = SHOOTDOWN_FUNCTION_KERNEL_RANGE;
		row->key.cpu = cpu + 1;
		row->counts = (struct shootdown_counts){ .hits = 2 - cpu, .stolen_ns = 50 + 50 * cpu };
	}
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_count(interval), 2);
	expect_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_STOLEN_NS, 100);
	scene_close(&scene);
}

static void see_hit(void)
{
	fake.control.was_hit = 1;
}

/* A flush that was sent before may count in either of two intervals. */
static void waits_are_unknown_where_it_comes_while_rows_are_read(void **state)
{
	struct scene scene = scene_open_after(*state, MMCPUS_BY_FLOW, 0);

	fake.at_poll = see_hit;
	assert_false(knows_wait(&scene, 3));
	assert_false(knows_wait(&scene, 4));
	assert_true(knows_wait(&scene, 5));
	scene_close(&scene);
}

/* Hidden from programs, it is in the row TLB alone: programs are told that there are hits. */
static void a_hit_before_the_programs_is_the_first(void **state)
{
	struct scene scene = scene_open_after(*state, MMCPUS_BY_FLOW, 0);

	write_tlb_row(*state, 1, 0);
	assert_int_equal(mmcpus_shootdowns_restart(scene.src), 0);
	assert_int_equal(fake.control.was_hit, 1);
	assert_true(knows_wait(&scene, 3));
	scene_close(&scene);
}

static void expect_missing(const struct scene *scene, size_t index, const char *what)
{
	struct mmcpus_missing missing;

	assert_int_equal(mmcpus_shootdowns_missing(scene->src, index, &missing), 0);
	assert_string_equal(missing.what, what);
	assert_string_not_equal(missing.why.what, "");
}

static void says_that_waits_are_unknown(void **state)
{
	struct scene scene = scene_open_after(*state, MMCPUS_BY_FLOW, 0);
	struct mmcpus_missing unused;

	fake.misses_batches = true;
	fake.control.was_hit = 1;
	assert_false(knows_wait(&scene, 3));
	expect_missing(&scene, 0, "how long senders waited");
	expect_missing(&scene, 1, "owners of batches");
	assert_int_equal(mmcpus_shootdowns_missing(scene.src, 2, &unused), -ERANGE);
	assert_true(knows_wait(&scene, 4));
	expect_missing(&scene, 0, "owners of batches");
	assert_int_equal(mmcpus_shootdowns_missing(scene.src, 1, &unused), -ERANGE);
	scene_close(&scene);
}

/* They are empty otherwise, as if nobody was hit. */
static void says_that_rows_of_hits_are_missing(void **state)
{
	static const enum mmcpus_shootdowns_by views[] = { MMCPUS_BY_PAIR, MMCPUS_BY_CPU };

	for (size_t i = 0; i < NR(views); i++) {
		struct scene scene = scene_open_after(*state, views[i], 0);
		struct mmcpus_missing unused;

		expect_missing(&scene, 0, "most rows of this view (who is hit)");
		fake.control.was_hit = 1;
		assert_int_equal(mmcpus_shootdowns_missing(scene.src, 0, &unused), -ERANGE);
		scene_close(&scene);
	}
}

/* Calls cost what is known, flushes what is not, and that is not nothing. */
static void goes_by_what_was_sent_where_hits_are_unknown(void **state)
{
	for (unsigned nr_hits = 0; nr_hits < 2; nr_hits++) {
		struct scene scene = scene_open_after(*state, MMCPUS_BY_FLOW, nr_hits);
		const struct mmcpus_interval *interval;

		take_row(3, 42, 11)->counts = (struct shootdown_counts){ .sent = 2, .hits = 2, .stolen_ns = 50 };
		take_row(4, 43, 11)->counts = (struct shootdown_counts){ .sent = 9 };
		interval = read_interval(&scene);
		assert_int_equal(mmcpus_interval_count(interval), 2);
		expect_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_SENT, nr_hits ? 2 : 9);
		scene_close(&scene);
	}
}

/* They say when they happened. */
static void with_events_it_is_timed_when_flushes_are_sent(void **state)
{
	struct scene scene;

	write_tlb_row(*state, 0, 0);
	scene = scene_open_with(*state, MMCPUS_BY_FLOW, MMCPUS_WITH_EVENTS);
	assert_true(fake.may_be_blind);
	assert_false(fake.coarse_until_hit);
	fake.control.was_hit = 1;
	assert_true(knows_wait(&scene, 3));
	scene_close(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(hits_are_unknown_until_one_is_seen),
		tree_test(none_sent_is_known_once_one_is_seen),
		tree_test(the_tracer_is_told_that_it_may_be_blind),
		tree_test(waits_are_unknown_where_the_first_hit_is),
		tree_test(waits_that_are_unknown_are_in_no_sum),
		tree_test(waits_are_known_if_the_first_hit_is_forgotten),
		tree_test(waits_are_known_where_hits_were_before),
		tree_test(waits_are_unknown_where_it_comes_while_rows_are_read),
		tree_test(a_hit_before_the_programs_is_the_first),
		tree_test(says_that_waits_are_unknown),
		tree_test(says_that_rows_of_hits_are_missing),
		tree_test(goes_by_what_was_sent_where_hits_are_unknown),
		tree_test(goes_by_cost_where_rows_are_of_hits),
		tree_test(with_events_it_is_timed_when_flushes_are_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
