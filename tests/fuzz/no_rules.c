/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of the rules, whose checks would need all of the library. */
#include <string.h>

#include "rules.h"

const struct rule rules[] = {
	{ .id = "exposed", .scope = RULE_OF_MM, .needs = NEED_ISOLATED },
	{ .id = "stray", .scope = RULE_OF_MM },
	{ .id = "ksm", .scope = RULE_OF_SYSTEM, .needs = NEED_ISOLATED },
};

const size_t nr_rules = sizeof(rules) / sizeof(rules[0]);

const struct rule *rule_find(const char *id)
{
	for (size_t i = 0; i < nr_rules; i++)
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	return NULL;
}

bool rule_is_of_isolation(const struct rule *rule)
{
	return rule->scope == RULE_OF_MM && rule->needs & NEED_ISOLATED;
}
