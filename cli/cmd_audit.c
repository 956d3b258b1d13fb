/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcpus audit: does anything reach the isolated CPUs, or cost more than it should? Pass or fail, with the reason. */
#include <stddef.h>
#include <stdlib.h>

#include <mmcpus/mmcpus.h>

#include "audit.h"
#include "audit_report.h"
#include "commands.h"
#include "cpu_list.h"
#include "finding_columns.h"
#include "grid.h"
#include "message.h"
#include "options.h"
#include "percent.h"
#include "policy.h"
#include "row_list.h"
#include "rules.h"
#include "session.h"
#include "shootdown_watch.h"
#include "stop.h"
#include "strbuf.h"
#include "table.h"
#include "xalloc.h"

#define DELAY_MS 1000

/* In between, what has been counted is taken out of the kernel, where there is less room for it. */
#define COLLECT_MS 250

/* What the options ask for, once they are understood. */
struct request {
	const struct options *opts;
	struct policy policy;
	struct column_list columns;
	struct mmcpus_cpuset *isolated; /* NULL: unknown */
	const char *isolated_by;
	double remote_share;
};

/* ------------------------------------------------------------------------------------------------------- rules -- */

/* The name of an option that says how to look, or what is to be told of it; NULL: there is none. */
static const char *find_needless(const struct options *opts)
{
	const struct {
		bool is_given;
		const char *name;
	} needless[] = {
		{ opts->isolated, "isolated" },
		{ opts->allow.nr_texts > 0, "allow" },
		{ opts->policy, "policy" },
		{ opts->remote_below, "remote-below" },
		{ opts->window_ms > 0, "window" },
		{ opts->delay_ms > 0, "delay" },
		{ opts->output, "output" },
		{ opts->backend, "backend" },
		{ opts->root, "root" },
	};

	for (size_t i = 0; i < sizeof(needless) / sizeof(needless[0]); i++)
		if (needless[i].is_given)
			return needless[i].name;
	return NULL;
}

static int print_rules(const struct options *opts)
{
	const struct table_style style = { .has_header = true };
	struct column_list columns = { 0 };
	struct row_list rows = { 0 };
	struct grid grid;
	int err = column_list_parse(&columns, &rule_columns, NULL, NULL);

	for (size_t i = 0; i < nr_rules; i++)
		row_list_add(&rows, &rules[i]);
	grid_init(&grid, &columns, &rows, NULL);
	if (opts->json)
		grid_print_json(&grid, "rules");
	else if (table_print(&grid, &style))
		err = -1;
	grid_deinit(&grid);
	row_list_deinit(&rows);
	column_list_deinit(&columns);
	if (err)
		complain("cannot print the table");
	return err ? STATUS_FAILED : STATUS_OK;
}

static int list_rules(const struct options *opts)
{
	const char *needless = find_needless(opts);
	char *why;

	if (!needless)
		return print_rules(opts);
	usage_error(&why, "--list-rules tells only what the rules are: --%s means nothing with it", needless);
	return complain_usage(why);
}

/* --------------------------------------------------------------------------------------------------- isolation -- */

/* A list of the user's, or of the policy's. */
static int take_isolated(struct request *request, const char *who, const char *list, const char *by, char **why)
{
	request->isolated_by = by;
	return cpu_list_parse(request->isolated, who, list, why);
}

/* That none of the sources that could be read names a CPU says nothing of those that could not. */
static bool is_isolation_known(const struct mmcpus_system *sys)
{
	const struct mmcpus_cpuset *isolated = mmcpus_system_set(sys, MMCPUS_SYSTEM_ISOLATED);

	if (!isolated || !mmcpus_cpuset_is_empty(isolated))
		return isolated != NULL;
	return mmcpus_system_set(sys, MMCPUS_SYSTEM_ISOLCPUS) && mmcpus_system_set(sys, MMCPUS_SYSTEM_PARTITIONS);
}

static int find_isolated(struct request *request, const struct mmcpus_system *sys, char **why)
{
	const struct policy *policy = &request->policy;
	char *who;
	int err;

	request->isolated = xcheck(mmcpus_cpuset_create(mmcpus_system_nr_cpus(sys)));
	if (request->opts->isolated)
		return take_isolated(request, "--isolated", request->opts->isolated, "option", why);
	if (policy->isolated) {
		who = xasprintf("%s:%u", policy->file, policy->isolated_line);
		err = take_isolated(request, who, policy->isolated, "policy", why);
		free(who);
		return err;
	}
	request->isolated_by = "machine";
	if (is_isolation_known(sys)) {
		mmcpus_cpuset_copy(request->isolated, mmcpus_system_set(sys, MMCPUS_SYSTEM_ISOLATED));
		return 0;
	}
	mmcpus_cpuset_destroy(request->isolated);
	request->isolated = NULL;
	return 0;
}

/* --------------------------------------------------------------------------------------------------------- looks -- */

/* Looks that take longer than the delay follow each other at once; what was missed meanwhile is not made up for. */
static uint64_t next_look_ms(uint64_t last_ms, uint64_t delay_ms, uint64_t end_ms)
{
	uint64_t next_ms = last_ms + delay_ms;
	uint64_t now_ms = stop_now_ms();

	if (next_ms < now_ms)
		next_ms = now_ms;
	return next_ms < end_ms ? next_ms : end_ms;
}

/* The kernel takes its time to free the memory of programs that have done their work, and calls CPUs for it. */
#define SETTLE_MS 500

/* The first look loads what the next ones have: what that makes the kernel do is not the machine's. */
static int settle(struct audit *audit, struct shootdown_watch *shootdowns, const struct stop *stop, bool *ret_is_over,
		  struct mmcpus_reason *why)
{
	int err;

	*ret_is_over = false;
	if (!shootdowns->src)
		return 0;
	err = audit_look(audit, why);
	if (!err)
		*ret_is_over = stop_wait(stop, stop_now_ms() + SETTLE_MS);
	shootdown_watch_forget(shootdowns);
	return err;
}

/* Until the next look, or somebody asks for the end, which is told. */
static int count_until(struct shootdown_watch *shootdowns, const struct stop *stop, uint64_t until_ms,
		       bool *ret_is_over, struct mmcpus_reason *why)
{
	uint64_t next_ms;
	int err;

	do {
		next_ms = stop_now_ms() + COLLECT_MS;
		if (next_ms > until_ms)
			next_ms = until_ms;
		*ret_is_over = stop_wait(stop, next_ms);
		err = shootdown_watch_collect(shootdowns, why);
	} while (!err && !*ret_is_over && next_ms < until_ms);
	return err;
}

static int look_often(struct audit *audit, const struct options *opts, struct shootdown_watch *shootdowns,
		      const struct stop *stop, struct mmcpus_reason *why)
{
	uint64_t delay_ms = opts->delay_ms ? opts->delay_ms : DELAY_MS;
	uint64_t next_ms = stop_now_ms();
	uint64_t end_ms = next_ms + opts->window_ms;
	bool is_over = false;
	int err;

	do {
		err = audit_look(audit, why);
		next_ms = next_look_ms(next_ms, delay_ms, end_ms);
		is_over = next_ms == end_ms && next_ms <= stop_now_ms();
		if (!err && !is_over)
			err = count_until(shootdowns, stop, next_ms, &is_over, why);
	} while (!err && !is_over);
	return err;
}

/* Look again and again until the window has passed, or somebody asks for the end. */
static int watch(struct audit *audit, const struct options *opts, struct shootdown_watch *shootdowns,
		 struct mmcpus_reason *why)
{
	struct stop stop;
	bool is_over;
	int err;

	stop_begin(&stop);
	err = settle(audit, shootdowns, &stop, &is_over, why);
	if (!err && !is_over)
		err = look_often(audit, opts, shootdowns, &stop, why);
	stop_end(&stop);
	return err;
}

static void remark(const struct audit *audit, const struct session *session, const struct options *opts)
{
	session_remark(session, opts, session_has_active(audit->scene.snap));
}

static int run_audit(struct request *request, const struct session *session)
{
	struct audit_report report = { .isolated_by = request->isolated_by,
				       .remote_below = request->opts->remote_below,
				       .columns = request->columns,
				       .has_short_times = request->opts->window_ms && !request->opts->output,
				       .is_json = request->opts->json };
	struct mmcpus_reason why;
	struct audit audit;
	struct shootdown_watch shootdowns = { 0 };
	int status;

	audit_init(&audit, session->sys, session->src, request->isolated, &request->policy);
	audit.remote_share = request->remote_share;
	report.audit = &audit;
	if (request->opts->window_ms && mmcpus_system_is_live(session->sys))
		shootdown_watch_open(&shootdowns, &audit);
	if (watch(&audit, request->opts, &shootdowns, &why) || shootdown_watch_take(&shootdowns, &audit, &why)) {
		complain_reason(&why);
		status = STATUS_FAILED;
	} else {
		remark(&audit, session, request->opts);
		status = audit_report_print(&report);
	}
	audit_deinit(&audit);
	shootdown_watch_close(&shootdowns);
	return status;
}

/* ----------------------------------------------------------------------------------------------------- request -- */

static int open_and_run(struct request *request)
{
	struct session session;
	char *why;
	int status;

	if (session_open(&session, request->opts))
		return STATUS_FAILED;
	if (find_isolated(request, session.sys, &why))
		status = complain_usage(why);
	else
		status = run_audit(request, &session);
	mmcpus_cpuset_destroy(request->isolated);
	session_close(&session);
	return status;
}

/* The machine's own policy is not that of a captured one. */
static int read_policy(struct request *request, char **why)
{
	const struct options *opts = request->opts;
	int err = 0;

	for (size_t i = 0; i < opts->allow.nr_texts && !err; i++)
		err = policy_allow(&request->policy, opts->allow.texts[i], why);
	if (err)
		return err;
	if (opts->policy)
		return policy_read(&request->policy, opts->policy, false, why);
	return opts->root ? 0 : policy_read(&request->policy, POLICY_PATH, true, why);
}

/* In JSON there is no reason to leave anything out. Who watches wants to know when. */
static char *usual_columns(const struct options *opts)
{
	unsigned wanted = COLUMN_IS_DEFAULT | (opts->window_ms ? COLUMN_IS_OF_WATCH : 0);
	struct strbuf names = { 0 };

	for (size_t i = 0; i < finding_columns.nr_columns; i++)
		if (opts->json || finding_columns.columns[i].flags & wanted)
			strbuf_addf(&names, "%s%s", names.length ? "," : "", finding_columns.columns[i].header);
	return strbuf_take(&names);
}

static int parse_columns(struct request *request, char **why)
{
	char *usual = usual_columns(request->opts);
	const char *wanted = request->opts->output;
	int err = column_list_parse(&request->columns, &finding_columns, wanted ? wanted : usual, why);

	free(usual);
	return err;
}

static int parse_remote_below(struct request *request, char **why)
{
	const char *percent = request->opts->remote_below;

	request->remote_share = MEMORY_REMOTE_SHARE;
	return percent ? percent_parse(percent, &request->remote_share, why) : 0;
}

static int audit_run(const struct options *opts)
{
	struct request request = { .opts = opts };
	char *why;
	int status;

	if (opts->list_rules)
		return list_rules(opts);
	if (opts->delay_ms && !opts->window_ms) {
		usage_error(&why, "--delay says how often to look within --window, which is missing");
		return complain_usage(why);
	}
	if (parse_columns(&request, &why) || parse_remote_below(&request, &why) || read_policy(&request, &why))
		status = complain_usage(why);
	else
		status = open_and_run(&request);
	column_list_deinit(&request.columns);
	policy_deinit(&request.policy);
	return status;
}

const struct command cmd_audit = {
	.name = "audit",
	.summary = "does anything reach the isolated CPUs? Pass or fail, with the reason and the remedy",
	.options = OPTION_ISOLATED | OPTION_ALLOW | OPTION_POLICY | OPTION_WATCH | OPTION_LIST_RULES | OPTION_OUTPUT |
		   OPTION_JSON | OPTION_BACKEND | OPTION_ROOT | OPTION_QUIET | OPTIONS_COMMON,
	.run = audit_run,
	.columns = &finding_columns,
};
