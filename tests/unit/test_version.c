/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that the library gives out as they are. */
#include "unit.h"

static void version_has_three_numbers(void **state)
{
	unsigned int major, minor, patch;
	char behind;

	(void)state;
	assert_int_equal(sscanf(mmcpus_version(), "%u.%u.%u%c", &major, &minor, &patch, &behind), 3);
}

static void qualities_have_names(void **state)
{
	(void)state;
	assert_string_equal(mmcpus_quality_name(MMCPUS_EXACT), "exact");
	assert_string_equal(mmcpus_quality_name(MMCPUS_PARTIAL), "partial");
	assert_string_equal(mmcpus_quality_name(MMCPUS_ESTIMATE), "estimate");
	assert_null(mmcpus_quality_name(MMCPUS_ESTIMATE + 1));
}

static void rules_have_names_and_meanings(void **state)
{
	(void)state;
	for (int rule = MMCPUS_RULE_UNKNOWN; rule <= MMCPUS_RULE_NOT_MAINTAINED; rule++) {
		const char *name = mmcpus_mask_rule_name(rule);
		const char *meaning = mmcpus_mask_rule_meaning(rule);

		check(name && name[0] && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name), "rule %d", rule);
		check(meaning && meaning[0] && !strchr(meaning, '\n'), "rule %d", rule);
		for (int other = MMCPUS_RULE_UNKNOWN; other < rule; other++)
			assert_string_not_equal(name, mmcpus_mask_rule_name(other));
	}
	assert_null(mmcpus_mask_rule_name(MMCPUS_RULE_NOT_MAINTAINED + 1));
	assert_null(mmcpus_mask_rule_meaning(MMCPUS_RULE_NOT_MAINTAINED + 1));
}

static void backends_have_names_and_summaries(void **state)
{
	size_t nr = 0;

	(void)state;
	for (const char *name; (name = mmcpus_backend_name(nr)); nr++)
		check(mmcpus_backend_summary(name) && mmcpus_backend_summary(name)[0], "%s", name);
	assert_true(nr >= 3);
	assert_null(mmcpus_backend_name(nr + 1));
	assert_null(mmcpus_backend_name(SIZE_MAX));
	assert_null(mmcpus_backend_summary("nope"));
	assert_null(mmcpus_backend_summary(""));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_has_three_numbers),
		cmocka_unit_test(qualities_have_names),
		cmocka_unit_test(rules_have_names_and_meanings),
		cmocka_unit_test(backends_have_names_and_summaries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
