/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands below the table of an interval. */
#include "shootdown_scene.h"
#include "said.h"

#include "shootdown_columns.h"
#include "shootdown_report.h"

/* What is printed of an interval of it goes to text. */
static void print(struct scene *scene, bool is_json, char *text, size_t size)
{
	struct shootdown_report report = { .by = shootdown_by_find("flow"), .is_json = is_json, .src = scene->src };
	const struct mmcpus_interval *interval = read_interval(scene);
	struct said said;
	int status;

	assert_int_equal(column_list_parse(&report.columns, &shootdown_columns, report.by->table, NULL), 0);
	said = said_begin();
	status = shootdown_report_print(&report, interval);
	said_end(&said, text, size);
	column_list_deinit(&report.columns);
	assert_int_equal(status, 0);
}

static void expect_text(struct scene *scene, bool is_json, const char *expected)
{
	char text[4096];

	print(scene, is_json, text, sizeof(text));
	check(strstr(text, expected) != NULL, "'%s' is not in: %s", expected, text);
}

/* What is said of losses, if so many hits are lost in an interval. */
static void lost_is(const struct tree *tree, unsigned extras, uint64_t nr_missed, const char *expected)
{
	struct scene scene;

	write_tlb_row(tree, 12, 0);
	scene = scene_open_with(tree, MMCPUS_BY_FLOW, extras);
	fake.cost.nr_missed += nr_missed;
	expect_text(&scene, false, expected);
	scene_close(&scene);
}

static void what_was_lost_has_a_reason(void **state)
{
	const struct tree *tree = *state;

	lost_is(tree, 0, 0, ", lost 0; row TLB");
	lost_is(tree, 0, 3, ", lost 3 (left out by the kernel); row TLB");
	lost_is(tree, MMCPUS_WITH_CALLS, 3, ", lost 3 (left out by the kernel); row TLB");
	lost_is(tree, MMCPUS_WITH_CALLS, 0, ", lost 0; row TLB");
}

/* If so many hits are seen, so many lost, and the row grows by so many. Once as text, once as JSON. */
static void row_is(const struct tree *tree, uint64_t nr_hits, uint64_t nr_lost, unsigned growth, const char *text,
		   const char *json)
{
	for (int is_json = 0; is_json < 2; is_json++) {
		struct scene scene;

		write_tlb_row(tree, 12, 0);
		scene = scene_open_with(tree, MMCPUS_BY_FLOW, 0);
		take_row(3, 30, 28)->counts = (struct shootdown_counts){ .sent = nr_hits, .hits = nr_hits };
		fake.cost.nr_missed += nr_lost;
		write_tlb_row(tree, 12, growth);
		expect_text(&scene, is_json, is_json ? json : text);
		scene_close(&scene);
	}
}

static void the_row_is_sound_if_it_counts_each(void **state)
{
	row_is(*state, 5, 0, 5, "/proc/interrupts 5, as it should be;", "\"tlb_row_is_sound\": true");
	row_is(*state, 0, 0, 0, "/proc/interrupts 0, with nothing to compare it with;", "\"tlb_row_is_sound\": null");
	row_is(*state, 5, 0, 3, " 3, 2 less than hits: under way;", "\"tlb_row_is_sound\": null");
	row_is(*state, 5, 0, 2, " 2, 3 less than hits: not to be trusted here;", "\"tlb_row_is_sound\": false");
	row_is(*state, 5, 2, 7, " 7, 2 more than hits: so many were lost;", "\"tlb_row_is_sound\": null");
	row_is(*state, 5, 1, 7, " 7, 2 more than hits: under way, or of processes hidden from BPF;",
	       "\"tlb_row_is_sound\": null");
}

static const struct tree *busy_tree;

/* Another hit, at each look. */
static void hit_once_more(void)
{
	static unsigned nr;

	write_tlb_row(busy_tree, 12, ++nr);
	fake.rows[3].counts.hits += 3;
	fake.at_poll = hit_once_more;
}

/* What is under way is counted in one of the two. */
static void a_busy_row_is_not_accused(void **state)
{
	struct scene scene;

	busy_tree = *state;
	write_tlb_row(*state, 12, 0);
	scene = scene_open_with(*state, MMCPUS_BY_FLOW, 0);
	take_row(3, 30, 28)->counts = (struct shootdown_counts){ .sent = 1, .hits = 1 };
	fake.at_poll = hit_once_more;
	expect_text(&scene, false, " less than hits: under way;");
	expect_text(&scene, true, "\"tlb_row_is_sound\": null");
	scene_close(&scene);
}

static void what_is_not_told_is_named(void **state)
{
	struct scene scene;

	write_tlb_row(*state, 12, 0);
	scene = scene_open_with(*state, MMCPUS_BY_FLOW, 0);
	expect_text(&scene, false, "sent 0, hit 0; counting");
	expect_text(&scene, true, "\"not_told\": []");
	fake.misses_batches = true;
	expect_text(&scene, false, "; not told here: owners of batches (--json says why); counting");
	expect_text(&scene, true, "\"what\": \"owners of batches\",");
	expect_text(&scene, true, "\"reason\": \"a hook is missing\",");
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_busy_row_is_not_accused),
		tree_test(the_row_is_sound_if_it_counts_each),
		tree_test(what_is_not_told_is_named),
		tree_test(what_was_lost_has_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
