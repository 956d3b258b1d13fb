/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies: how they are read, and whom they allow what. */
#include "unit.h"

#include "policy.h"
#include "rules.h"

static struct policy parse(const char *text)
{
	struct policy policy = { 0 };
	char *why = NULL;
	int err = policy_parse(&policy, "test", text, &why);

	check(err == 0 && !why, "'%s': %s", text, why);
	return policy;
}

static bool allows(const char *text, const char *rule, const char *comm, const char *cgroup)
{
	struct policy policy = parse(text);
	bool result = policy_allows(&policy, rule_find(rule), comm, cgroup);

	policy_deinit(&policy);
	return result;
}

static void matches_processes(void **state)
{
	static const struct {
		const char *text;
		const char *comm;
		const char *cgroup;
		bool is_allowed;
	} cases[] = {
		{ "", "a", "/", false },
		{ "# allow comm=a", "a", "/", false },
		{ "allow comm=a", "a", "/", true },
		{ "allow comm=a # comment", "a", "/", true },
		{ "\tallow\t comm=a \r\n", "a", NULL, true },
		{ "allow comm=a", "ab", "/", false },
		{ "allow comm=a*", "ab", "/", true },
		{ "allow comm=a#b", "a#b", "/", true },
		{ "allow comm=[ab]", "b", "/", true },
		{ "allow comm=a\\*", "a*", "/", true },
		{ "allow comm=a\\*", "ab", "/", false },
		{ "allow comm=*", NULL, "/", false },
		{ "allow comm=\"a b\"", "a b", "/", true },
		{ "allow \"comm=a b\"", "a b", "/", true },
		{ "allow comm=a\" \"b", "a b", "/", true },
		{ "allow comm=\"a \\\"b\\\"\"", "a \"b\"", "/", true },
		{ "allow comm=\"# no comment\"", "# no comment", "/", true },
		{ "allow comm=a=b", "a=b", "/", true },
		{ "allow cgroup=/a.slice", "x", "/a.slice", true },
		{ "allow cgroup=/a.slice", "x", "/a.slice/b.service", false },
		{ "allow cgroup=/a.slice*", "x", "/a.slice/b.service", true },
		{ "allow cgroup=*", "x", NULL, false },
		{ "allow unit=a.slice", "x", "/a.slice/b.service", true },
		{ "allow unit=b.service", "x", "/a.slice/b.service", true },
		{ "allow unit=b", "x", "/a.slice/b.service", false },
		{ "allow unit=b@*.service", "x", "/a.slice/b@1.service/sub", true },
		{ "allow unit=sub", "x", "/a.slice/b@1.service/sub", false },
		{ "allow unit=*", "x", "/plain/cgroup", false },
		{ "allow unit=*", "x", NULL, false },
		{ "allow unit=.service", "x", "/.service", false },
		{ "allow comm=a unit=b.service", "a", "/b.service", true },
		{ "allow comm=a unit=b.service", "a", "/c.service", false },
		{ "allow comm=a unit=b.service", "x", "/b.service", false },
		{ "allow comm=a\nallow comm=b", "b", "/", true },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++)
		check(allows(cases[i].text, "exposed", cases[i].comm, cases[i].cgroup) == cases[i].is_allowed,
		      "'%s' and %s in %s", cases[i].text, cases[i].comm ? cases[i].comm : "?",
		      cases[i].cgroup ? cases[i].cgroup : "?");
}

/* Who may be on isolated CPUs may not do all else. */
static void is_for_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_rules; i++) {
		check(allows("allow comm=a", rules[i].id, "a", "/") == rule_is_of_isolation(&rules[i]), "%s",
		      rules[i].id);
		check(allows("allow comm=a rule=stray", rules[i].id, "a", "/") == (strcmp(rules[i].id, "stray") == 0),
		      "%s", rules[i].id);
	}
	assert_true(rule_is_of_isolation(rule_find("exposed")));
	assert_false(rule_is_of_isolation(rule_find("stray")));
	assert_false(rule_is_of_isolation(rule_find("ksm")));
}

static void takes_patterns_of_the_command_line(void **state)
{
	static const struct {
		const char *pattern;
		bool is_allowed; /* rt in /rt.slice/x.service */
	} cases[] = {
		{ "rt", true },         { "r?", true },         { "/rt.slice/x.service", true },
		{ "/rt.slice*", true }, { "rt.slice", true },   { "x.service", true },
		{ "x", false },         { "/rt.slice", false }, { "RT", false },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct policy policy = { 0 };
		char *why = NULL;

		assert_int_equal(policy_allow(&policy, cases[i].pattern, &why), 0);
		check(policy_allows(&policy, rule_find("exposed"), "rt", "/rt.slice/x.service") == cases[i].is_allowed,
		      "%s", cases[i].pattern);
		policy_deinit(&policy);
	}
}

/* Who may be hidden may do nothing else, and the other way round. */
static void knows_who_is_hidden(void **state)
{
	struct policy policy = parse("hidden comm=agent\nhidden comm=a unit=b.service\nallow comm=rt");

	(void)state;
	assert_true(policy_expects_hidden(&policy, "agent", NULL));
	assert_true(policy_expects_hidden(&policy, "a", "/b.service"));
	assert_false(policy_expects_hidden(&policy, "a", "/"));
	assert_false(policy_expects_hidden(&policy, "rt", "/"));
	assert_false(policy_expects_hidden(&policy, NULL, NULL));
	assert_false(policy_allows(&policy, rule_find("exposed"), "agent", "/"));
	policy_deinit(&policy);
}

static void keeps_what_else_is_said(void **state)
{
	struct policy policy = parse("ignore ksm\n\nisolated 2-5,8 # boot\nignore thp-collapse");

	(void)state;
	assert_true(policy_ignores(&policy, rule_find("ksm")));
	assert_true(policy_ignores(&policy, rule_find("thp-collapse")));
	assert_false(policy_ignores(&policy, rule_find("exposed")));
	assert_string_equal(policy.isolated, "2-5,8");
	assert_int_equal(policy.isolated_line, 3);
	policy_deinit(&policy);
	policy_deinit(&policy);
}

static void rules_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_rules; i++) {
		const struct rule *rule = &rules[i];

		check(rule_find(rule->id) == rule, "%s is there twice", rule->id);
		check(strspn(rule->id, "abcdefghijklmnopqrstuvwxyz-") == strlen(rule->id), "%s", rule->id);
		if (rule->scope == RULE_OF_FINDING)
			check(!rule->check && !rule->prepare && !rule->needs, "%s", rule->id);
		else
			check(rule->check && (rule->scope == RULE_OF_MM || rule->prepare), "%s", rule->id);
		check(rule->meaning[strlen(rule->meaning) - 1] == '.', "%s: a sentence", rule->id);
		check(rule->remedy[strlen(rule->remedy) - 1] == '.', "%s: a sentence", rule->id);
		check(!strpbrk(rule->meaning, "\"\\") && !strpbrk(rule->remedy, "\"\\"), "%s: no quotes", rule->id);
	}
	assert_int_equal(rule_moot()->scope, RULE_OF_FINDING);
	assert_null(rule_find(""));
	assert_null(rule_find("expose"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_processes),
		cmocka_unit_test(is_for_rules),
		cmocka_unit_test(takes_patterns_of_the_command_line),
		cmocka_unit_test(knows_who_is_hidden),
		cmocka_unit_test(keeps_what_else_is_said),
		cmocka_unit_test(rules_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
