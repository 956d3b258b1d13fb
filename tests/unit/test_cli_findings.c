/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings that cost nothing, because flushes of the address space interrupt nobody. */
#include "unit.h"

#include <errno.h>

#include "finding_columns.h"
#include "findings.h"

static const char mm_rule[] = "exposed", stale_rule[] = "stale", costly_rule[] = "numa-balancing",
		  machine_rule[] = "ksm";

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(moot_where_nobody_is_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
