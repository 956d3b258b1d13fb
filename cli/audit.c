/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "message.h"
#include "mm_text.h"
#include "policy.h"
#include "rule_checks.h"
#include "session.h"
#include "strbuf.h"
#include "unknowns.h"
#include "xalloc.h"

/* A process that execs while it is read is left out of a snapshot: the next one has it, unless it cannot be read. */
#define SNAPSHOT_TRIES 3

/* What is stale must be seen so twice; and a row that contradicts itself may be whole the next time. */
#define STALE_TRIES 3

/* To ask for what can't be told would only make every address space less than exact. */
static uint32_t find_tellable(const struct mmcpus_system *sys, struct mmcpus_source *src)
{
	uint32_t fields = ~(uint32_t)0;

	if (mmcpus_source_check_residency(src, NULL))
		fields &= ~(uint32_t)MMCPUS_FIELD_RESIDENCY;
	if (mmcpus_system_flush_mode(sys) == MMCPUS_FLUSH_UNKNOWN)
		fields &= ~(uint32_t)MMCPUS_FIELD_FLUSH;
	return fields;
}

/* Enough to tell much from little; what it leaves open is counted. */
static const struct mmcpus_memory_limit memory_limit = { .time_ns = 500000, .nr_pages = 512 };

/* A process with much memory takes long to be counted, and is kept from mapping and unmapping meanwhile. */
#define COUNT_ONE_NS 50000000
#define COUNT_ALL_NS 1000000000

void audit_init(struct audit *audit, const struct mmcpus_system *sys, struct mmcpus_source *src,
		const struct mmcpus_cpuset *isolated, const struct policy *policy)
{
	*audit = (struct audit){ .scene = { .sys = sys, .isolated = isolated }, .src = src, .policy = policy };
	audit->scene.earlier = &audit->earlier;
	audit->can_tell = find_tellable(sys, src);
	audit->scene.memory = &audit->memory;
	audit->remote_share = MEMORY_REMOTE_SHARE;
	audit->results = xcalloc(nr_rules, sizeof(*audit->results));
	for (size_t i = 0; i < nr_rules; i++) {
		audit->results[i].rule = &rules[i];
		audit->results[i].state = policy_ignores(policy, &rules[i]) ? RULE_IGNORED : RULE_CHECKED;
	}
}

void audit_deinit(struct audit *audit)
{
	for (size_t i = 0; i < nr_rules; i++)
		free(audit->results[i].why);
	free(audit->results);
	mmcpus_hidden_destroy(audit->hidden);
	finding_list_deinit(&audit->findings);
	stale_list_deinit(&audit->earlier);
}

bool audit_has_moot(const struct audit *audit)
{
	return !policy_ignores(audit->policy, rule_moot());
}

size_t audit_count(const struct audit *audit, enum rule_state state)
{
	size_t nr = 0;

	for (size_t i = 0; i < nr_rules; i++)
		nr += audit->results[i].state == state;
	return nr;
}

/* ----------------------------------------------------------------------------------------------------- findings -- */

static void name_pids(const struct scene *scene, const struct mmcpus_mm *mm, struct finding *finding)
{
	size_t nr_sharers = 0;

	if (mmcpus_mm_nr_sharers(mm, &nr_sharers))
		nr_sharers = 0;
	finding->pids = xcalloc(1 + nr_sharers, sizeof(*finding->pids));
	finding->pids[0] = mmcpus_mm_pid(mm);
	finding->nr_pids = 1 + mmcpus_mm_sharers(scene->snap, mm, finding->pids + 1, nr_sharers);
}

static void describe_mm(const struct scene *scene, const struct mmcpus_mm *mm, struct finding *finding)
{
	const char *comm = mmcpus_mm_comm(mm);

	name_pids(scene, mm, finding);
	finding->comm = comm ? xstrdup(comm) : NULL;
	finding->cgroup = mm_cgroup_text(scene->snap, mm);
	finding->has_id = mmcpus_mm_id(mm, &finding->id) == 0;
	if (!finding->has_id)
		finding->id = 0;
	finding->has_start = mmcpus_process_start_ns(scene->sys, mmcpus_mm_pid(mm), &finding->start_ns) == 0;
	finding->active = scene_copy_set(scene, mm, MMCPUS_SET_ACTIVE);
	finding->allowed = scene_copy_set(scene, mm, MMCPUS_SET_ALLOWED);
	finding->running = scene_copy_set(scene, mm, MMCPUS_SET_RUNNING);
	finding->flush = mmcpus_mm_flush_mode(scene->snap, mm);
	finding->quality = mmcpus_mm_quality(scene->snap, mm);
}

#define NS_PER_S 1000000000u

/* What was counted happened at any time of the count; everything else is seen at one moment. */
static int64_t seen_since(const struct scene *scene, const struct rule *rule, int64_t now_s)
{
	uint64_t ns = 0;

	if (rule->needs & NEED_WATCH)
		mmcpus_interval_number(scene->shootdowns, MMCPUS_INTERVAL_NS, &ns);
	return now_s - (int64_t)(ns / NS_PER_S);
}

/* Takes the evidence over. */
static void add_finding(struct audit *audit, const struct rule *rule, const struct mmcpus_mm *mm,
			struct evidence *evidence)
{
	struct finding finding = { .rule = rule, .evidence = *evidence, .quality = MMCPUS_EXACT, .nr_looks = 1 };

	finding.last_s = (int64_t)time(NULL);
	finding.first_s = seen_since(&audit->scene, rule, finding.last_s);
	if (mm)
		describe_mm(&audit->scene, mm, &finding);
	finding_weigh(&finding, audit_has_moot(audit));
	finding_list_add(&audit->findings, &finding);
}

static bool is_allowed(const struct audit *audit, const struct rule *rule, const struct mmcpus_mm *mm)
{
	char *cgroup;
	bool is_allowed;

	if (!mm)
		return false;
	cgroup = mm_cgroup_text(audit->scene.snap, mm);
	is_allowed = policy_allows(audit->policy, rule, mmcpus_mm_comm(mm), cgroup);
	free(cgroup);
	return is_allowed;
}

/* ----------------------------------------------------------------------------------------- what can't be told -- */

/* Whatever another look can tell, of this one something is missing. Takes why over. */
static void mark_unchecked(struct rule_result *result, char *why)
{
	result->state = RULE_UNCHECKED;
	if (result->why)
		free(why);
	else
		result->why = why;
}

bool audit_expects_hidden(const struct audit *audit, size_t index)
{
	return policy_expects_hidden(audit->policy, mmcpus_hidden_comm(audit->hidden, index),
				     mmcpus_hidden_cgroup(audit->hidden, index));
}

/* What is allowed whatever is known of it need not be seen. */
static bool may_be_hidden(const struct audit *audit, const struct rule *rule, size_t index)
{
	return audit_expects_hidden(audit, index) ||
	       policy_allows(audit->policy, rule, mmcpus_hidden_comm(audit->hidden, index),
			     mmcpus_hidden_cgroup(audit->hidden, index));
}

/* So many are named. */
#define HIDDEN_NAMED 5

/* The processes that a rule should have looked at and that BPF is not shown; NULL: none. */
static char *hidden_text(const struct audit *audit, const struct rule *rule)
{
	size_t nr_hidden = mmcpus_hidden_count(audit->hidden);
	struct strbuf names = { 0 };
	size_t nr = 0;
	char *text;

	for (size_t i = 0; i < nr_hidden; i++) {
		const char *comm = mmcpus_hidden_comm(audit->hidden, i);

		if (may_be_hidden(audit, rule, i) || ++nr > HIDDEN_NAMED)
			continue;
		strbuf_addf(&names, "%sPID %" PRId32 " (%s)", nr > 1 ? ", " : "", mmcpus_hidden_pid(audit->hidden, i),
			    comm ? comm : "?");
	}
	if (!nr)
		return NULL;
	text = xasprintf("%zu %s not shown to BPF: %s%s; if that is expected, a policy can say so: hidden comm=NAME",
			 nr, nr == 1 ? "process is" : "processes are", names.text, nr > HIDDEN_NAMED ? ", …" : "");
	strbuf_deinit(&names);
	return text;
}

/* What keeps us from seeing every address space; NULL: nothing. */
static char *unseen_text(const struct audit *audit, const struct rule *rule)
{
	uint64_t nr_dropped = mmcpus_snapshot_dropped(audit->scene.snap);
	struct mmcpus_reason why;

	if (!mmcpus_system_sees_all_pids(audit->scene.sys))
		return xstrdup("processes outside of this pid namespace are not seen; run outside of the container");
	if (mmcpus_source_is_restricted(audit->src, &why))
		return reason_text(&why);
	if (mmcpus_snapshot_count(audit->scene.snap) == 0)
		return xstrdup("no address space is seen at all");
	if (nr_dropped)
		return xasprintf("the mask of %" PRIu64 " %s could not be read", nr_dropped,
				 nr_dropped == 1 ? "process" : "processes");
	return hidden_text(audit, rule);
}

static char *estimate_text(const struct audit *audit)
{
	struct mmcpus_reason why;
	char *reason;
	char *text;

	if (!mmcpus_source_fallback(audit->src, &why))
		return xasprintf("backend %s only estimates where an address space is active",
				 mmcpus_source_backend(audit->src));
	reason = reason_text(&why);
	text = xasprintf("backend %s only estimates where an address space is active: %s",
			 mmcpus_source_backend(audit->src), reason);
	free(reason);
	return text;
}

/* Why a rule can't be told of some address spaces. */
static char *unknown_text(const struct audit *audit, const struct rule *rule, const struct unknowns *unknowns)
{
	struct mmcpus_reason why;

	if (rule->fields & MMCPUS_FIELD_RESIDENCY && mmcpus_source_check_residency(audit->src, &why))
		return reason_text(&why);
	return unknowns_text(unknowns, mmcpus_snapshot_count(audit->scene.snap));
}

/* ---------------------------------------------------------------------------------------------------- the needs -- */

/* Each of these returns 1 to go on, 0 and why if there is nothing to check, -ENODATA and why if there is no telling. */

static int meet_watch(const struct audit *audit, char **why)
{
	if (audit->scene.is_watched)
		return 1;
	*why = xstrdup(mmcpus_system_is_live(audit->scene.sys) ? "nothing is watched without --window"
							       : "a captured machine does not run");
	return 0;
}

static int meet_isolated(const struct audit *audit, char **why)
{
	if (!audit->scene.isolated) {
		*why = xstrdup("the machine does not tell which CPUs are isolated; name them with -C");
		return -ENODATA;
	}
	if (!mmcpus_cpuset_is_empty(audit->scene.isolated))
		return 1;
	*why = xstrdup("no CPU is isolated");
	return 0;
}

static int meet_active(const struct audit *audit, char **why)
{
	if (session_has_active(audit->scene.snap))
		return 1;
	*why = xstrdup("the mask is not maintained on this architecture");
	return -ENODATA;
}

static int meet_nodes(const struct audit *audit, char **why)
{
	const struct mmcpus_cpuset *nodes = mmcpus_system_set(audit->scene.sys, MMCPUS_SYSTEM_NODES);

	if (!nodes) {
		*why = xstrdup("the machine does not tell its NUMA nodes");
		return -ENODATA;
	}
	if (mmcpus_cpuset_count(nodes) > 1)
		return 1;
	*why = xstrdup("there is one NUMA node only");
	return 0;
}

static int meet_needs(const struct audit *audit, const struct rule *rule, char **why)
{
	static const struct {
		enum rule_need need;
		int (*meet)(const struct audit *audit, char **why);
	} needs[] = {
		{ NEED_WATCH, meet_watch }, /* without, it does not matter what is isolated */
		{ NEED_ISOLATED, meet_isolated },
		{ NEED_NODES, meet_nodes },
		{ NEED_ACTIVE, meet_active },
	};
	int met = 1;

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]) && met > 0; i++)
		if (rule->needs & needs[i].need)
			met = needs[i].meet(audit, why);
	if (met > 0 && rule->prepare)
		met = rule->prepare(&audit->scene, why);
	return met;
}

/* ------------------------------------------------------------------------------------------------- one rule -- */

static void check_one(struct audit *audit, struct rule_result *result, const struct mmcpus_mm *mm, size_t *nr_allowed,
		      struct unknowns *unknowns)
{
	struct evidence evidence = { 0 };
	int found = result->rule->check(&audit->scene, mm, &evidence);

	if (found == 0)
		return;
	if (is_allowed(audit, result->rule, mm)) { /* then it need not even be known */
		evidence_deinit(&evidence);
		*nr_allowed += found > 0;
	} else if (found < 0) {
		unknowns_add(unknowns, evidence.detail);
	} else {
		add_finding(audit, result->rule, mm, &evidence);
	}
}

static void check_mms(struct audit *audit, struct rule_result *result)
{
	size_t nr_mms = mmcpus_snapshot_count(audit->scene.snap);
	struct unknowns unknowns = { 0 };
	size_t nr_allowed = 0;

	for (size_t i = 0; i < nr_mms; i++)
		check_one(audit, result, mmcpus_snapshot_mm(audit->scene.snap, i), &nr_allowed, &unknowns);
	if (nr_allowed > result->nr_allowed)
		result->nr_allowed = nr_allowed;
	if (unknowns.nr)
		mark_unchecked(result, unknown_text(audit, result->rule, &unknowns));
	unknowns_deinit(&unknowns);
}

/* What is unknown of the machine has been said before: it was needed. */
static void check_machine(struct audit *audit, struct rule_result *result)
{
	struct unknowns unknowns = { 0 };
	size_t nr_allowed = 0;

	check_one(audit, result, NULL, &nr_allowed, &unknowns);
	unknowns_deinit(&unknowns);
}

/* What is found counts although something is missing; that nothing is found does not. */
static void admit_gaps(const struct audit *audit, struct rule_result *result)
{
	char *missing = NULL;

	if (result->rule->scope == RULE_OF_MM)
		missing = unseen_text(audit, result->rule);
	else if (result->rule->needs & NEED_WATCH)
		missing = uncounted_text(&audit->scene, result->rule);
	if (missing)
		mark_unchecked(result, missing);
	if (result->rule->needs & NEED_ACTIVE && mmcpus_source_quality(audit->src) == MMCPUS_ESTIMATE)
		mark_unchecked(result, estimate_text(audit));
}

static void check_rule(struct audit *audit, struct rule_result *result)
{
	char *why = NULL;
	int met = meet_needs(audit, result->rule, &why);

	if (met < 0) {
		mark_unchecked(result, why);
		return;
	}
	if (met == 0 && why) {
		result->state = RULE_MOOT;
		free(result->why);
		result->why = why;
		return;
	}
	if (met > 0 && result->rule->scope == RULE_OF_MM)
		check_mms(audit, result);
	else if (met > 0 && result->rule->scope == RULE_OF_SYSTEM)
		check_machine(audit, result);
	if (met > 0)
		admit_gaps(audit, result);
}

/* ---------------------------------------------------------------------------------------------------- one look -- */

static uint32_t wanted_fields(const struct audit *audit)
{
	uint32_t fields = MMCPUS_FIELD_COMM | MMCPUS_FIELD_CGROUP | MMCPUS_FIELD_SHARERS | MMCPUS_FIELD_ALLOWED |
			  MMCPUS_FIELD_RUNNING | MMCPUS_FIELD_FLUSH;

	for (size_t i = 0; i < nr_rules; i++)
		if (audit->results[i].state != RULE_IGNORED)
			fields |= rules[i].fields;
	return fields & audit->can_tell;
}

static int take_snapshot(struct audit *audit, struct mmcpus_reason *why)
{
	int err = 0;

	for (int tries = 0; !err && tries < SNAPSHOT_TRIES; tries++) {
		err = mmcpus_source_snapshot(audit->src, wanted_fields(audit), &audit->scene.snap, why);
		if (!err && mmcpus_snapshot_dropped(audit->scene.snap) == 0)
			break;
	}
	return err;
}

/* Is there anything that has to be seen twice? Leaves what there is in the list. */
static bool has_stale(struct audit *audit)
{
	if (!(wanted_fields(audit) & MMCPUS_FIELD_RESIDENCY) || !audit->scene.isolated)
		return false;
	stale_list_fill(&audit->earlier, &audit->scene);
	return audit->earlier.nr_entries || audit->earlier.has_torn;
}

/* A snapshot to check, after another one if what is stale in it is to be believed. */
static int take_steady_snapshot(struct audit *audit, struct mmcpus_reason *why)
{
	int err = take_snapshot(audit, why);

	for (int tries = 0; !err && tries < STALE_TRIES && has_stale(audit); tries++) {
		bool was_torn = audit->earlier.has_torn;

		err = take_snapshot(audit, why);
		if (!was_torn)
			break;
	}
	return err;
}

/* Before the snapshot, which it would end. */
static int find_hidden(struct audit *audit, struct mmcpus_reason *why)
{
	struct mmcpus_hidden *hidden;
	int err = mmcpus_hidden_find(audit->scene.sys, audit->src, &hidden, why);

	if (err)
		return err;
	if (audit->hidden && mmcpus_hidden_count(audit->hidden) > mmcpus_hidden_count(hidden)) {
		mmcpus_hidden_destroy(hidden);
		return 0;
	}
	mmcpus_hidden_destroy(audit->hidden);
	audit->hidden = hidden;
	return 0;
}

int audit_look(struct audit *audit, struct mmcpus_reason *why)
{
	int err = find_hidden(audit, why);

	if (!err)
		err = take_steady_snapshot(audit, why);
	if (err)
		return err;
	memory_book_init(&audit->memory, audit->scene.sys, MEMORY_UNSET, &memory_limit);
	audit->memory.remote_share = audit->remote_share;
	if (mmcpus_system_is_live(audit->scene.sys))
		memory_book_limit_counts(&audit->memory, COUNT_ONE_NS, COUNT_ALL_NS);
	for (size_t i = 0; i < nr_rules; i++)
		if (audit->results[i].state != RULE_IGNORED)
			check_rule(audit, &audit->results[i]);
	memory_book_deinit(&audit->memory);
	audit->nr_looks++;
	return 0;
}

void audit_watch(struct audit *audit, const struct mmcpus_reason *why_no_shootdowns,
		 const struct mmcpus_reason *why_no_calls)
{
	audit->scene.is_watched = true;
	audit->scene.why_no_shootdowns = why_no_shootdowns;
	audit->scene.why_no_calls = why_no_calls;
}

void audit_take_shootdowns(struct audit *audit, const struct mmcpus_interval *interval,
			   const struct mmcpus_reason *why_no_shootdowns)
{
	audit->scene.shootdowns = interval;
	audit->scene.why_no_shootdowns = why_no_shootdowns;
	for (size_t i = 0; i < nr_rules; i++)
		if (rules[i].needs & NEED_WATCH && audit->results[i].state != RULE_IGNORED)
			check_rule(audit, &audit->results[i]);
}
