/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcpus show: the address spaces and the CPUs they are active on. */
#include "column_list.h"
#include "commands.h"
#include "filter.h"
#include "grid.h"
#include "grid_output.h"
#include "memory_book.h"
#include "message.h"
#include "mm_columns.h"
#include "options.h"
#include "percent.h"
#include "row_list.h"
#include "session.h"
#include "users.h"

/* What the options ask for, once they are understood. */
struct request {
	const struct options *opts;
	struct column_list list;
	struct sort_order order;
	struct filter filter;
	enum memory_mode memory;
	double remote_share;
	bool is_explained; /* why some columns are unknown has been said */
};

/* ------------------------------------------------------------------------------------------------------ output -- */

static int print_mms(const struct request *request, const struct session *session, const struct mm_view *view,
		     const struct row_list *mms)
{
	struct grid grid;
	int status;

	grid_init(&grid, &request->list, mms, view);
	if (!request->is_explained)
		grid_remark_unknown(&grid, &mm_columns, session);
	status = grid_output(&grid, request->opts, "address_spaces");
	grid_deinit(&grid);
	return status;
}

/* ---------------------------------------------------------------------------------------------------- snapshot -- */

/* Sharers are always looked for: an address space is one row, however many processes share it. */
static uint32_t wanted_fields(const struct request *request)
{
	return column_list_fields(&request->list) | request->order.column->fields | filter_fields(&request->filter) |
	       MMCPUS_FIELD_SHARERS;
}

static void select_mms(struct row_list *mms, const struct request *request, const struct mm_view *view)
{
	for (size_t i = 0; i < mmcpus_snapshot_count(view->snap); i++) {
		const struct mmcpus_mm *mm = mmcpus_snapshot_mm(view->snap, i);

		if (filter_matches(&request->filter, view, mm))
			row_list_add(mms, mm);
	}
	row_list_sort(mms, view, &request->order);
}

static int show_snapshot(const struct request *request, const struct session *session,
			 const struct mmcpus_snapshot *snap)
{
	bool has_names = mmcpus_system_is_live(session->sys);
	struct user_names users = { 0 };
	struct row_list mms = { 0 };
	struct memory_book memory;
	struct mm_view view = { session->sys, session->src, snap, has_names ? &users : NULL, &memory };
	int status;

	memory_book_init(&memory, session->sys, request->memory, NULL);
	memory.remote_share = request->remote_share;
	select_mms(&mms, request, &view);
	status = print_mms(request, session, &view, &mms);
	if (filter_count_gone(&request->filter, &view))
		status = STATUS_FAILED;
	if (!request->opts->quiet)
		memory_book_remark(&memory, request->memory != MEMORY_UNSET);
	row_list_deinit(&mms);
	memory_book_deinit(&memory);
	user_names_deinit(&users);
	return status;
}

static void remark_snapshot(struct request *request, const struct session *session, const struct mmcpus_snapshot *snap)
{
	bool has_active = session_has_active(snap);

	request->is_explained = session_remark(session, request->opts, has_active);
	if (!request->opts->quiet && !request->filter.has_pids)
		session_remark_dropped(snap);
	if (!has_active)
		session_complain_no_mask();
}

static int take_and_show(struct request *request, const struct session *session)
{
	size_t nr_missing = filter_resolve_pids(&request->filter, request->opts, session->src);
	const struct mmcpus_snapshot *snap;
	struct mmcpus_reason why;
	int status;

	if (mmcpus_source_snapshot(session->src, wanted_fields(request), &snap, &why)) {
		complain_reason(&why);
		return STATUS_FAILED;
	}
	remark_snapshot(request, session, snap);
	status = show_snapshot(request, session, snap);
	return nr_missing ? STATUS_FAILED : status;
}

/* ----------------------------------------------------------------------------------------------------- request -- */

static int run_request(struct request *request)
{
	struct session session;
	char *why;
	int status;

	if (session_open(&session, request->opts))
		return STATUS_FAILED;
	if (filter_init(&request->filter, request->opts, session.sys, &why))
		status = complain_usage(why);
	else
		status = take_and_show(request, &session);
	filter_deinit(&request->filter);
	session_close(&session);
	return status;
}

/* Who says how to look at memory wants to see it. */
static const char *wanted_columns(const struct options *opts)
{
	return !opts->output && (opts->memory || opts->remote_below) ? "+MEM_NODES,MEM_ERROR,REMOTE" : opts->output;
}

static int parse_memory(struct request *request, char **why)
{
	const struct options *opts = request->opts;
	int err = memory_mode_parse(opts->memory, &request->memory, why);

	request->remote_share = MEMORY_REMOTE_SHARE;
	if (!err && opts->remote_below)
		err = percent_parse(opts->remote_below, &request->remote_share, why);
	return err;
}

static int show_run(const struct options *opts)
{
	struct request request = { .opts = opts };
	char *why;
	int status;

	if (parse_memory(&request, &why) || column_list_parse(&request.list, &mm_columns, wanted_columns(opts), &why) ||
	    sort_order_parse(&request.order, &mm_columns, opts->sort, &why))
		status = complain_usage(why);
	else
		status = run_request(&request);
	column_list_deinit(&request.list);
	return status;
}

const struct command cmd_show = {
	.name = "show",
	.summary = "address spaces and the CPUs they are active on",
	.options = OPTION_PID | OPTION_CPU_LIST | OPTION_COMM | OPTION_OUTPUT | OPTION_SORT | OPTION_MEMORY |
		   OPTION_JSON | OPTION_PAIRS | OPTION_NOHEADINGS | OPTION_BYTES | OPTION_BACKEND | OPTION_ROOT |
		   OPTION_QUIET | OPTIONS_COMMON,
	.run = show_run,
	.columns = &mm_columns,
};
