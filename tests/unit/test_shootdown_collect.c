/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a source takes out of rows, and when it gives a row back. */
#include "shootdown_group.h"
#include "shootdown_scene.h"

/* The counters of one hit are taken one after the other, and it may come in between: no part of it gets lost. */
static void counts_the_rest_of_a_hit_in_the_next(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	const struct mmcpus_shootdown *row;

	take_row(3, 42, 11)->counts = (struct shootdown_counts){ .stolen_ns = 100 };
	take_row(4, 43, 11)->counts = (struct shootdown_counts){ .stolen_log2[5] = 1 };
	row = mmcpus_interval_row(read_interval(&scene), 0);
	assert_non_null(row);
	expect_number(row, MMCPUS_SHOOTDOWN_STOLEN_NS, 100);
	assert_int_equal(fake.nr_forgotten, 0);
	scene_close(&scene);
}

static void a_stack_may_tell_another_cause(void **state)
{
	static const struct {
		int32_t cause;
		uint64_t number;
		struct shootdown_stack stack;
		const char *text; /* NULL: unknown */
	} cases[] = {
		{ SHOOTDOWN_CAUSE_UNKNOWN, 1, { SCAN_STACK }, "NUMA balancing" },
		{ SHOOTDOWN_CAUSE_FAULT, 1, { SCAN_STACK }, "NUMA balancing" },
		{ 11, 1, { SCAN_STACK }, "NUMA balancing" },
		{ 11, 2, { OTHER_STACK }, "munmap" },
		{ 11, 3, { { 0 } }, "munmap" },
		{ SHOOTDOWN_CAUSE_UNKNOWN, 0, { SCAN_STACK }, NULL }, /* of what had the row before */
		{ SHOOTDOWN_CAUSE_EXIT, 1, { SCAN_STACK }, "exit" },
	};

	for (size_t i = 0; i < NR(cases); i++) {
		struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
		struct shootdown_row *row = take_row(3, 42, cases[i].cause);
		const char *text;

		give_stacks(3, cases[i].number, &cases[i].stack, &cases[i].stack);
		row->counts.sent = 1;
		text = mmcpus_shootdown_text(mmcpus_interval_row(read_interval(&scene), 0), MMCPUS_SHOOTDOWN_CAUSE);
		check((text == NULL) == (cases[i].text == NULL), "case %zu: %s", i, text ? text : "unknown");
		check(!text || strcmp(text, cases[i].text) == 0, "case %zu: %s", i, text);
		scene_close(&scene);
	}
}

static void count_on_stack(struct scene *scene, uint64_t number, uint64_t address)
{
	const struct shootdown_stack kernel = { { address } };
	const struct shootdown_stack user = { { 0x400000 + address } };

	take_row(3, 42, 11)->counts.sent = number;
	give_stacks(3, number, &kernel, &user);
	assert_int_equal(mmcpus_shootdowns_collect(scene->src), 0);
}

static void expect_stack(const struct mmcpus_shootdown *row, uint64_t sent, const char *function, uint64_t address)
{
	struct mmcpus_user_frame frame;

	expect_number(row, MMCPUS_SHOOTDOWN_SENT, sent);
	assert_string_equal(mmcpus_shootdown_frame(row, 0), function);
	assert_null(mmcpus_shootdown_frame(row, 1));
	assert_int_equal(mmcpus_shootdown_user_frame(row, 0, &frame), 0);
	assert_int_equal(frame.address, address);
}

/* In the interval in which it was collected, and with what is counted of it later. */
static void a_stack_outlives_its_row(void **state)
{
	const struct mmcpus_interval *interval;
	struct scene scene = scene_open(*state, MMCPUS_BY_USER_STACK);

	count_on_stack(&scene, 8, 0x1010);
	count_on_stack(&scene, 5, 0x2020);
	count_on_stack(&scene, 8, 0x1010);
	fake.rows[3].is_taken = 0;
	memset(fake.stacks, 0, sizeof(fake.stacks));
	memset(fake.user_stacks, 0, sizeof(fake.user_stacks));
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_count(interval), 2);
	expect_stack(mmcpus_interval_row(interval, 0), 16, "first+0x10", 0x401010);
	expect_stack(mmcpus_interval_row(interval, 1), 5, "second+0x20", 0x402020);
	scene_close(&scene);
}

/* How its program came to run is left out, and then there is nothing to tell them by. */
static void an_interval_has_no_two_rows_that_look_the_same(void **state)
{
	static const struct shootdown_stack kernel[] = { { { 0x100, 0x510, 0x2020 } }, { { 0x200, 0x514, 0x2020 } } };
	const struct mmcpus_interval *interval;
	const struct mmcpus_shootdown *row;
	struct scene scene = scene_open(*state, MMCPUS_BY_STACK);

	for (uint32_t i = 0; i < 2; i++) {
		take_row(3 + i, 42, 11)->counts = (struct shootdown_counts){
			.sent = 1, .hits = 1, .pages = 4, .stolen_max_ns = 70 - i, .wait_log2[4] = i ? 2 : -1u
		};
		fake.rows[3 + i].key.kind = i ? SHOOTDOWN_KIND_WHOLE : SHOOTDOWN_KIND_RANGE;
		fake.rows[3 + i].flags = i ? SHOOTDOWN_ROW_REQUESTED_UNKNOWN | SHOOTDOWN_ROW_SENDERS_UNKNOWN : 0;
		fake.sets[(3 + i) * SHOOTDOWN_NR_SETS + SHOOTDOWN_SET_HIT] = 1 << i;
		give_stacks(3 + i, 8 + i, &kernel[i], &kernel[i]);
	}
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_count(interval), 1);
	row = mmcpus_interval_row(interval, 0);
	expect_number(row, MMCPUS_SHOOTDOWN_SENT, 2);
	expect_number(row, MMCPUS_SHOOTDOWN_PAGES, 8);
	expect_number(row, MMCPUS_SHOOTDOWN_STOLEN_MAX_NS, 70);
	assert_int_equal(row->sums.wait_log2[4], 1);
	assert_string_equal(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_KIND), "range,whole");
	assert_int_equal(mmcpus_cpuset_count(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_HIT_CPUS)), 2);
	assert_null(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_REQUESTED_CPUS));
	assert_null(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_SENDER_CPUS));
	scene_close(&scene);
}

/* Those that are taken to find the cause of what is in doubt. */
static void stacks_are_kept_where_they_are_shown(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	count_on_stack(&scene, 8, 0x1010);
	assert_null(mmcpus_shootdown_frame(mmcpus_interval_row(read_interval(&scene), 0), 0));
	scene_close(&scene);
}

#define MS UINT64_C(1000000)

/* Times of the tests begin well after that of the first look, which is the machine's. */
static uint64_t later_ns(uint64_t ms)
{
	return UINT64_C(1) << 62 | ms * MS;
}

static void look_at(struct scene *scene, uint64_t ms)
{
	assert_int_equal(shootdowns_collect_at(scene->src, later_ns(ms)), 0);
}

static void frees_rows_that_are_silent(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 11);
	take_row(4, 43, 11)->counts.sent = 1;
	fake.rows[SHOOTDOWN_OTHER_ROW].is_taken = 1;
	for (uint64_t i = 0; i < 5; i++) {
		assert_int_equal(fake.nr_freed, 0);
		fake.rows[4].counts.sent++;
		look_at(&scene, 250 * i);
	}
	assert_int_equal(fake.nr_forgotten, 1);
	assert_int_equal(fake.nr_freed, 1);
	assert_int_equal(fake.freed[0], 3);
	assert_int_equal(fake.rows[3].is_taken, 0);
	assert_int_equal(fake.rows[4].is_taken, 1);
	scene_close(&scene);
}

/* With a filter, what hits no CPU that counts leaves nothing else in its row. */
static void what_is_used_is_not_silent(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 11);
	for (uint64_t i = 0; i < 10; i++) {
		fake.rows[3].was_used = 1;
		look_at(&scene, 250 * i);
	}
	assert_int_equal(fake.nr_forgotten, 0);
	for (uint64_t i = 10; i < 15; i++)
		look_at(&scene, 250 * i);
	assert_int_equal(fake.nr_freed, 1);
	scene_close(&scene);
}

/* A flush may be under way meanwhile: a virtual CPU that is hit does not run at once. */
static void looks_in_quick_succession_free_no_row(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 11);
	for (uint64_t i = 0; i < 50; i++)
		look_at(&scene, i);
	assert_int_equal(fake.nr_forgotten, 1);
	assert_int_equal(fake.nr_freed, 0);
	scene_close(&scene);
}

/* A virtual CPU may not run for seconds: what it does then is counted where the flush was, and not in what comes after. */
static void no_row_is_free_while_its_flush_may_be_under_way(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 11);
	take_row(4, 43, 11);
	fake.cpus[1].last.row = 3;
	fake.cpus[1].last.sent_ns = later_ns(0);
	for (uint64_t i = 0; i < 40; i++)
		look_at(&scene, 250 * i);
	assert_int_equal(fake.nr_freed, 1);
	assert_int_equal(fake.freed[0], 4);
	fake.rows[3].counts.hits = 1;
	expect_total(read_interval(&scene), MMCPUS_INTERVAL_HITS, 1);
	for (uint64_t i = 40; i < 46; i++)
		look_at(&scene, 250 * i);
	assert_int_equal(fake.nr_freed, 2);
	assert_int_equal(fake.freed[1], 3);
	scene_close(&scene);
}

/* It is not seen who sends these. */
static void rows_of_the_kernel_are_free_later(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 321)->key.kind = SHOOTDOWN_KIND_KERNEL;
	for (uint64_t i = 0; i < 99; i++)
		look_at(&scene, 250 * i);
	assert_int_equal(fake.nr_freed, 0);
	look_at(&scene, 250 * 99);
	assert_int_equal(fake.nr_freed, 1);
	scene_close(&scene);
}

static void a_row_that_is_forgotten_and_counts_is_silent_from_then_on(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	struct shootdown_row *row = take_row(3, 42, 11);

	for (uint64_t i = 0; i < 4; i++)
		look_at(&scene, 250 * i);
	row->counts.hits = 1;
	look_at(&scene, 1000);
	look_at(&scene, 1250);
	assert_int_equal(fake.nr_freed, 0);
	for (uint64_t i = 6; i < 9; i++)
		look_at(&scene, 250 * i);
	assert_int_equal(fake.nr_freed, 1);
	assert_int_equal(fake.nr_forgotten, 1);
	scene_close(&scene);
}

/* Its key may have a row, then: were it given back, another's flushes would be counted with this one's. */
static void a_row_that_cannot_be_forgotten_is_kept(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 11);
	fake.forget_err = -EBUSY;
	for (uint64_t i = 0; i < 10; i++)
		look_at(&scene, 250 * i);
	assert_int_equal(fake.nr_freed, 0);
	fake.forget_err = -ENOENT;
	for (uint64_t i = 10; i < 15; i++)
		look_at(&scene, 250 * i);
	assert_int_equal(fake.nr_freed, 1);
	scene_close(&scene);
}

/* Its key has another row by now. */
static void what_the_kernel_forgot_is_not_forgotten_again(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 11)->flags = SHOOTDOWN_ROW_FORGOTTEN;
	for (uint64_t i = 0; i < 5; i++)
		look_at(&scene, 250 * i);
	assert_int_equal(fake.nr_forgotten, 0);
	assert_int_equal(fake.nr_freed, 1);
	scene_close(&scene);
}

/* Its key has no row any more when it counts once again. */
static void counts_what_comes_late(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	struct shootdown_row *row = take_row(3, 42, 11);

	assert_int_equal(mmcpus_shootdowns_collect(scene.src), 0);
	assert_int_equal(fake.nr_forgotten, 1);
	row->counts.hits = 1;
	take_row(5, 42, 11)->counts.sent = 4;
	expect_total(read_interval(&scene), MMCPUS_INTERVAL_HITS, 1);
	assert_int_equal(mmcpus_interval_count(read_interval(&scene)), 0);
	scene_close(&scene);
}

static void ignore_event(void *unused, const struct mmcpus_event *event)
{
	(void)unused;
	(void)event;
}

/* Who an event is about stands in its row. */
static void no_row_is_free_before_its_events_are_told(void **state)
{
	struct scene scene;

	write_tlb_row(*state, 12, 0);
	scene = scene_open_with(*state, MMCPUS_BY_FLOW, MMCPUS_WITH_EVENTS);
	take_row(3, 42, 11);
	fake.nr_events = 20;
	for (uint64_t i = 0; i < 20; i++) {
		fake.event_ns = later_ns(i);
		assert_int_equal(mmcpus_shootdowns_poll(scene.src, 0, ignore_event, NULL), 1);
		look_at(&scene, 1000 + 250 * i);
	}
	assert_int_equal(fake.nr_freed, 0);
	fake.nr_events = 20;
	for (uint64_t i = 20; i < 24; i++) {
		fake.event_ns = later_ns(1000 + 250 * i - 1);
		assert_int_equal(mmcpus_shootdowns_poll(scene.src, 0, ignore_event, NULL), 1);
		look_at(&scene, 1000 + 250 * i);
	}
	assert_int_equal(fake.nr_freed, 1);
	scene_close(&scene);
}

static uint64_t *hit_set(uint32_t row)
{
	return &fake.sets[row * SHOOTDOWN_NR_SETS + SHOOTDOWN_SET_HIT];
}

static void expect_hits(const struct mmcpus_interval *interval, uint64_t nr, const char *cpus)
{
	const struct mmcpus_shootdown *row = mmcpus_interval_row(interval, 0);

	assert_non_null(row);
	expect_number(row, MMCPUS_SHOOTDOWN_HITS, nr);
	assert_set(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_HIT_CPUS), cpus);
}

static void hit_by_cpu_1(void)
{
	fake.rows[3].counts.hits++;
	*hit_set(3) |= 2;
}

static void note_cpu_1(void)
{
	*hit_set(3) |= 2;
}

/* A row that is looked at for its stack: what was sent was counted before, and at_symbol() happens then. */
static struct shootdown_row *take_row_of_stack(void (*at_symbol)(void))
{
	static const struct shootdown_stack stack = { { 0x2000 } };
	struct shootdown_row *row = take_row(3, 42, 11);

	give_stacks(3, 2, &stack, &stack);
	row->counts.sent = 1;
	fake.at_symbol = at_symbol;
	return row;
}

/* It is counted in the next look, and there is its CPU. */
static void a_hit_while_its_row_is_looked_at_is_in_one_interval_with_its_cpu(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row_of_stack(hit_by_cpu_1);
	expect_hits(read_interval(&scene), 0, "");
	expect_hits(read_interval(&scene), 1, "1");
	scene_close(&scene);
}

/* Its CPU is noted after it was counted: in the first, where it was counted, and not in the next. */
static void the_cpu_of_a_hit_may_be_noted_while_its_row_is_looked_at(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	struct shootdown_row *row = take_row_of_stack(note_cpu_1);

	row->counts.hits = 1;
	expect_hits(read_interval(&scene), 1, "1");
	row->counts.sent = 1;
	expect_hits(read_interval(&scene), 0, "");
	scene_close(&scene);
}

/* Then it is not known yet. */
static void the_cpus_of_hits_are_never_none(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 11)->counts = (struct shootdown_counts){ .sent = 1, .hits = 1 };
	assert_null(mmcpus_shootdown_set(mmcpus_interval_row(read_interval(&scene), 0), MMCPUS_SHOOTDOWN_HIT_CPUS));
	scene_close(&scene);
}

/* The next to have the row was not there. */
static void no_cpu_is_left_over_in_a_silent_row(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);

	take_row(3, 42, 11);
	note_cpu_1();
	look_at(&scene, 0);
	assert_int_equal(*hit_set(3), 0);
	scene_close(&scene);
}

static void note_cpu(uint32_t row, enum shootdown_set set, uint32_t cpu)
{
	fake.sets[(row * SHOOTDOWN_NR_SETS + set) * fake.nr_words + cpu / 64] |= UINT64_C(1) << cpu % 64;
}

static void expect_set(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_set which, const char *cpus)
{
	assert_non_null(row);
	assert_set(mmcpus_shootdown_set(row, which), cpus);
}

/* Row 3 and the next, so that a word which is looked for in the wrong place is another's. */
static void sets_of_many_cpus_have_more_words(void **state)
{
	struct scene scene;
	const struct mmcpus_interval *interval;

	tree_write(*state, "proc/interrupts", "     CPU0 CPU129\n TLB: 1 0 TLB shootdowns\n");
	scene = scene_open_on(*state, "0-129\n", MMCPUS_BY_FLOW, 0);
	take_row(3, 30, 28)->counts = (struct shootdown_counts){ .sent = 2, .hits = 3, .stolen_ns = 9 };
	note_cpu(3, SHOOTDOWN_SET_SENDERS, 64);
	note_cpu(3, SHOOTDOWN_SET_REQUESTED, 0);
	note_cpu(3, SHOOTDOWN_SET_REQUESTED, 65);
	note_cpu(3, SHOOTDOWN_SET_REQUESTED, 129);
	note_cpu(3, SHOOTDOWN_SET_HIT, 65);
	note_cpu(3, SHOOTDOWN_SET_HIT, 129);
	note_cpu(3, SHOOTDOWN_SET_HIT, 130); /* there is no such CPU */
	take_row(4, 40, 28)->counts = (struct shootdown_counts){ .sent = 1, .hits = 1 };
	note_cpu(4, SHOOTDOWN_SET_SENDERS, 127);
	note_cpu(4, SHOOTDOWN_SET_HIT, 128);
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_count(interval), 2);
	expect_set(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_SENDER_CPUS, "64");
	expect_set(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_REQUESTED_CPUS, "0,65,129");
	expect_set(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_HIT_CPUS, "65,129");
	expect_set(mmcpus_interval_row(interval, 1), MMCPUS_SHOOTDOWN_SENDER_CPUS, "127");
	expect_set(mmcpus_interval_row(interval, 1), MMCPUS_SHOOTDOWN_HIT_CPUS, "128");
	fake.rows[3].counts = (struct shootdown_counts){ .sent = 1, .hits = 1 };
	note_cpu(3, SHOOTDOWN_SET_HIT, 1);
	expect_set(mmcpus_interval_row(read_interval(&scene), 0), MMCPUS_SHOOTDOWN_HIT_CPUS, "1");
	scene_close(&scene);
}

static void idle_is_one_victim(void **state)
{
	static const char *const names[] = { "swapper/0", "swapper/1" };
	struct scene scene = scene_open(*state, MMCPUS_BY_PAIR);
	const struct mmcpus_interval *interval;

	for (uint32_t cpu = 0; cpu < NR(names); cpu++) {
		struct shootdown_row *row = take_row(3 + cpu, 30, 28);

		row->key.cpu = cpu + 1;
		snprintf(row->victim.comm, sizeof(row->victim.comm), "%s", names[cpu]);
		row->counts = (struct shootdown_counts){ .hits = 2 };
		note_cpu(3 + cpu, SHOOTDOWN_SET_HIT, cpu);
	}
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_count(interval), 1);
	expect_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_HITS, 4);
	expect_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_VICTIM_PID, 0);
	expect_set(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_HIT_CPUS, "0-1");
	scene_close(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(counts_the_rest_of_a_hit_in_the_next),
		tree_test(a_stack_may_tell_another_cause),
		tree_test(a_stack_outlives_its_row),
		tree_test(an_interval_has_no_two_rows_that_look_the_same),
		tree_test(stacks_are_kept_where_they_are_shown),
		tree_test(frees_rows_that_are_silent),
		tree_test(what_is_used_is_not_silent),
		tree_test(looks_in_quick_succession_free_no_row),
		tree_test(no_row_is_free_while_its_flush_may_be_under_way),
		tree_test(rows_of_the_kernel_are_free_later),
		tree_test(a_row_that_is_forgotten_and_counts_is_silent_from_then_on),
		tree_test(a_row_that_cannot_be_forgotten_is_kept),
		tree_test(what_the_kernel_forgot_is_not_forgotten_again),
		tree_test(counts_what_comes_late),
		tree_test(no_row_is_free_before_its_events_are_told),
		tree_test(a_hit_while_its_row_is_looked_at_is_in_one_interval_with_its_cpu),
		tree_test(the_cpu_of_a_hit_may_be_noted_while_its_row_is_looked_at),
		tree_test(the_cpus_of_hits_are_never_none),
		tree_test(no_cpu_is_left_over_in_a_silent_row),
		tree_test(sets_of_many_cpus_have_more_words),
		tree_test(idle_is_one_victim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
