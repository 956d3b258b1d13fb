/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcpus shootdowns: who interrupts whom, why, and what it costs, while it happens. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmcpus/mmcpus.h>

#include "child.h"
#include "commands.h"
#include "cpu_list.h"
#include "message.h"
#include "options.h"
#include "provoke.h"
#include "seconds.h"
#include "session.h"
#include "shootdown_columns.h"
#include "shootdown_events.h"
#include "shootdown_report.h"
#include "stop.h"
#include "xalloc.h"

#define DELAY_MS 1000

/*
 * Once an interval is enough, but for one that is longer than this: so that what is silent can be told from what is not, when
 * the kernel's room for rows runs low.
 */
#define LOOK_MS 1000

/* Then as often as this: more often, no row is free any sooner. */
#define LOOK_CROWDED_MS 100

/* Where processes must be asked for their code before they are gone. */
#define LOOK_STACKS_MS 250

/* Rows of a table that are read at a glance. */
#define TOP_DEFAULT 20

/* Many more than there is room for. */
#define TOP_MAX 1000000

/* What the options ask for, once they are understood. */
struct request {
	const struct options *opts;
	struct shootdown_report report;
	struct mmcpus_cpuset *cpus; /* NULL: all */
};

/* One run of the command. */
struct run {
	struct request *request;
	struct mmcpus_shootdowns *src;
	struct stop stop;
	struct child child; /* pid 0: there is none */
	uint64_t end_ms;    /* 0: without an end */
	bool is_over;
};

/* ------------------------------------------------------------------------------------------------------- intervals -- */

static int print_interval(const struct run *run)
{
	struct shootdown_report *report = &run->request->report;
	const struct mmcpus_interval *interval;
	struct mmcpus_reason why;
	int status;

	if (mmcpus_shootdowns_read(run->src, &interval, &why)) {
		complain_reason(&why);
		return STATUS_FAILED;
	}
	report->src = run->src;
	report->why_no_hits = mmcpus_shootdowns_check_hits(run->src, &why) ? why.what : NULL;
	status = shootdown_report_print(report, interval);
	mmcpus_shootdowns_release(run->src);
	report->why_no_hits = NULL;
	/* Nobody reads it any more: main() says so. */
	return fflush(stdout) || ferror(stdout) ? STATUS_FAILED : status;
}

/*
 * Wait, but no longer than it all lasts, and no longer than the kernel has room for rows. Whether it is over is looked at in any
 * case: events may come as fast as they are taken, and then there is no time to wait.
 */
static void wait_until(struct run *run, uint64_t until_ms)
{
	struct pollfd room = { .fd = mmcpus_shootdowns_fd(run->src), .events = POLLIN };

	if (run->end_ms && run->end_ms < until_ms)
		until_ms = run->end_ms;
	do
		run->is_over =
			stop_wait_for(&run->stop, until_ms, room.fd) || (run->child.pid && child_check(&run->child));
	while (!run->is_over && stop_now_ms() < until_ms && poll(&room, 1, 0) <= 0);
	if (run->end_ms && stop_now_ms() >= run->end_ms)
		run->is_over = true;
}

static int collect(const struct run *run)
{
	if (mmcpus_shootdowns_collect(run->src) == 0)
		return STATUS_OK;
	complain("no memory for what was counted");
	return STATUS_FAILED;
}

static uint64_t next_look_ms(const struct run *run)
{
	if (mmcpus_shootdowns_is_crowded(run->src))
		return stop_now_ms() + LOOK_CROWDED_MS;
	return stop_now_ms() + (run->request->opts->stack ? LOOK_STACKS_MS : LOOK_MS);
}

/* In between, take what has been counted out of the kernel, where there is less room for it. */
static int count_until(struct run *run, uint64_t until_ms)
{
	while (!run->is_over && (!until_ms || stop_now_ms() < until_ms)) {
		uint64_t next_ms = next_look_ms(run);

		wait_until(run, until_ms && until_ms < next_ms ? until_ms : next_ms);
		if (collect(run))
			return STATUS_FAILED;
	}
	return STATUS_OK;
}

/* Events are taken so often; in between they wait in memory of the kernel's. */
#define EVENTS_MS 100

/* More often where processes must be asked for their code before they are gone. */
#define EVENTS_STACKS_MS 10

/* Who they are about stands in rows, which are looked at so often to be free again. */
#define LOOK_EVENTS_MS 250

/* How long events may be waited for, at the end no longer than it all lasts. */
static int events_ms(const struct run *run)
{
	uint64_t wait_ms = run->request->opts->stack ? EVENTS_STACKS_MS : EVENTS_MS;
	uint64_t now_ms = stop_now_ms();

	if (!run->end_ms || now_ms + wait_ms <= run->end_ms)
		return (int)wait_ms;
	return run->end_ms > now_ms ? (int)(run->end_ms - now_ms) : 0;
}

static int tell_events(struct run *run)
{
	uint64_t collect_ms = stop_now_ms() + LOOK_EVENTS_MS;
	bool with_stacks = run->request->opts->stack;
	int status = STATUS_OK;

	while (!run->is_over && status == STATUS_OK) {
		status = shootdown_events_print(run->src, events_ms(run), with_stacks);
		wait_until(run, stop_now_ms() + 1);
		if (status == STATUS_OK && stop_now_ms() >= collect_ms) {
			collect_ms = stop_now_ms() + LOOK_EVENTS_MS;
			status = collect(run);
		}
	}
	return status == STATUS_OK ? shootdown_events_end(run->src, with_stacks) : status;
}

/* Once at the end, where there is one, unless it is wanted more often. */
static int count(struct run *run)
{
	const struct options *opts = run->request->opts;
	bool is_once = !opts->delay_ms && (opts->window_ms || run->child.pid);
	uint64_t delay_ms = opts->delay_ms ? opts->delay_ms : DELAY_MS;
	uint64_t next_ms = stop_now_ms();
	int status = STATUS_OK;

	run->end_ms = opts->window_ms ? next_ms + opts->window_ms : 0;
	if (opts->events)
		return tell_events(run);
	for (bool is_first = true; !run->is_over && status == STATUS_OK; is_first = false) {
		next_ms = seconds_next_ms(next_ms, delay_ms, stop_now_ms());
		if (!is_first && !opts->json)
			putchar('\n');
		status = count_until(run, is_once ? 0 : next_ms);
		if (status == STATUS_OK)
			status = print_interval(run);
	}
	return status;
}

/* ----------------------------------------------------------------------------------------------------------- command -- */

/* The status of the command, if there is one, unless something of ours failed. */
static int count_with_child(struct run *run)
{
	const struct options *opts = run->request->opts;
	int status;

	run->is_over = stop_wait(&run->stop, 0); /* while the programs were loaded */
	if (run->is_over) {
		complain("asked to end before %s", opts->nr_operands ? "COMMAND was started" : "anything was counted");
		return STATUS_FAILED;
	}
	status = opts->nr_operands ? child_start(&run->child, opts->operands, &run->stop) : STATUS_OK;
	if (status != STATUS_OK)
		return status;
	status = count(run);
	if (!run->child.pid)
		return status;
	child_end(&run->child, &run->stop);
	return status == STATUS_OK ? run->child.status : status;
}

static int run_source(struct run *run, const struct session *session)
{
	struct mmcpus_shootdowns *src = run->src;
	struct mmcpus_reason why;

	if (mmcpus_shootdowns_check_hits(src, &why) == -EAGAIN)
		provoke_hit(src, session->sys);
	if (run->request->cpus && mmcpus_shootdowns_check_hits(src, &why)) {
		complain("--cpu-list needs to see which CPUs are hit: %s", why.what);
		return STATUS_FAILED;
	}
	return count_with_child(run);
}

static unsigned extras_of(const struct options *opts)
{
	return (opts->events ? MMCPUS_WITH_EVENTS : 0) | (opts->all_ipis ? MMCPUS_WITH_CALLS : 0) |
	       (opts->events && opts->stack ? MMCPUS_WITH_STACKS : 0);
}

/* The rows of events are not shown: by cause, they are few. */
static int open_as_wanted(const struct request *request, const struct mmcpus_system *sys,
			  struct mmcpus_shootdowns **ret, struct mmcpus_reason *why)
{
	enum mmcpus_shootdowns_by by = request->opts->events ? MMCPUS_BY_CAUSE : request->report.by->by;

	return mmcpus_shootdowns_open_with(sys, by, extras_of(request->opts), request->cpus, ret, why);
}

static int open_source(struct run *run, const struct session *session)
{
	struct mmcpus_reason why;
	int status;

	if (open_as_wanted(run->request, session->sys, &run->src, &why)) {
		complain_reason(&why);
		return STATUS_FAILED;
	}
	status = run_source(run, session);
	mmcpus_shootdowns_close(run->src);
	return status;
}

/* To load programs may take a second: who is asked to end meanwhile does so in order. */
static int run_until_stopped(struct request *request, const struct session *session)
{
	struct run run = { .request = request };
	int status;

	stop_begin_with_child(&run.stop);
	status = open_source(&run, session);
	stop_end(&run.stop);
	return status;
}

static int open_and_run(struct request *request)
{
	const char *cpu_list = request->opts->cpu_list;
	struct session session;
	char *why;
	int status;

	if (session_open_system(&session, request->opts))
		return STATUS_FAILED;
	if (cpu_list)
		request->cpus = xcheck(mmcpus_cpuset_create(mmcpus_system_nr_cpus(session.sys)));
	if (cpu_list && cpu_list_parse(request->cpus, "--cpu-list", cpu_list, &why))
		status = complain_usage(why);
	else
		status = run_until_stopped(request, &session);
	mmcpus_cpuset_destroy(request->cpus);
	session_close(&session);
	return status;
}

/* ----------------------------------------------------------------------------------------------------------- request -- */

static int parse_view(struct request *request, char **why)
{
	const char *name = request->opts->by ? request->opts->by : shootdown_bys[0].name;

	request->report.by = shootdown_by_find(name);
	if (!request->report.by)
		return usage_error(why, "there is no view '%s': see --by in --help", name);
	if (request->opts->stack)
		request->report.by = &shootdown_by_user_stack;
	return 0;
}

/* Programs want all rows, unless they say so. */
static int parse_top(struct request *request, char **why)
{
	const char *text = request->opts->top;
	unsigned long top = request->opts->json ? 0 : TOP_DEFAULT;
	char *end;

	if (text) {
		top = strtoul(text, &end, 10); /* the largest of all if it is beyond that */
		if (text[0] < '0' || text[0] > '9' || *end != '\0' || top > TOP_MAX)
			return usage_error(why,
					   "--top: '%s' is no number of rows: give a whole one, up to %d, or 0 for all",
					   text, TOP_MAX);
	}
	request->report.top = top;
	return 0;
}

/* What this view shows, unless the user names something else. */
static int parse_usual_columns(struct request *request, char **why)
{
	const struct options *opts = request->opts;
	const char *preset = opts->json ? request->report.by->json : request->report.by->table;
	char *text = xasprintf("%s%s", opts->all_ipis ? "CALLBACK," : "", preset);
	int err = column_list_parse(&request->report.columns, &shootdown_columns, text, why);

	free(text);
	return err;
}

static int parse_columns(struct request *request, char **why)
{
	const char *wanted = request->opts->output;
	int err = 0;

	if (!wanted || wanted[0] == '+')
		err = parse_usual_columns(request, why);
	if (err || !wanted)
		return err;
	return column_list_parse(&request->report.columns, &shootdown_columns, wanted, why);
}

static int check_options(const struct options *opts, char **why)
{
	if (opts->ends_with_dashes)
		return usage_error(why, "behind -- there is no command");
	if (opts->window_ms && opts->nr_operands)
		return usage_error(why, "--window and a command both say how long to count: leave one of them out");
	if (opts->events && (opts->by || opts->output || opts->delay_ms || opts->top))
		return usage_error(why, "--events has no rows: --by, --output, --top and --delay mean nothing with it");
	if (opts->stack && opts->by && strcmp(opts->by, "stack") != 0)
		return usage_error(why,
				   "--stack is about rows of stacks: it goes with --by stack, and with no other view");
	return 0;
}

static int shootdowns_run(const struct options *opts)
{
	struct request request = { .opts = opts, .report = { .is_json = opts->json } };
	char *why;
	int status;

	if (check_options(opts, &why) || parse_view(&request, &why) || parse_top(&request, &why) ||
	    parse_columns(&request, &why))
		status = complain_usage(why);
	else
		status = open_and_run(&request);
	column_list_deinit(&request.report.columns);
	return status;
}

const struct command cmd_shootdowns = {
	.name = "shootdowns",
	.summary = "who interrupts whom to flush TLBs, why, and what it costs both sides",
	.operands = "[[--] COMMAND [ARGUMENT...]]",
	.options = OPTION_HIT_CPUS | OPTION_BY | OPTION_TOP | OPTION_STACK | OPTION_ALL_IPIS | OPTION_EVENTS |
		   OPTION_COUNT_FOR | OPTION_OUTPUT | OPTION_JSON | OPTIONS_THEN_COMMAND | OPTIONS_COMMON,
	.run = shootdowns_run,
	.columns = &shootdown_columns,
};
