/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an audit says of isolated CPUs that are interrupted, when not all of it may have been counted. */
#include "fake_tracer.h"

#include "audit.h"
#include "finding_columns.h"
#include "policy.h"
#include "shootdown_source.h"

/* A machine that is watched, though it is a captured one, and what was counted on it. */
struct scenery {
	struct mmcpus_system *sys;
	struct mmcpus_source *src;
	struct mmcpus_shootdowns *shootdowns;
	struct mmcpus_cpuset *isolated;
	struct policy policy;
	struct audit audit;
};

static void scenery_init(struct scenery *scenery)
{
	*scenery = (struct scenery){ 0 };
	assert_int_equal(mmcpus_system_open(getenv("AUDITED_MACHINE"), &scenery->sys, NULL), 0);
	assert_int_equal(mmcpus_source_open(scenery->sys, NULL, &scenery->src, NULL), 0);
	scenery->isolated = set_of(mmcpus_system_nr_cpus(scenery->sys), "6-7");
	assert_int_equal(shootdowns_open_with(&fake_tracer, scenery->sys, MMCPUS_BY_FLOW, MMCPUS_WITH_CALLS,
					      scenery->isolated, &scenery->shootdowns, NULL),
			 0);
	fake.control.was_hit = 1; /* no hypervisor hides it */
	audit_init(&scenery->audit, scenery->sys, scenery->src, scenery->isolated, &scenery->policy);
	audit_watch(&scenery->audit, NULL, NULL);
}

static void scenery_deinit(struct scenery *scenery)
{
	audit_deinit(&scenery->audit);
	mmcpus_shootdowns_close(scenery->shootdowns);
	mmcpus_cpuset_destroy(scenery->isolated);
	mmcpus_source_close(scenery->src);
	mmcpus_system_close(scenery->sys);
}

static void take(struct scenery *scenery)
{
	const struct mmcpus_interval *interval;

	assert_int_equal(mmcpus_shootdowns_read(scenery->shootdowns, &interval, NULL), 0);
	audit_take_shootdowns(&scenery->audit, interval, NULL);
}

static const struct rule_result *result_of(const struct scenery *scenery, const char *rule)
{
	const struct rule_result *result = &scenery->audit.results[rule_find(rule) - rules];

	assert_string_equal(result->rule->id, rule);
	return result;
}

/* why: how the reason begins; NULL: it is checked in full. */
static void state_is(const struct scenery *scenery, const char *rule, const char *why)
{
	const struct rule_result *result = result_of(scenery, rule);

	check(result->state == (why ? RULE_UNCHECKED : RULE_CHECKED), "%s: state %d (%s)", rule, result->state,
	      result->why ? result->why : "no reason");
	check(!why || strncmp(result->why, why, strlen(why)) == 0, "%s: %s", rule, result->why);
}

/* One hit of CPU 6. */
static void hit(uint32_t index, uint32_t kind)
{
	struct shootdown_row *row = take_row(index, 42, 11);

	row->key.kind = kind;
	row->counts = (struct shootdown_counts){ .sent = 1, .hits = 1 };
	fake.sets[index * SHOOTDOWN_NR_SETS + SHOOTDOWN_SET_HIT] = 1 << 6;
}

/* ---------------------------------------------------------------------------------------------------------- the tests -- */

static void nothing_happened_and_all_was_counted(void **state)
{
	struct scenery scenery;

	(void)state;
	scenery_init(&scenery);
	take(&scenery);
	state_is(&scenery, "shootdown", NULL);
	state_is(&scenery, "cross-call", NULL);
	assert_int_equal(scenery.audit.findings.nr_findings, 0);
	scenery_deinit(&scenery);
}

static void what_was_lost_was_a_hit(void **state)
{
	static const struct {
		uint64_t nr_missed;
		const char *why;
	} cases[] = {
		{ 1, "1 hit is missing: the kernel left out a program that counts them; watch again" },
		{ 12, "12 hits are missing: the kernel left out a program that counts them; watch again" },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct scenery scenery;

		scenery_init(&scenery);
		fake.cost.nr_missed = cases[i].nr_missed;
		take(&scenery);
		state_is(&scenery, "shootdown", cases[i].why);
		state_is(&scenery, "cross-call", cases[i].why);
		assert_int_equal(scenery.audit.findings.nr_findings, 0);
		scenery_deinit(&scenery);
	}
}

static void what_the_kernel_alone_counts_was_a_hit(void **state)
{
	struct scenery scenery;

	(void)state;
	scenery_init(&scenery);
	hit(1, SHOOTDOWN_KIND_RANGE);
	scenery.shootdowns->last.tlb_row.sum -= 3; /* it has grown by that since */
	take(&scenery);
	state_is(&scenery, "shootdown", "2 hits may be missing: /proc/interrupts (TLB) counts so many more");
	state_is(&scenery, "cross-call", NULL);
	assert_int_equal(scenery.audit.findings.nr_findings, 1);
	scenery_deinit(&scenery);
}

static void without_what_the_kernel_counts_hits_are_not_checked(void **state)
{
	struct scenery scenery;

	(void)state;
	scenery_init(&scenery);
	scenery.shootdowns->last.tlb_row.columns ^= 1; /* a CPU came or went */
	take(&scenery);
	state_is(&scenery, "shootdown", "hits may be missing: with what /proc/interrupts (TLB) counts they can't be");
	state_is(&scenery, "cross-call", NULL);
	scenery_deinit(&scenery);
}

/* Of one sender, on CPU 6. */
static void send_calls(uint32_t index, uint64_t callback, uint32_t flags)
{
	struct shootdown_row *row = take_row(index, 42, 11);

	row->key.kind = SHOOTDOWN_KIND_CALL;
	row->key.owner_id = callback;
	row->flags |= flags;
	row->counts.sent = 3;
	fake.sets[index * SHOOTDOWN_NR_SETS + SHOOTDOWN_SET_HIT] = 1 << 6;
}

static void calls_that_do_not_tell_when_they_run_count_as_sent(void **state)
{
	struct scenery scenery;

	(void)state;
	scenery_init(&scenery);
	send_calls(1, SHOOTDOWN_CALLBACK_RESCHEDULE, 0);
	fake.rows[1].counts.hits = 3;
	fake.control.was_rescheduled = 1;
	send_calls(2, 0x1234, 0); /* none was carried out */
	take(&scenery);
	assert_int_equal(scenery.audit.findings.nr_findings, 0);
	scenery_deinit(&scenery);

	scenery_init(&scenery);
	send_calls(1, 0x1234, SHOOTDOWN_ROW_HITS_UNKNOWN);
	take(&scenery);
	assert_int_equal(scenery.audit.findings.nr_findings, 1);
	scenery_deinit(&scenery);
}

static void what_is_found_stays_found(void **state)
{
	struct scenery scenery;

	(void)state;
	scenery_init(&scenery);
	fake.cost.nr_missed = 2;
	hit(1, SHOOTDOWN_KIND_RANGE);
	hit(2, SHOOTDOWN_KIND_CALL);
	take(&scenery);
	assert_int_equal(scenery.audit.findings.nr_findings, 2);
	state_is(&scenery, "shootdown", "2 hits are missing");
	state_is(&scenery, "cross-call", "2 hits are missing");
	scenery_deinit(&scenery);
}

/* The CPU of a hit is noted after it was counted: that it is not known yet is no reason to say that there is none. */
static void whom_it_hit_may_not_be_known_yet(void **state)
{
	static const struct finding_view view = { 0 };
	struct scenery scenery;
	struct value cpus;

	(void)state;
	scenery_init(&scenery);
	hit(1, SHOOTDOWN_KIND_RANGE);
	fake.sets[SHOOTDOWN_NR_SETS + SHOOTDOWN_SET_HIT] = 0;
	take(&scenery);
	assert_int_equal(scenery.audit.findings.nr_findings, 1);
	cpus = column_get(column_find(&finding_columns, "CPUS", 4), &view, &scenery.audit.findings.findings[0]);
	assert_false(cpus.is_known);
	value_deinit(&cpus);
	scenery_deinit(&scenery);
}

/* What was lost before the window is of no matter. */
static void only_the_window_counts(void **state)
{
	const struct mmcpus_interval *before;
	struct scenery scenery;

	(void)state;
	scenery_init(&scenery);
	fake.cost.nr_missed = 2;
	assert_int_equal(mmcpus_shootdowns_read(scenery.shootdowns, &before, NULL), 0);
	take(&scenery);
	state_is(&scenery, "shootdown", NULL);
	state_is(&scenery, "cross-call", NULL);
	scenery_deinit(&scenery);
}

static void that_losses_are_unknown_is_no_zero(void **state)
{
	struct scenery scenery;

	(void)state;
	scenery_init(&scenery);
	fake.cost_err = -EPERM;
	take(&scenery);
	state_is(&scenery, "shootdown", "the kernel does not tell whether runs");
	state_is(&scenery, "cross-call", "the kernel does not tell whether runs");
	scenery_deinit(&scenery);
}

/* The first hit may come when the interval has ended: nothing else says then that there may have been others before. */
static void hits_that_are_unknown_are_no_zero(void **state)
{
	struct scenery scenery;

	(void)state;
	scenery_init(&scenery);
	fake.control.was_hit = 0;
	take(&scenery);
	state_is(&scenery, "shootdown", "hits were not seen from the begin on");
	state_is(&scenery, "cross-call", NULL);
	scenery_deinit(&scenery);
}

/* These interrupt every CPU, but are no other calls. */
static void flushes_of_the_kernels_own_range_are_to_be_seen(void **state)
{
	struct scenery scenery;

	(void)state;
	scenery_init(&scenery);
	fake.sees_no_kernel = true;
	take(&scenery);
	state_is(&scenery, "shootdown", "flushes of the kernel's own range are not counted: a hook is missing");
	state_is(&scenery, "cross-call", NULL);
	scenery_deinit(&scenery);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_happened_and_all_was_counted),
		cmocka_unit_test(what_was_lost_was_a_hit),
		cmocka_unit_test(what_the_kernel_alone_counts_was_a_hit),
		cmocka_unit_test(without_what_the_kernel_counts_hits_are_not_checked),
		cmocka_unit_test(what_is_found_stays_found),
		cmocka_unit_test(calls_that_do_not_tell_when_they_run_count_as_sent),
		cmocka_unit_test(whom_it_hit_may_not_be_known_yet),
		cmocka_unit_test(only_the_window_counts),
		cmocka_unit_test(that_losses_are_unknown_is_no_zero),
		cmocka_unit_test(hits_that_are_unknown_are_no_zero),
		cmocka_unit_test(flushes_of_the_kernels_own_range_are_to_be_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
