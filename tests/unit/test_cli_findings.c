/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings that cost nothing, because flushes of the address space interrupt nobody. */
#include "unit.h"

#include <errno.h>

#include "finding_columns.h"
#include "findings.h"

static const char mm_rule[] = "exposed", stale_rule[] = "stale", costly_rule[] = "numa-balancing",
		  present_rule[] = "unexpected", machine_rule[] = "ksm";

static void moot_where_nobody_is_interrupted(void **state)
{
	static const struct {
		const char *rule;
		enum mmcpus_flush_mode flush;
		int is_moot;
		const char *flush_text;
		const char *moot_text;
	} cases[] = {
		{ mm_rule, MMCPUS_FLUSH_IPI, 0, "ipi", "no" },
		{ mm_rule, MMCPUS_FLUSH_PARAVIRT, 0, "paravirt", "no" },
		{ mm_rule, MMCPUS_FLUSH_BROADCAST, 1, "broadcast", "yes" },
		{ mm_rule, MMCPUS_FLUSH_HARDWARE, 1, "hardware", "yes" },
		{ mm_rule, MMCPUS_FLUSH_UNKNOWN, -ENODATA, "?", "?" },
		{ stale_rule, MMCPUS_FLUSH_BROADCAST, 1, "broadcast", "yes" },
		{ costly_rule, MMCPUS_FLUSH_BROADCAST, 0, "broadcast", "no" },
		{ present_rule, MMCPUS_FLUSH_BROADCAST, 0, "broadcast", "no" }, /* it runs there */
		{ costly_rule, MMCPUS_FLUSH_UNKNOWN, 0, "?", "no" },
		{ machine_rule, MMCPUS_FLUSH_UNKNOWN, 0, "-", "no" },
	};
	static const struct value_style style = { .empty = "-" };

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		const struct finding finding = { .rule = rule_find(cases[i].rule), .flush = cases[i].flush };
		const struct finding_view view = { 0 };
		struct value flush = column_get(column_find(&finding_columns, "FLUSH", 5), &view, &finding);
		struct value moot = column_get(column_find(&finding_columns, "MOOT", 4), &view, &finding);
		char *flush_text = value_text(&flush, &style);
		char *moot_text = value_text(&moot, &style);

		check(finding_is_moot(&finding) == cases[i].is_moot, "case %zu", i);
		assert_string_equal(flush_text, cases[i].flush_text);
		assert_string_equal(moot_text, cases[i].moot_text);
		free(flush_text);
		free(moot_text);
		value_deinit(&flush);
		value_deinit(&moot);
	}
}

static void what_is_moot_does_not_count(void **state)
{
	struct finding finding = { .rule = rule_find(mm_rule), .flush = MMCPUS_FLUSH_BROADCAST };

	(void)state;
	finding_weigh(&finding, true);
	assert_false(finding_counts(&finding));
	assert_string_equal(severity_name(finding.severity), "info");
	finding_weigh(&finding, false);
	assert_true(finding_counts(&finding));
	assert_string_equal(severity_name(finding.severity), "error");
	finding.flush = MMCPUS_FLUSH_UNKNOWN;
	finding_weigh(&finding, true);
	assert_true(finding_counts(&finding));
}

/* How it was when it was worst: the one look in which flushes interrupted counts, whichever it was. */
static void moot_in_one_look_only_counts(void **state)
{
	static const enum mmcpus_flush_mode looks[][2] = {
		{ MMCPUS_FLUSH_IPI, MMCPUS_FLUSH_BROADCAST },
		{ MMCPUS_FLUSH_BROADCAST, MMCPUS_FLUSH_IPI },
	};

	(void)state;
	for (size_t i = 0; i < NR(looks); i++) {
		struct finding_list list = { 0 };

		for (size_t j = 0; j < 2; j++) {
			struct finding finding = { .rule = rule_find(mm_rule), .flush = looks[i][j], .nr_looks = 1 };

			finding_weigh(&finding, true);
			finding_list_add(&list, &finding);
		}
		assert_int_equal(list.nr_findings, 1);
		check(finding_counts(&list.findings[0]) && list.findings[0].nr_looks == 2, "case %zu", i);
		finding_list_deinit(&list);
	}
}

#define DAY UINT64_C(86400)

static void time_is(const char *column, const struct finding_view *view, const char *expected)
{
	static const struct value_style style = { .empty = "-" };
	const struct finding finding = { .rule = rule_find(mm_rule),
					 .has_start = true,
					 .start_ns = 3600 * UINT64_C(1000000000),
					 .first_s = 20000 * DAY - 1,
					 .last_s = 20000 * DAY + 3661 };
	struct value value = column_get(column_find(&finding_columns, column, strlen(column)), view, &finding);
	char *text = value_text(&value, &style);

	assert_string_equal(text, expected);
	free(text);
	value_deinit(&value);
}

/* What was today is clear without its date; of the start, which may be long ago, the day is enough. */
static void times_are_short_where_they_are_asked_for(void **state)
{
	static const struct finding_view full = { .boot_s = 20000 * DAY };
	static const struct finding_view today = { .boot_s = 20000 * DAY, .today_s = 20000 * DAY + 7000 };
	static const struct finding_view later = { .boot_s = 20000 * DAY, .today_s = 20001 * DAY };

	(void)state;
	time_is("STARTED", &full, "2024-10-04T01:00:00Z");
	time_is("FIRST", &full, "2024-10-03T23:59:59Z");
	time_is("LAST", &full, "2024-10-04T01:01:01Z");
	time_is("STARTED", &today, "01:00:00Z");
	time_is("FIRST", &today, "2024-10-03T23:59:59Z");
	time_is("LAST", &today, "01:01:01Z");
	time_is("STARTED", &later, "2024-10-04");
	time_is("LAST", &later, "2024-10-04T01:01:01Z");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(moot_where_nobody_is_interrupted),
		cmocka_unit_test(what_is_moot_does_not_count),
		cmocka_unit_test(moot_in_one_look_only_counts),
		cmocka_unit_test(times_are_short_where_they_are_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
