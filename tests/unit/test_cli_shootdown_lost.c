/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands below the table of an interval. */
#include "shootdown_scene.h"
#include "said.h"

#include "shootdown_columns.h"
#include "shootdown_report.h"

/* What is printed goes to text. */
static void print(const struct mmcpus_interval *interval, char *text, size_t size)
{
	struct shootdown_report report = { .by = shootdown_by_find("flow") };
	struct said said;
	int status;

	assert_int_equal(column_list_parse(&report.columns, &shootdown_columns, report.by->table, NULL), 0);
	said = said_begin();
	status = shootdown_report_print(&report, interval);
	said_end(&said, text, size);
	column_list_deinit(&report.columns);
	assert_int_equal(status, 0);
}

/* What is said of losses, if so many hits are lost in an interval. */
static void lost_is(const struct tree *tree, unsigned extras, uint64_t nr_missed, const char *expected)
{
	struct scene scene;
	char text[1024];

	write_tlb_row(tree, 12, 0);
	scene = scene_open_with(tree, MMCPUS_BY_FLOW, extras);
	fake.cost.nr_missed += nr_missed;
	print(read_interval(&scene), text, sizeof(text));
	check(strstr(text, expected) != NULL, "'%s' is not in: %s", expected, text);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(what_was_lost_has_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
