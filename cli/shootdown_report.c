/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shootdown_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "escape.h"
#include "grid.h"
#include "json.h"
#include "message.h"
#include "row_list.h"
#include "shootdown_columns.h"
#include "shootdown_quality.h"
#include "strbuf.h"
#include "table.h"
#include "xalloc.h"

/* A total, and how it stands in JSON. */
static const struct {
	enum mmcpus_interval_number which;
	const char *key;
} totals[] = {
	{ MMCPUS_INTERVAL_SENT, "sent" },
	{ MMCPUS_INTERVAL_HITS, "hits" },
	{ MMCPUS_INTERVAL_OTHER, "others" },
	{ MMCPUS_INTERVAL_LOST, "lost" },
	{ MMCPUS_INTERVAL_TLB_ROW, "tlb_row" },
	{ MMCPUS_INTERVAL_COST_NS, "cost_ns" },
	{ MMCPUS_INTERVAL_KERNEL_SENT, "kernel_sent" },
	{ MMCPUS_INTERVAL_KERNEL_HITS, "kernel_hits" },
	{ MMCPUS_INTERVAL_CALLS, "calls" },
	{ MMCPUS_INTERVAL_CALL_HITS, "call_hits" },
};

/* What is shown: the rows, of which the last may sum up those that are not. */
struct shown {
	struct shootdown_view view;
	struct row_list rows;
	struct mmcpus_shootdown *more; /* NULL: there are none */
};

static uint64_t length_ns(const struct mmcpus_interval *interval)
{
	uint64_t ns = 0;

	mmcpus_interval_number(interval, MMCPUS_INTERVAL_NS, &ns);
	return ns;
}

/* The rows that are not shown, but summed up in one. */
static size_t count_more(const struct shootdown_report *report, const struct mmcpus_interval *interval)
{
	size_t nr = mmcpus_interval_count(interval);

	return report->top && nr > report->top ? nr - report->top : 0;
}

static void shown_init(struct shown *shown, const struct shootdown_report *report,
		       const struct mmcpus_interval *interval)
{
	size_t nr_more = count_more(report, interval);
	size_t nr = mmcpus_interval_count(interval) - nr_more;

	*shown = (struct shown){ .view.ns = length_ns(interval) };
	for (size_t i = 0; i < nr; i++)
		row_list_add(&shown->rows, mmcpus_interval_row(interval, i));
	if (nr_more) {
		mmcpus_interval_join(interval, nr, &shown->more);
		row_list_add(&shown->rows, xcheck(shown->more));
	}
}

static void shown_deinit(struct shown *shown)
{
	row_list_deinit(&shown->rows);
	mmcpus_shootdown_destroy(shown->more);
}

/* ------------------------------------------------------------------------------------------------------------- JSON -- */

void shootdown_report_write_sums(const struct mmcpus_shootdowns *src, const struct mmcpus_interval *interval,
				 const char *why_no_hits, struct json *json)
{
	uint64_t number;

	json_decimal(json, "seconds", (length_ns(interval) + 500000) / 1000000, 3);
	for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
		if (mmcpus_interval_number(interval, totals[i].which, &number))
			json_null(json, totals[i].key);
		else
			json_number(json, totals[i].key, number);
	}
	json_string(json, "why_no_hits", why_no_hits);
	shootdown_quality_write(json, src, interval);
}

/* The values of a row take a kilobyte or more, and there may be thousands of rows. */
#define ROWS_AT_A_TIME 64

static void write_rows(const struct shootdown_report *report, const struct shown *shown, struct json *json)
{
	json_open_array(json, "shootdowns");
	for (size_t from = 0; from < shown->rows.nr_rows; from += ROWS_AT_A_TIME) {
		size_t nr_left = shown->rows.nr_rows - from;
		const struct row_list some = { shown->rows.rows + from,
					       nr_left < ROWS_AT_A_TIME ? nr_left : ROWS_AT_A_TIME };
		struct grid grid;

		grid_init(&grid, &report->columns, &some, &shown->view);
		grid_write_rows(&grid, json);
		grid_deinit(&grid);
	}
	json_close(json);
}

static void print_json(const struct shootdown_report *report, const struct mmcpus_interval *interval)
{
	struct shown shown;
	struct json json;

	json_init(&json, stdout);
	json_open_object(&json, NULL);
	json_string(&json, "by", report->by->name);
	shootdown_report_write_sums(report->src, interval, report->why_no_hits, &json);
	json_number(&json, "more", count_more(report, interval));
	shown_init(&shown, report, interval);
	write_rows(report, &shown, &json);
	shown_deinit(&shown);
	json_close(&json);
}

/* -------------------------------------------------------------------------------------------------------- last line -- */

static void add_number(struct strbuf *text, const char *what, const struct mmcpus_interval *interval,
		       enum mmcpus_interval_number which)
{
	uint64_t number;

	if (mmcpus_interval_number(interval, which, &number))
		strbuf_addf(text, "%s ?", what);
	else
		strbuf_addf(text, "%s %" PRIu64, what, number);
}

/* And why: a program would have interrupted a run of itself, and the kernel does not let it. */
static void add_lost(struct strbuf *text, const struct mmcpus_interval *interval)
{
	uint64_t nr;

	add_number(text, ", lost", interval, MMCPUS_INTERVAL_LOST);
	if (mmcpus_interval_number(interval, MMCPUS_INTERVAL_LOST, &nr) == 0 && nr)
		strbuf_add(text, " (left out by the kernel)");
}

static void add_tlb_row(struct strbuf *text, const struct mmcpus_interval *interval)
{
	uint64_t unused;

	add_number(text, "; row TLB of /proc/interrupts", interval, MMCPUS_INTERVAL_TLB_ROW);
	if (mmcpus_interval_number(interval, MMCPUS_INTERVAL_TLB_ROW, &unused) == 0)
		shootdown_quality_add_tlb_row(text, interval);
}

/* They have nothing to be compared with. Where they are unknown, that is said of what is not told. */
static void add_kernel(struct strbuf *text, const struct mmcpus_interval *interval)
{
	uint64_t unused;

	if (mmcpus_interval_number(interval, MMCPUS_INTERVAL_KERNEL_SENT, &unused))
		return;
	add_number(text, "; of the kernel's own range sent", interval, MMCPUS_INTERVAL_KERNEL_SENT);
	add_number(text, ", hit", interval, MMCPUS_INTERVAL_KERNEL_HITS);
}

static void add_cost(struct strbuf *text, const struct mmcpus_interval *interval)
{
	uint64_t ns;

	if (mmcpus_interval_number(interval, MMCPUS_INTERVAL_COST_NS, &ns)) {
		strbuf_add(text, "; what counting took is unknown");
		return;
	}
	strbuf_addf(text, "; counting took %" PRIu64 ".%03" PRIu64 " ms", ns / 1000000, ns / 1000 % 1000);
}

static void print_last_line(const struct shootdown_report *report, const struct mmcpus_interval *interval)
{
	uint64_t ns = length_ns(interval);
	struct strbuf text = { 0 };
	uint64_t others = 0;
	uint64_t calls;

	strbuf_addf(&text, "%" PRIu64 ".%03" PRIu64 " s:", ns / 1000000000, ns / 1000000 % 1000);
	add_number(&text, " sent", interval, MMCPUS_INTERVAL_SENT);
	if (mmcpus_interval_number(interval, MMCPUS_INTERVAL_OTHER, &others) == 0 && others)
		strbuf_addf(&text, " (%" PRIu64 " without room for a row of their own)", others);
	add_number(&text, ", hit", interval, MMCPUS_INTERVAL_HITS);
	add_lost(&text, interval);
	add_tlb_row(&text, interval);
	add_kernel(&text, interval);
	if (mmcpus_interval_number(interval, MMCPUS_INTERVAL_CALLS, &calls) == 0) {
		strbuf_addf(&text, "; other calls sent %" PRIu64, calls);
		add_number(&text, ", carried out", interval, MMCPUS_INTERVAL_CALL_HITS);
	}
	shootdown_quality_add_missing(&text, report->src);
	add_cost(&text, interval);
	puts(text.text);
	strbuf_deinit(&text);
	if (report->why_no_hits)
		printf("hits are unknown: %s\n", report->why_no_hits);
}

/* ------------------------------------------------------------------------------------------------------------ table -- */

static int print_table(const struct shootdown_report *report, const struct mmcpus_interval *interval)
{
	const struct table_style style = { .has_header = true };
	struct shown shown;
	struct grid grid;
	int err;

	shown_init(&shown, report, interval);
	grid_init(&grid, &report->columns, &shown.rows, &shown.view);
	shown_deinit(&shown);
	err = grid.nr_rows ? table_print(&grid, &style) : 0;
	grid_deinit(&grid);
	return err;
}

int shootdown_report_print(const struct shootdown_report *report, const struct mmcpus_interval *interval)
{
	if (report->is_json) {
		print_json(report, interval);
		return STATUS_OK;
	}
	if (print_table(report, interval)) {
		complain("cannot print the table");
		return STATUS_FAILED;
	}
	print_last_line(report, interval);
	return STATUS_OK;
}
