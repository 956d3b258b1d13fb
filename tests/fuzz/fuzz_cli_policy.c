/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: a policy file. */
#include "fuzz.h"

#include "policy.h"
#include "rules.h"

static void check_policy(const struct policy *policy)
{
	bool is_used = policy->allowed.nr_entries > 0;

	must(!policy->isolated == !policy->isolated_line);
	must(!policy_allows(policy, &rules[2], "init", "/init.scope")); /* of the machine: nothing to be allowed */
	for (size_t i = 0; i < nr_rules; i++) {
		must(!policy_allows(policy, &rules[i], NULL, NULL)); /* of whom nothing is known */
		must(is_used || !policy_allows(policy, &rules[i], "init", "/a.slice/b@1.service"));
		policy_allows(policy, &rules[i], "init", "/a.slice/b@1.service");
	}
	must(!policy_expects_hidden(policy, NULL, NULL));
	must(policy->hidden.nr_entries > 0 || !policy_expects_hidden(policy, "init", "/a.slice/b@1.service"));
}

/* The message says where: test:LINE. */
static void check_message(const char *why)
{
	unsigned line;

	must(sscanf(why, "test:%u: '", &line) == 1 && line > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = string_of(data, size > 4096 ? 4096 : size);
	struct policy policy = { 0 };
	char *why = NULL;
	int err = policy_parse(&policy, "test", text, &why);

	must(err == 0 || err == -EINVAL);
	must(!err == !why);
	if (err)
		check_message(why);
	else
		check_policy(&policy);
	free(why);
	policy_deinit(&policy);
	free(text);
	return 0;
}
