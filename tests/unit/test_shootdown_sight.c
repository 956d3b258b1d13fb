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
		tree_test(waits_are_known_if_the_first_hit_is_forgotten),
		tree_test(waits_are_known_where_hits_were_before),
		tree_test(with_events_it_is_timed_when_flushes_are_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
