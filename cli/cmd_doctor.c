/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcpus doctor: what this machine is, which backends work on it and why others do not, and whether they read right. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmcpus/mmcpus.h>

#include "commands.h"
#include "message.h"
#include "options.h"
#include "provoke.h"
#include "report.h"
#include "selfcheck.h"
#include "session.h"
#include "xalloc.h"

/* A backend that was tried out. */
struct trial {
	const char *name;
	struct mmcpus_source *src; /* NULL: not usable, and why */
	struct mmcpus_reason why;
};

struct trials {
	struct trial *trials;
	size_t nr_trials;
};

/* ------------------------------------------------------------------------------------------------------ system -- */

struct text_row {
	enum mmcpus_system_text which;
	const char *key;
	const char *label;
};

struct set_row {
	enum mmcpus_system_set which;
	const char *key;
	const char *label;
};

static const struct text_row text_rows[] = {
	{ MMCPUS_SYSTEM_RELEASE, "kernel", "kernel" },
	{ MMCPUS_SYSTEM_ARCH, "architecture", "architecture" },
	{ MMCPUS_SYSTEM_HYPERVISOR, "hypervisor", "hypervisor" },
	{ MMCPUS_SYSTEM_LOCKDOWN, "lockdown", "lockdown" },
};

static const struct set_row set_rows[] = {
	{ MMCPUS_SYSTEM_POSSIBLE, "possible", "possible CPUs" },
	{ MMCPUS_SYSTEM_ONLINE, "online", "online CPUs" },
	{ MMCPUS_SYSTEM_ISOLCPUS, "isolcpus", "isolcpus" },
	{ MMCPUS_SYSTEM_NOHZ_FULL, "nohz_full", "nohz_full" },
	{ MMCPUS_SYSTEM_PARTITIONS, "isolated_partitions", "isolated partitions" },
	{ MMCPUS_SYSTEM_ISOLATED, "isolated", "isolated CPUs" },
	{ MMCPUS_SYSTEM_NODES, "nodes", "NUMA nodes" },
};

/* As readlink /proc/self/ns/pid prints it. */
static void report_pid_ns(struct report *report, const struct mmcpus_system *sys)
{
	uint64_t inode = mmcpus_system_pid_ns(sys);
	char *name = inode ? xasprintf("pid:[%" PRIu64 "]", inode) : NULL;

	report_text(report, "pid_namespace", "pid namespace", name);
	free(name);
}

static void report_system(struct report *report, const struct mmcpus_system *sys)
{
	report_open_section(report, "system", "System");
	report_bool(report, "live", "live", mmcpus_system_is_live(sys));
	for (size_t i = 0; i < sizeof(text_rows) / sizeof(text_rows[0]); i++)
		report_text(report, text_rows[i].key, text_rows[i].label, mmcpus_system_text(sys, text_rows[i].which));
	report_pid_ns(report, sys);
	report_number(report, "nr_cpus", "CPU numbers", mmcpus_system_nr_cpus(sys));
	for (size_t i = 0; i < sizeof(set_rows) / sizeof(set_rows[0]); i++)
		report_set(report, set_rows[i].key, set_rows[i].label, mmcpus_system_set(sys, set_rows[i].which));
	report_close_section(report);
}

static void report_rule(struct report *report, const struct mmcpus_system *sys)
{
	enum mmcpus_mask_rule rule = mmcpus_system_mask_rule(sys);

	report_open_section(report, "rule", "Rule of the mask");
	report_text(report, "name", "name", mmcpus_mask_rule_name(rule));
	report_text(report, "meaning", "meaning", mmcpus_mask_rule_meaning(rule));
	report_close_section(report);
}

static void report_flush(struct report *report, const struct mmcpus_system *sys)
{
	enum mmcpus_flush_mode mode = mmcpus_system_flush_mode(sys);

	report_open_section(report, "flush", "Flushes");
	report_text(report, "name", "name", mmcpus_flush_mode_name(mode));
	report_text(report, "meaning", "meaning", mmcpus_flush_mode_meaning(mode));
	report_close_section(report);
}

/* ---------------------------------------------------------------------------------------------------- backends -- */

static void trials_init(struct trials *trials, const struct mmcpus_system *sys)
{
	const char *name;

	*trials = (struct trials){ 0 };
	for (size_t i = 0; (name = mmcpus_backend_name(i)) != NULL; i++) {
		struct trial trial = { .name = name };

		if (mmcpus_source_open(sys, name, &trial.src, NULL))
			mmcpus_backend_probe(sys, name, &trial.why);
		trials->trials = xreallocarray(trials->trials, trials->nr_trials + 1, sizeof(trial));
		trials->trials[trials->nr_trials++] = trial;
	}
}

static void trials_deinit(struct trials *trials)
{
	for (size_t i = 0; i < trials->nr_trials; i++)
		mmcpus_source_close(trials->trials[i].src);
	free(trials->trials);
}

static bool has_usable(const struct trials *trials)
{
	for (size_t i = 0; i < trials->nr_trials; i++)
		if (trials->trials[i].src)
			return true;
	return false;
}

/* Name of the backend that the other commands take if none is named; NULL if there is none. To be freed. */
static char *find_chosen(const struct mmcpus_system *sys)
{
	struct mmcpus_source *src;
	char *name;

	if (mmcpus_source_open(sys, NULL, &src, NULL))
		return NULL;
	name = xstrdup(mmcpus_source_backend(src));
	mmcpus_source_close(src);
	return name;
}

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static void report_trial(struct report *report, const struct trial *trial, const char *chosen)
{
	bool is_chosen = chosen && strcmp(chosen, trial->name) == 0;
	const char *quality = trial->src ? mmcpus_quality_name(mmcpus_source_quality(trial->src)) : NULL;
	char *title = xasprintf("Backend %s%s", trial->name, is_chosen ? " (the one that is used)" : "");

	report_open_section(report, NULL, title);
	report_text(report, "name", NULL, trial->name);
	report_text(report, "summary", "reads", mmcpus_backend_summary(trial->name));
	report_bool(report, "usable", "usable", trial->src != NULL);
	report_bool(report, "chosen", NULL, is_chosen);
	report_optional(report, "quality", "quality", quality);
	report_optional(report, "reason", "why not", text_or_null(trial->why.what));
	report_optional(report, "remedy", "remedy", text_or_null(trial->why.remedy));
	report_close_section(report);
	free(title);
}

static void report_trials(struct report *report, const struct trials *trials, const struct mmcpus_system *sys)
{
	char *chosen = find_chosen(sys);

	report_open_list(report, "backends");
	for (size_t i = 0; i < trials->nr_trials; i++)
		report_trial(report, &trials->trials[i], chosen);
	report_close_list(report);
	free(chosen);
}

/* ------------------------------------------------------------------------------------------ hidden processes -- */

static void report_hidden_process(struct report *report, const struct mmcpus_hidden *hidden, size_t index,
				  const char *backend)
{
	int32_t pid = mmcpus_hidden_pid(hidden, index);
	char *title = xasprintf("Process %" PRId32 ": backend %s is not shown it", pid, backend);

	report_open_section(report, NULL, title);
	if (report->is_json)
		report_number(report, "pid", "pid", (uint64_t)pid);
	report_text(report, "command", "command", mmcpus_hidden_comm(hidden, index));
	report_text(report, "cgroup", "cgroup", mmcpus_hidden_cgroup(hidden, index));
	report_close_section(report);
	free(title);
}

/* Of the backend that the other commands take. */
static void report_hidden(struct report *report, const struct mmcpus_system *sys)
{
	struct mmcpus_hidden *hidden = NULL;
	struct mmcpus_source *src = NULL;

	if (mmcpus_source_open(sys, NULL, &src, NULL))
		src = NULL;
	if (!src || mmcpus_hidden_find(sys, src, &hidden, NULL)) {
		report_text(report, "hidden", NULL, NULL);
	} else {
		report_open_list(report, "hidden");
		for (size_t i = 0; i < mmcpus_hidden_count(hidden); i++)
			report_hidden_process(report, hidden, i, mmcpus_source_backend(src));
		report_close_list(report);
		mmcpus_hidden_destroy(hidden);
	}
	mmcpus_source_close(src);
}

/* --------------------------------------------------------------------------------------------------- residency -- */

/* The first that can tell what CPUs hold; NULL, and why the best of all can't. */
static const struct trial *find_residency(const struct trials *trials, struct mmcpus_reason *why)
{
	struct mmcpus_reason reason;

	*why = (struct mmcpus_reason){ 0 };
	for (size_t i = 0; i < trials->nr_trials; i++) {
		const struct trial *trial = &trials->trials[i];

		if (!trial->src)
			reason = trial->why;
		else if (mmcpus_source_check_residency(trial->src, &reason) == 0)
			return trial;
		if (i == 0)
			*why = reason;
	}
	return NULL;
}

static void report_residency(struct report *report, const struct trials *trials)
{
	struct mmcpus_reason why;
	const struct trial *trial = find_residency(trials, &why);

	report_open_section(report, "residency", "Residency: what each CPU runs and holds");
	report_bool(report, "usable", "usable", trial != NULL);
	report_optional(report, "backend", "backend", trial ? trial->name : NULL);
	report_optional(report, "reason", "why not", trial ? NULL : text_or_null(why.what));
	report_optional(report, "remedy", "remedy", trial ? NULL : text_or_null(why.remedy));
	report_close_section(report);
}

/* -------------------------------------------------------------------------------------------------- shootdowns -- */

static const char *hook_state_name(enum mmcpus_hook_state state)
{
	static const char *const names[] = {
		[MMCPUS_HOOK_USED] = "yes",
		[MMCPUS_HOOK_SPARE] = "not needed",
		[MMCPUS_HOOK_UNUSABLE] = "no",
	};

	return names[state];
}

static void report_hook(struct report *report, const struct mmcpus_hook *hook)
{
	char *title = xasprintf("Hook %s", hook->name);

	report_open_section(report, NULL, title);
	report_text(report, "name", NULL, hook->name);
	report_text(report, "tells", "tells", hook->tells);
	report_text(report, "when", "when", hook->when);
	report_text(report, "used", "used now", hook_state_name(hook->state));
	report_optional(report, "reason", "why not", text_or_null(hook->why.what));
	report_optional(report, "remedy", "remedy", text_or_null(hook->why.remedy));
	report_close_section(report);
	free(title);
}

/* src: NULL if it can't be opened, and why. */
static void report_hooks(struct report *report, const struct mmcpus_system *sys, const struct mmcpus_shootdowns *src,
			 const struct mmcpus_reason *why)
{
	struct mmcpus_hook hook;

	report_open_list(report, "hooks");
	for (size_t i = 0;
	     (src ? mmcpus_shootdowns_hook(src, i, &hook) : mmcpus_shootdowns_probe_hook(sys, why, i, &hook)) == 0; i++)
		report_hook(report, &hook);
	report_close_list(report);
}

/* Whether hits can be seen: provoked, where only that tells. */
static void report_hits(struct report *report, struct mmcpus_shootdowns *src, const struct mmcpus_system *sys)
{
	struct mmcpus_reason why = { 0 };

	if (mmcpus_shootdowns_check_hits(src, NULL) == -EAGAIN)
		provoke_hit(src, sys);
	report_bool(report, "hits", "hits are seen", mmcpus_shootdowns_check_hits(src, &why) == 0);
	report_optional(report, "hits_reason", "why not", text_or_null(why.what));
}

static void report_shootdowns(struct report *report, const struct mmcpus_system *sys)
{
	struct mmcpus_reason why = { 0 };
	struct mmcpus_shootdowns *src = NULL;

	report_open_section(report, "shootdowns", "Shootdowns");
	if (mmcpus_shootdowns_open(sys, MMCPUS_BY_FLOW, NULL, &src, &why))
		src = NULL;
	report_bool(report, "usable", "usable", src != NULL);
	report_optional(report, "reason", "why not", text_or_null(why.what));
	report_optional(report, "remedy", "remedy", text_or_null(why.remedy));
	if (src)
		report_hits(report, src, sys);
	report_close_section(report);
	report_hooks(report, sys, src, &why);
	mmcpus_shootdowns_close(src);
}

/* ------------------------------------------------------------------------------------------------------ checks -- */

static const char *result_name(enum selfcheck_result result)
{
	static const char *const names[] = {
		[SELFCHECK_OK] = "ok",
		[SELFCHECK_FAILED] = "failed",
		[SELFCHECK_SKIPPED] = "skipped",
	};

	return names[result];
}

static enum selfcheck_result run_check(const struct selfcheck *check, const struct mmcpus_system *sys,
				       struct mmcpus_source *src, char **detail)
{
	if (mmcpus_system_is_live(sys))
		return check->run(sys, src, detail);
	*detail = xstrdup("a captured machine does not run");
	return SELFCHECK_SKIPPED;
}

/* False if the check failed. */
static bool report_check(struct report *report, const struct selfcheck *check, const struct trial *trial,
			 const struct mmcpus_system *sys)
{
	char *title = xasprintf("Check %s of backend %s", check->name, trial->name);
	char *detail;
	enum selfcheck_result result = run_check(check, sys, trial->src, &detail);

	report_open_section(report, NULL, title);
	report_text(report, "name", NULL, check->name);
	report_text(report, "backend", NULL, trial->name);
	report_text(report, "summary", NULL, check->summary);
	report_text(report, "result", "result", result_name(result));
	report_text(report, "detail", "seen", detail);
	report_close_section(report);
	free(detail);
	free(title);
	return result != SELFCHECK_FAILED;
}

/* Estimates can't be checked: nothing says what they should be. False if a check failed. */
static bool report_checks(struct report *report, const struct trials *trials, const struct mmcpus_system *sys)
{
	bool is_fine = true;

	report_open_list(report, "checks");
	for (size_t i = 0; i < trials->nr_trials; i++) {
		const struct trial *trial = &trials->trials[i];

		if (!trial->src || mmcpus_source_quality(trial->src) == MMCPUS_ESTIMATE)
			continue;
		for (size_t j = 0; j < nr_selfchecks; j++)
			is_fine &= report_check(report, &selfchecks[j], trial, sys);
	}
	report_close_list(report);
	return is_fine;
}

/* ----------------------------------------------------------------------------------------------------- command -- */

static int print_report(const struct mmcpus_system *sys, bool is_json)
{
	struct report report;
	struct trials trials;
	bool is_fine;

	trials_init(&trials, sys);
	report_open(&report, is_json);
	report_system(&report, sys);
	report_rule(&report, sys);
	report_flush(&report, sys);
	report_residency(&report, &trials);
	report_trials(&report, &trials, sys);
	report_hidden(&report, sys);
	report_shootdowns(&report, sys);
	is_fine = report_checks(&report, &trials, sys);
	report_close(&report);
	if (!has_usable(&trials))
		complain("no backend is usable: the report says why");
	is_fine &= has_usable(&trials);
	trials_deinit(&trials);
	return is_fine ? STATUS_OK : STATUS_FAILED;
}

static int doctor_run(const struct options *opts)
{
	struct session session;
	int status;

	if (session_open_system(&session, opts))
		return STATUS_FAILED;
	status = print_report(session.sys, opts->json);
	session_close(&session);
	return status;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "what works on this machine, what does not, why, and what to do about it",
	.options = OPTION_JSON | OPTION_ROOT | OPTIONS_COMMON,
	.run = doctor_run,
};
