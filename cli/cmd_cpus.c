/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcpus cpus: the CPUs, what each runs and holds, and how many address spaces concern it. */
#include <stdlib.h>

#include <mmcpus/mmcpus.h>

#include "column_list.h"
#include "commands.h"
#include "cpu_columns.h"
#include "cpu_list.h"
#include "grid.h"
#include "grid_output.h"
#include "message.h"
#include "options.h"
#include "row_list.h"
#include "session.h"
#include "xalloc.h"

/* What the options ask for, once they are understood. */
struct request {
	const struct options *opts;
	struct column_list list;
	struct sort_order order;
};

/* ------------------------------------------------------------------------------------------------------ output -- */

static void remark_uncounted(const struct cpu_view *view)
{
	session_remark_dropped(view->snap);
	if (!mmcpus_system_sees_all_pids(view->sys))
		complain("processes outside of this pid namespace are not counted; run outside of the container");
}

static void remark(const struct cpu_view *view, const struct session *session, const struct grid *grid,
		   const struct options *opts)
{
	if (!session_remark(session, opts, view->counts.active != NULL))
		grid_remark_unknown(grid, &cpu_columns, session);
	if (!opts->quiet)
		remark_uncounted(view);
	if (!session_has_active(view->snap))
		session_complain_no_mask();
}

static int print_rows(const struct request *request, const struct session *session, const struct cpu_view *view,
		      const struct row_list *rows)
{
	struct grid grid;
	int status;

	grid_init(&grid, &request->list, rows, view);
	remark(view, session, &grid, request->opts);
	status = grid_output(&grid, request->opts, "cpus");
	grid_deinit(&grid);
	return status;
}

static int show_cpus(const struct request *request, const struct session *session, const struct cpu_view *view,
		     const struct mmcpus_cpuset *cpus)
{
	uint32_t *numbers = xcalloc(mmcpus_cpuset_count(cpus), sizeof(*numbers));
	struct row_list rows = { 0 };
	uint32_t *next = numbers;
	int status;

	for (uint32_t cpu = 0; mmcpus_cpuset_next(cpus, cpu, &cpu) > 0; cpu++) {
		*next = cpu;
		row_list_add(&rows, next++);
	}
	row_list_sort(&rows, view, &request->order);
	status = print_rows(request, session, view, &rows);
	row_list_deinit(&rows);
	free(numbers);
	return status;
}

/* ---------------------------------------------------------------------------------------------------- snapshot -- */

/* Sharers are always looked for: an address space counts once, however many processes share it. */
static uint32_t wanted_fields(const struct request *request)
{
	return column_list_fields(&request->list) | request->order.column->fields | MMCPUS_FIELD_SHARERS;
}

static int take_and_show(const struct request *request, const struct session *session, const struct mmcpus_cpuset *cpus)
{
	struct cpu_view view = { .sys = session->sys, .src = session->src, .wanted = wanted_fields(request) };
	struct mmcpus_reason why;
	int status;

	if (mmcpus_source_snapshot(session->src, view.wanted, &view.snap, &why)) {
		complain_reason(&why);
		return STATUS_FAILED;
	}
	cpu_counts_init(&view.counts, view.sys, view.snap);
	status = show_cpus(request, session, &view, cpus);
	cpu_counts_deinit(&view.counts);
	return status;
}

/* ----------------------------------------------------------------------------------------------------- request -- */

/* Those that can exist; below the highest there may be numbers that belong to none. */
static void add_possible(struct mmcpus_cpuset *cpus, const struct mmcpus_system *sys)
{
	const struct mmcpus_cpuset *possible = mmcpus_system_set(sys, MMCPUS_SYSTEM_POSSIBLE);

	if (possible)
		mmcpus_cpuset_copy(cpus, possible);
	for (uint32_t cpu = 0; !possible && cpu < mmcpus_system_nr_cpus(sys); cpu++)
		mmcpus_cpuset_add(cpus, cpu);
}

/* The CPUs to show. */
static int select_cpus(struct mmcpus_cpuset *cpus, const struct options *opts, const struct mmcpus_system *sys,
		       char **why)
{
	struct mmcpus_cpuset *wanted;
	int err;

	add_possible(cpus, sys);
	if (!opts->cpu_list)
		return 0;
	wanted = xcheck(mmcpus_cpuset_create(mmcpus_system_nr_cpus(sys)));
	err = cpu_list_parse(wanted, "--cpu-list", opts->cpu_list, why);
	mmcpus_cpuset_and(cpus, wanted);
	mmcpus_cpuset_destroy(wanted);
	if (!err && mmcpus_cpuset_is_empty(cpus))
		return usage_error(why, "--cpu-list: this machine has none of the CPUs '%s'", opts->cpu_list);
	return err;
}

static int run_request(const struct request *request)
{
	struct mmcpus_cpuset *cpus;
	struct session session;
	char *why;
	int status;

	if (session_open(&session, request->opts))
		return STATUS_FAILED;
	cpus = xcheck(mmcpus_cpuset_create(mmcpus_system_nr_cpus(session.sys)));
	if (select_cpus(cpus, request->opts, session.sys, &why))
		status = complain_usage(why);
	else
		status = take_and_show(request, &session, cpus);
	mmcpus_cpuset_destroy(cpus);
	session_close(&session);
	return status;
}

static int cpus_run(const struct options *opts)
{
	struct request request = { .opts = opts };
	char *why;
	int status;

	if (column_list_parse(&request.list, &cpu_columns, opts->output, &why) ||
	    sort_order_parse(&request.order, &cpu_columns, opts->sort, &why))
		status = complain_usage(why);
	else
		status = run_request(&request);
	column_list_deinit(&request.list);
	return status;
}

const struct command cmd_cpus = {
	.name = "cpus",
	.summary = "the CPUs, what each runs and holds, and how many address spaces concern it",
	.options = OPTION_CPUS | OPTION_OUTPUT | OPTION_SORT | OPTION_JSON | OPTION_PAIRS | OPTION_NOHEADINGS |
		   OPTION_BACKEND | OPTION_ROOT | OPTION_QUIET | OPTIONS_COMMON,
	.run = cpus_run,
	.columns = &cpu_columns,
};
