/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "finding_columns.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "findings.h"
#include "getters.h"
#include "xalloc.h"

#define GETTER(name) TYPED_GETTER(name, struct finding_view, const struct finding *finding, row)

/* The machine as a whole has no name and no cgroup: known to be empty. */
static bool is_of_mm(const struct finding *finding)
{
	return finding->rule->scope == RULE_OF_MM;
}

static int give_empty_set(struct value *ret)
{
	ret->set = xcheck(mmcpus_cpuset_create(1));
	return 0;
}

static int give_time_as(const char *format, int64_t seconds, struct value *ret)
{
	time_t time = (time_t)seconds;
	struct tm utc;
	char text[64];

	if (!gmtime_r(&time, &utc) || !strftime(text, sizeof(text), format, &utc))
		return -ENODATA;
	return give_text(text, ret);
}

#define FULL_TIME "%Y-%m-%dT%H:%M:%SZ"
#define S_PER_DAY 86400

/* Where times are short, the time alone stands for today (UTC), and other_day is the format for what was not today. */
static int give_time(const struct finding_view *view, const char *other_day, int64_t seconds, struct value *ret)
{
	if (!view->today_s)
		return give_time_as(FULL_TIME, seconds, ret);
	if (seconds / S_PER_DAY == view->today_s / S_PER_DAY)
		return give_time_as("%H:%M:%SZ", seconds, ret);
	return give_time_as(other_day, seconds, ret);
}

/* -------------------------------------------------------------------------------------------------- what it is -- */

GETTER(get_rule)
{
	return give_text(finding->rule->id, ret);
}

GETTER(get_severity)
{
	return give_text(severity_name(finding->severity), ret);
}

GETTER(get_pids)
{
	ret->nr_pids = finding->nr_pids;
	if (!finding->nr_pids)
		return 0;
	ret->pids = xcalloc(finding->nr_pids, sizeof(*ret->pids));
	memcpy(ret->pids, finding->pids, finding->nr_pids * sizeof(*ret->pids));
	return 0;
}

GETTER(get_comm)
{
	return give_text(is_of_mm(finding) ? finding->comm : "", ret);
}

GETTER(get_cgroup)
{
	return give_text(is_of_mm(finding) ? finding->cgroup : "", ret);
}

GETTER(get_cpus)
{
	if (finding->evidence.are_cpus_unknown)
		return -ENODATA;
	return finding->evidence.cpus ? give_set(finding->evidence.cpus, ret) : give_empty_set(ret);
}

GETTER(get_nodes)
{
	return finding->evidence.nodes ? give_set(finding->evidence.nodes, ret) : give_empty_set(ret);
}

GETTER(get_detail)
{
	return give_text(finding->evidence.detail ? finding->evidence.detail : "", ret);
}

/* ---------------------------------------------------------------------------------------------------- evidence -- */

static int give_set_of_mm(const struct finding *finding, const struct mmcpus_cpuset *set, struct value *ret)
{
	return is_of_mm(finding) ? give_set(set, ret) : give_empty_set(ret);
}

GETTER(get_active)
{
	return give_set_of_mm(finding, finding->active, ret);
}

GETTER(get_allowed)
{
	return give_set_of_mm(finding, finding->allowed, ret);
}

GETTER(get_running)
{
	return give_set_of_mm(finding, finding->running, ret);
}

/* The machine is no address space: nothing is flushed for it. */
GETTER(get_flush)
{
	if (!is_of_mm(finding))
		return give_text("", ret);
	return give_text(finding->flush ? mmcpus_flush_mode_name(finding->flush) : NULL, ret);
}

GETTER(get_moot)
{
	int is_moot = finding_is_moot(finding);

	ret->truth = is_moot > 0;
	return is_moot < 0 ? is_moot : 0;
}

GETTER(get_quality)
{
	return give_text(mmcpus_quality_name(finding->quality), ret);
}

/* ------------------------------------------------------------------------------------------------------- times -- */

#define NS_PER_S 1000000000u

GETTER(get_started)
{
	if (!is_of_mm(finding))
		return give_text("", ret);
	if (!finding->has_start)
		return -ENODATA;
	if (view->boot_s)
		return give_time(view, "%Y-%m-%d", view->boot_s + (int64_t)(finding->start_ns / NS_PER_S), ret);
	ret->text = xasprintf("boot+%" PRIu64 "s", finding->start_ns / NS_PER_S);
	return 0;
}

GETTER(get_first)
{
	return view->boot_s ? give_time(view, FULL_TIME, finding->first_s, ret) : -ENODATA;
}

GETTER(get_last)
{
	return view->boot_s ? give_time(view, FULL_TIME, finding->last_s, ret) : -ENODATA;
}

GETTER(get_seen)
{
	ret->number = finding->nr_looks;
	return 0;
}

static const struct column columns[] = {
	{ "RULE", "rule", VALUE_TEXT, COLUMN_IS_DEFAULT, 0, get_rule, "the rule that is broken" },
	{ "SEVERITY", "severity", VALUE_TEXT, 0, 0, get_severity, "error, warning or info" },
	{ "PIDS", "pids", VALUE_PIDS, COLUMN_IS_DEFAULT, 0, get_pids,
	  "process that the address space is named by, and those that share it; - is the machine" },
	{ "COMMAND", "command", VALUE_TEXT, COLUMN_IS_DEFAULT, 0, get_comm, "its name" },
	{ "CPUS", "cpus", VALUE_SET, COLUMN_IS_DEFAULT, 0, get_cpus, "CPUs where the rule is broken" },
	{ "NODES", "nodes", VALUE_SET, 0, 0, get_nodes, "NUMA nodes where the rule is broken" },
	{ "ACTIVE", "active", VALUE_SET, COLUMN_IS_DEFAULT, 0, get_active,
	  "CPUs where it is or was recently active: its mm_cpumask" },
	{ "ALLOWED", "allowed", VALUE_SET, COLUMN_IS_DEFAULT, 0, get_allowed, "CPUs where any of its threads may run" },
	{ "RUNNING", "running", VALUE_SET, 0, 0, get_running, "CPUs that ran one of its threads at that moment" },
	{ "FLUSH", "flush", VALUE_TEXT, 0, 0, get_flush, "how its flushes reach other CPUs" },
	{ "MOOT", "moot", VALUE_TRUTH, 0, 0, get_moot, "is it about interrupts, and its flushes interrupt nobody?" },
	{ "STARTED", "started", VALUE_TEXT, COLUMN_IS_DEFAULT, 0, get_started, "when the process started" },
	{ "FIRST", "first", VALUE_TEXT, COLUMN_IS_OF_WATCH, 0, get_first, "when it was seen first" },
	{ "LAST", "last", VALUE_TEXT, COLUMN_IS_OF_WATCH, 0, get_last, "when it was seen last" },
	{ "SEEN", "seen", VALUE_NUMBER, COLUMN_IS_OF_WATCH, 0, get_seen, "in how many looks it was seen" },
	{ "CGROUP", "cgroup", VALUE_TEXT, 0, 0, get_cgroup, "control group of the process" },
	{ "QUALITY", "quality", VALUE_TEXT, 0, 0, get_quality, "exact, partial or estimate" },
	{ "DETAIL", "detail", VALUE_TEXT, COLUMN_IS_DEFAULT | COLUMN_CAN_WRAP | COLUMN_CAN_SINK, 0, get_detail,
	  "what else there is to say" },
};

const struct column_set finding_columns = { columns, ARRAY_SIZE(columns), "audit", NULL };

/* ------------------------------------------------------------------------------------------------------- rules -- */

static int get_rule_id(const void *view __attribute__((unused)), const void *row, struct value *ret)
{
	return give_text(((const struct rule *)row)->id, ret);
}

static int get_rule_severity(const void *view __attribute__((unused)), const void *row, struct value *ret)
{
	return give_text(severity_name(((const struct rule *)row)->severity), ret);
}

static int get_rule_scope(const void *view __attribute__((unused)), const void *row, struct value *ret)
{
	static const char *const names[] = {
		[RULE_OF_MM] = "process",
		[RULE_OF_SYSTEM] = "machine",
		[RULE_OF_FINDING] = "findings",
	};

	return give_text(names[((const struct rule *)row)->scope], ret);
}

static int get_rule_meaning(const void *view __attribute__((unused)), const void *row, struct value *ret)
{
	return give_text(((const struct rule *)row)->meaning, ret);
}

static int get_rule_remedy(const void *view __attribute__((unused)), const void *row, struct value *ret)
{
	return give_text(((const struct rule *)row)->remedy, ret);
}

static const struct column columns_of_rules[] = {
	{ "RULE", "rule", VALUE_TEXT, COLUMN_IS_DEFAULT, 0, get_rule_id, "its name" },
	{ "SEVERITY", "severity", VALUE_TEXT, COLUMN_IS_DEFAULT, 0, get_rule_severity, "error, warning or info" },
	{ "ABOUT", "about", VALUE_TEXT, COLUMN_IS_DEFAULT, 0, get_rule_scope,
	  "each process, the machine, or the findings of others" },
	{ "MEANING", "meaning", VALUE_TEXT, COLUMN_IS_DEFAULT | COLUMN_CAN_WRAP, 0, get_rule_meaning, "what it finds" },
	{ "REMEDY", "remedy", VALUE_TEXT, COLUMN_IS_DEFAULT | COLUMN_CAN_WRAP, 0, get_rule_remedy,
	  "what to do about it" },
};

const struct column_set rule_columns = { columns_of_rules, ARRAY_SIZE(columns_of_rules), "audit", NULL };
