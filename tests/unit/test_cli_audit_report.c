/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an audit comes to where flushes interrupt nobody: that takes hardware, so a captured machine is given it. */
#include "unit.h"
#include "said.h"

#include "audit.h"
#include "audit_report.h"
#include "finding_columns.h"
#include "message.h"
#include "policy.h"

/* The machine, and what the policy says of it. */
struct scenery {
	struct mmcpus_system *sys;
	struct mmcpus_source *src;
	struct mmcpus_cpuset *isolated;
	struct policy policy;
	struct audit audit;
};

static void scenery_init(struct scenery *scenery, const char *policy)
{
	char *why;

	*scenery = (struct scenery){ 0 };
	assert_int_equal(mmcpus_system_open(getenv("AUDITED_MACHINE"), &scenery->sys, NULL), 0);
	assert_int_equal(mmcpus_source_open(scenery->sys, NULL, &scenery->src, NULL), 0);
	scenery->isolated = set_of(mmcpus_system_nr_cpus(scenery->sys), "6-7");
	assert_int_equal(policy_parse(&scenery->policy, "test", policy, &why), 0);
	audit_init(&scenery->audit, scenery->sys, scenery->src, scenery->isolated, &scenery->policy);
	assert_int_equal(audit_look(&scenery->audit, NULL), 0);
}

static void scenery_deinit(struct scenery *scenery)
{
	audit_deinit(&scenery->audit);
	policy_deinit(&scenery->policy);
	mmcpus_cpuset_destroy(scenery->isolated);
	mmcpus_source_close(scenery->src);
	mmcpus_system_close(scenery->sys);
}

static void flush_by(struct scenery *scenery, enum mmcpus_flush_mode mode)
{
	struct finding_list *list = &scenery->audit.findings;

	for (size_t i = 0; i < list->nr_findings; i++) {
		list->findings[i].flush = mode;
		finding_weigh(&list->findings[i], audit_has_moot(&scenery->audit));
	}
}

/* The exit status; what is printed goes to text, for stdout is the test's. */
static int print(struct scenery *scenery, char *text, size_t size)
{
	struct audit_report report = { .audit = &scenery->audit, .isolated_by = "test" };
	struct said said;
	int status;

	assert_int_equal(column_list_parse(&report.columns, &finding_columns, NULL, NULL), 0);
	said = said_begin();
	status = audit_report_print(&report);
	said_end(&said, text, size);
	column_list_deinit(&report.columns);
	return status;
}

static const char only_exposed_and_stray[] = "allow comm=* rule=unexpected\nignore stale\nignore numa-balancing\n"
					     "ignore split-threads\nignore remote-memory\nignore far-memory\n"
					     "ignore thp-collapse\nignore ksm\n";

static void status_is(const char *more, enum mmcpus_flush_mode mode, int expected, const char *said)
{
	char policy[512];
	char text[16384];
	struct scenery scenery;
	int status;

	snprintf(policy, sizeof(policy), "%s%s", only_exposed_and_stray, more);
	scenery_init(&scenery, policy);
	assert_int_equal(scenery.audit.findings.nr_findings, 2);
	flush_by(&scenery, mode);
	status = print(&scenery, text, sizeof(text));
	check(status == expected, "'%s', mode %d: status %d\n%s", more, mode, status, text);
	check(strstr(text, said), "'%s', mode %d: no '%s' in\n%s", more, mode, said, text);
	scenery_deinit(&scenery);
}

static void what_is_moot_passes(void **state)
{
	(void)state;
	status_is("", MMCPUS_FLUSH_IPI, STATUS_FOUND, "2 findings, 1 of them on 2 isolated CPUs\n");
	status_is("", MMCPUS_FLUSH_UNKNOWN, STATUS_FOUND, "2 findings, 1 of them on 2 isolated CPUs\n");
	status_is("", MMCPUS_FLUSH_BROADCAST, STATUS_OK, "no findings on 2 isolated CPUs, but 2 that are moot\n");
	status_is("", MMCPUS_FLUSH_BROADCAST, STATUS_OK, "  Moot             exposed, stray\n");
}

static void a_policy_can_take_it_seriously(void **state)
{
	(void)state;
	status_is("ignore moot", MMCPUS_FLUSH_BROADCAST, STATUS_FOUND, "2 findings, 1 of them on 2 isolated CPUs\n");
	status_is("ignore moot", MMCPUS_FLUSH_BROADCAST, STATUS_FOUND, "  Rules broken     exposed, stray\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_moot_passes),
		cmocka_unit_test(a_policy_can_take_it_seriously),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
