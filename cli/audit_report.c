/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "audit_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "escape.h"
#include "finding_columns.h"
#include "grid.h"
#include "json.h"
#include "message.h"
#include "policy.h"
#include "row_list.h"
#include "strbuf.h"
#include "table.h"
#include "value.h"
#include "xalloc.h"

/* ----------------------------------------------------------------------------------------------------- verdict -- */

/* How the findings lie to the isolated CPUs. */
struct tally {
	size_t nr_findings; /* that are a reason to fail */
	size_t nr_moot;     /* that are not */
	size_t nr_isolated; /* of the first, those on isolated CPUs … */
	uint32_t nr_cpus;   /* … and how many of these CPUs there are; 0: unknown */
	size_t nr_unchecked;
};

/* Those that check something. */
static size_t count_rules(void)
{
	size_t nr = 0;

	for (size_t i = 0; i < nr_rules; i++)
		nr += rules[i].scope != RULE_OF_FINDING;
	return nr;
}

static void count_finding(struct tally *tally, const struct finding *finding, const struct mmcpus_cpuset *isolated,
			  struct mmcpus_cpuset *cpus)
{
	const struct mmcpus_cpuset *at_fault = finding->evidence.cpus;

	if (!finding_counts(finding)) {
		tally->nr_moot++;
		return;
	}
	tally->nr_findings++;
	tally->nr_isolated += finding->evidence.are_cpus_unknown;
	if (!isolated || !at_fault || !mmcpus_cpuset_intersects(at_fault, isolated))
		return;
	tally->nr_isolated++;
	mmcpus_cpuset_or(cpus, at_fault);
}

static struct tally count_findings(const struct audit *audit)
{
	struct tally tally = { .nr_unchecked = audit_count(audit, RULE_UNCHECKED) };
	struct mmcpus_cpuset *cpus = xcheck(mmcpus_cpuset_create(mmcpus_system_nr_cpus(audit->scene.sys)));

	for (size_t i = 0; i < audit->findings.nr_findings; i++)
		count_finding(&tally, &audit->findings.findings[i], audit->scene.isolated, cpus);
	if (audit->scene.isolated)
		mmcpus_cpuset_and(cpus, audit->scene.isolated);
	tally.nr_cpus = mmcpus_cpuset_count(cpus);
	mmcpus_cpuset_destroy(cpus);
	return tally;
}

static void add_place(struct strbuf *text, const struct tally *tally)
{
	if (tally->nr_isolated == 0) {
		strbuf_add(text, ", none on an isolated CPU");
		return;
	}
	if (tally->nr_isolated < tally->nr_findings)
		strbuf_addf(text, ", %zu of them", tally->nr_isolated);
	if (tally->nr_cpus)
		strbuf_addf(text, " on %" PRIu32 " isolated CPU%s", tally->nr_cpus, plural(tally->nr_cpus));
	else
		strbuf_add(text, " on isolated CPUs");
}

static void add_nothing(struct strbuf *text, const struct audit *audit)
{
	uint32_t nr = audit->scene.isolated ? mmcpus_cpuset_count(audit->scene.isolated) : 0;

	strbuf_add(text, "no findings");
	if (nr)
		strbuf_addf(text, " on %" PRIu32 " isolated CPU%s", nr, plural(nr));
	else if (audit->scene.isolated)
		strbuf_add(text, ", and no CPU is isolated");
}

static char *verdict_text(const struct audit *audit, const struct tally *tally)
{
	struct strbuf text = { 0 };

	if (tally->nr_findings) {
		strbuf_addf(&text, "%zu finding%s", tally->nr_findings, plural(tally->nr_findings));
		add_place(&text, tally);
	} else {
		add_nothing(&text, audit);
	}
	if (tally->nr_moot)
		strbuf_addf(&text, "%s%zu that %s moot", tally->nr_findings ? ", and " : ", but ", tally->nr_moot,
			    tally->nr_moot == 1 ? "is" : "are");
	if (tally->nr_unchecked)
		strbuf_addf(&text, "%s%zu of %zu rules could not be checked in full",
			    tally->nr_findings || tally->nr_moot ? "; " : ", but ", tally->nr_unchecked, count_rules());
	return strbuf_take(&text);
}

static int status_of(const struct tally *tally)
{
	if (tally->nr_findings)
		return STATUS_FOUND;
	return tally->nr_unchecked ? STATUS_FAILED : STATUS_OK;
}

static const char *verdict_word(int status)
{
	return status == STATUS_FOUND ? "found" : status == STATUS_OK ? "passed" : "unknown";
}

/* ---------------------------------------------------------------------------------------------------- findings -- */

static struct finding_view view_of(const struct audit_report *report)
{
	struct finding_view view = { 0 };
	int64_t now_s = (int64_t)time(NULL);
	struct timespec boot;

	if (!mmcpus_system_is_live(report->audit->scene.sys) || clock_gettime(CLOCK_BOOTTIME, &boot))
		return view;
	view.boot_s = now_s - (int64_t)boot.tv_sec;
	if (report->has_short_times && !report->is_json)
		view.today_s = now_s;
	return view;
}

static void fill_grid(struct grid *grid, const struct audit_report *report)
{
	const struct finding_list *findings = &report->audit->findings;
	struct finding_view view = view_of(report);
	struct row_list rows = { 0 };

	for (size_t i = 0; i < findings->nr_findings; i++)
		row_list_add(&rows, &findings->findings[i]);
	grid_init(grid, &report->columns, &rows, &view);
	row_list_deinit(&rows);
}

static size_t count_of_rule(const struct audit *audit, const struct rule *rule)
{
	size_t nr = 0;

	for (size_t i = 0; i < audit->findings.nr_findings; i++)
		nr += audit->findings.findings[i].rule == rule;
	return nr;
}

/* -------------------------------------------------------------------------------------------------------- text -- */

static int print_table(const struct audit_report *report)
{
	const struct table_style style = { .has_header = true };
	struct grid grid;
	int err;

	if (report->audit->findings.nr_findings == 0)
		return 0;
	putchar('\n');
	fill_grid(&grid, report);
	err = table_print(&grid, &style);
	grid_deinit(&grid);
	if (err)
		complain("cannot print the table");
	return err;
}

/* Of one rule; of the rule about all findings, all. */
static size_t count_moot(const struct audit *audit, const struct rule *rule)
{
	size_t nr = 0;

	for (size_t i = 0; i < audit->findings.nr_findings; i++) {
		const struct finding *finding = &audit->findings.findings[i];

		nr += (finding->rule == rule || rule->scope == RULE_OF_FINDING) && finding_is_moot(finding) > 0;
	}
	return nr;
}

static const char *moot_end(const struct audit *audit)
{
	return audit_has_moot(audit) ? ", which is no reason to fail" : "";
}

static void print_broken_rule(const struct audit *audit, const struct rule *rule)
{
	size_t nr_moot = count_moot(audit, rule);

	printf("\n%s (%s): %s\n  Remedy: %s\n", rule->id, severity_name(rule->severity), rule->meaning, rule->remedy);
	if (nr_moot)
		printf("  Moot: %zu of %zu, for flushes of these address spaces interrupt nobody (columns FLUSH, MOOT)%s.\n",
		       nr_moot, count_of_rule(audit, rule), moot_end(audit));
}

static void print_broken_rules(const struct audit *audit)
{
	for (size_t i = 0; i < nr_rules; i++)
		if (count_of_rule(audit, &rules[i]))
			print_broken_rule(audit, &rules[i]);
}

static void print_unchecked(const struct audit *audit)
{
	bool is_first = true;

	for (size_t i = 0; i < nr_rules; i++) {
		const struct rule_result *result = &audit->results[i];
		char *why;

		if (result->state != RULE_UNCHECKED)
			continue;
		why = escape_message(result->why);
		printf("%s  %-16s %s\n", is_first ? "\nNot checked, or not in full:\n" : "", result->rule->id, why);
		free(why);
		is_first = false;
	}
}

static void print_fact(const char *label, const char *text)
{
	char *escaped = escape_message(text);

	printf("  %-16s %s\n", label, escaped);
	free(escaped);
}

static char *isolated_text(const struct audit_report *report)
{
	const struct mmcpus_cpuset *isolated = report->audit->scene.isolated;
	struct value value = { .type = VALUE_SET,
			       .is_known = isolated != NULL,
			       .set = (struct mmcpus_cpuset *)isolated };
	const struct value_style style = { .empty = "-" };
	char *list = value_text(&value, &style);
	char *text = xasprintf("%s (%s)", list, report->isolated_by);

	if (!isolated)
		strcpy(text, "?");
	free(list);
	return text;
}

static void add_name(struct strbuf *names, const struct rule_result *result)
{
	strbuf_addf(names, "%s%s", names->length ? ", " : "", result->rule->id);
	if (result->state == RULE_MOOT)
		strbuf_addf(names, " (%s)", result->why);
}

/* By what was found, whether or not all of it could be checked. */
static bool is_broken(const struct audit *audit, size_t rule)
{
	for (size_t i = 0; i < audit->findings.nr_findings; i++)
		if (audit->findings.findings[i].rule == &rules[rule] && finding_counts(&audit->findings.findings[i]))
			return true;
	return false;
}

/* Nothing but what is moot was found. */
static bool is_moot(const struct audit *audit, size_t rule)
{
	return count_of_rule(audit, &rules[rule]) && !is_broken(audit, rule);
}

static void print_found_names(const struct audit *audit, const char *label,
			      bool (*is_so)(const struct audit *audit, size_t rule))
{
	struct strbuf names = { 0 };

	for (size_t i = 0; i < nr_rules; i++)
		if (is_so(audit, i))
			strbuf_addf(&names, "%s%s", names.length ? ", " : "", rules[i].id);
	if (names.length)
		print_fact(label, names.text);
	strbuf_deinit(&names);
}

static void print_rules_in(const struct audit *audit, const char *label, enum rule_state state)
{
	struct strbuf names = { 0 };

	for (size_t i = 0; i < nr_rules; i++)
		if (audit->results[i].state == state && !count_of_rule(audit, &rules[i]) &&
		    (rules[i].scope != RULE_OF_FINDING || state == RULE_IGNORED))
			add_name(&names, &audit->results[i]);
	if (names.length)
		print_fact(label, names.text);
	strbuf_deinit(&names);
}

static void print_allowed(const struct audit *audit)
{
	struct strbuf counts = { 0 };

	for (size_t i = 0; i < nr_rules; i++)
		if (audit->results[i].nr_allowed)
			strbuf_addf(&counts, "%s%zu of %s", counts.length ? ", " : "", audit->results[i].nr_allowed,
				    rules[i].id);
	if (counts.length)
		print_fact("Allowed", counts.text);
	strbuf_deinit(&counts);
}

/* Who is not shown but expected so: the others are among what was not checked. */
static void print_hidden(const struct audit *audit)
{
	size_t nr = mmcpus_hidden_count(audit->hidden);
	struct strbuf names = { 0 };

	for (size_t i = 0; i < nr; i++) {
		const char *comm = mmcpus_hidden_comm(audit->hidden, i);

		if (audit_expects_hidden(audit, i))
			strbuf_addf(&names, "%sPID %" PRId32 " (%s)", names.length ? ", " : "",
				    mmcpus_hidden_pid(audit->hidden, i), comm ? comm : "?");
	}
	if (names.length)
		print_fact("Expected hidden", names.text);
	strbuf_deinit(&names);
}

static void print_remote_below(const char *percent)
{
	char *text = xasprintf("%s %% of the memory", percent);

	print_fact("Remote below", text);
	free(text);
}

static void print_facts(const struct audit_report *report)
{
	const struct audit *audit = report->audit;
	char *isolated = isolated_text(report);

	putchar('\n');
	print_fact("Isolated CPUs", isolated);
	print_fact("Policy", audit->policy->file ? audit->policy->file : "-");
	if (report->remote_below)
		print_remote_below(report->remote_below);
	print_allowed(audit);
	print_hidden(audit);
	print_fact("Backend", mmcpus_source_backend(audit->src));
	print_found_names(audit, "Rules broken", is_broken);
	print_found_names(audit, "Moot", is_moot);
	print_rules_in(audit, "Rules kept", RULE_CHECKED);
	print_rules_in(audit, "Nothing to check", RULE_MOOT);
	print_rules_in(audit, "Ignored", RULE_IGNORED);
	free(isolated);
}

static int print_text(const struct audit_report *report, const struct tally *tally)
{
	char *verdict = verdict_text(report->audit, tally);
	int err;

	puts(verdict);
	free(verdict);
	err = print_table(report);
	print_broken_rules(report->audit);
	print_unchecked(report->audit);
	print_facts(report);
	return err;
}

/* -------------------------------------------------------------------------------------------------------- JSON -- */

static void write_findings(struct json *json, const struct audit_report *report)
{
	struct grid grid;

	fill_grid(&grid, report);
	grid_write_json(&grid, json, "findings");
	grid_deinit(&grid);
}

static const char *state_name(enum rule_state state)
{
	static const char *const names[] = {
		[RULE_CHECKED] = "checked",
		[RULE_MOOT] = "nothing to check",
		[RULE_UNCHECKED] = "not checked",
		[RULE_IGNORED] = "ignored",
	};

	return names[state];
}

static void write_rules(struct json *json, const struct audit *audit)
{
	json_open_array(json, "rules");
	for (size_t i = 0; i < nr_rules; i++) {
		const struct rule_result *result = &audit->results[i];

		json_open_object(json, NULL);
		json_string(json, "rule", rules[i].id);
		json_string(json, "severity", severity_name(rules[i].severity));
		json_string(json, "state", state_name(result->state));
		json_string(json, "reason", result->why);
		json_number(json, "findings", count_of_rule(audit, &rules[i]));
		json_number(json, "moot", count_moot(audit, &rules[i]));
		json_number(json, "allowed", result->nr_allowed);
		json_string(json, "meaning", rules[i].meaning);
		json_string(json, "remedy", rules[i].remedy);
		json_close(json);
	}
	json_close(json);
}

static void write_hidden(struct json *json, const struct audit *audit)
{
	size_t nr = mmcpus_hidden_count(audit->hidden);

	json_open_array(json, "hidden");
	for (size_t i = 0; i < nr; i++) {
		json_open_object(json, NULL);
		json_number(json, "pid", (uint64_t)mmcpus_hidden_pid(audit->hidden, i));
		json_string(json, "command", mmcpus_hidden_comm(audit->hidden, i));
		json_bool(json, "expected", audit_expects_hidden(audit, i));
		json_close(json);
	}
	json_close(json);
}

static void write_isolated(struct json *json, const struct audit_report *report)
{
	const struct mmcpus_cpuset *isolated = report->audit->scene.isolated;
	struct value value = { .type = VALUE_SET,
			       .is_known = isolated != NULL,
			       .set = (struct mmcpus_cpuset *)isolated };

	value_write_json(&value, json, "isolated");
	json_string(json, "isolated_by", isolated ? report->isolated_by : NULL);
}

static void print_json(const struct audit_report *report, const struct tally *tally)
{
	const struct audit *audit = report->audit;
	char *text = verdict_text(audit, tally);
	struct json json;

	json_init(&json, stdout);
	json_open_object(&json, NULL);
	json_string(&json, "verdict", verdict_word(status_of(tally)));
	json_string(&json, "summary", text);
	write_isolated(&json, report);
	json_string(&json, "policy", audit->policy->file);
	json_decimal(&json, "remote_below", (uint64_t)(audit->remote_share * 10000 + 0.5), 2);
	json_string(&json, "backend", mmcpus_source_backend(audit->src));
	json_string(&json, "quality", mmcpus_quality_name(mmcpus_source_quality(audit->src)));
	json_number(&json, "looks", audit->nr_looks);
	write_hidden(&json, audit);
	write_findings(&json, report);
	write_rules(&json, audit);
	json_close(&json);
	free(text);
}

int audit_report_print(const struct audit_report *report)
{
	struct tally tally = count_findings(report->audit);

	finding_list_sort(&report->audit->findings);
	if (report->is_json)
		print_json(report, &tally);
	else if (print_text(report, &tally))
		return STATUS_FAILED;
	return status_of(&tally);
}
