/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "grid.h"
#include "layout.h"
#include "xalloc.h"

/* The texts of a grid, in the same order, and how they are laid out. */
struct sheet {
	const struct grid *grid;
	char **texts;
	struct layout_column *columns;
	size_t nr_columns; /* side by side: all, or all but the last, whose texts stand below their rows */
	size_t terminal_width;
};

/* ----------------------------------------------------------------------------------------------------- columns -- */

static bool is_number(const struct column *column)
{
	return column->type == VALUE_NUMBER || column->type == VALUE_BYTES || column->type == VALUE_RATE;
}

static bool is_list(const struct column *column)
{
	return column->type == VALUE_SET || column->type == VALUE_MASK || column->type == VALUE_PIDS ||
	       column->type == VALUE_SLOTS;
}

static enum layout_fit fit_of(const struct column *column)
{
	if (is_list(column) || column->flags & COLUMN_CAN_WRAP)
		return LAYOUT_WRAP;
	return column->flags & COLUMN_CAN_TRUNCATE ? LAYOUT_CUT : LAYOUT_KEEP;
}

/* ------------------------------------------------------------------------------------------------------- texts -- */

/* libsmartcols escapes pairs by itself: all but printable ASCII, and what a shell would expand, becomes \xHH. */
static void write_texts(struct sheet *sheet, const struct table_style *style)
{
	const struct grid *grid = sheet->grid;
	const struct value_style as_text = {
		.is_raw = style->is_pairs,
		.has_units = style->has_units && !style->is_pairs,
		.empty = style->is_pairs ? "" : "-",
	};

	for (size_t i = 0; i < grid->nr_rows * grid->nr_columns; i++)
		sheet->texts[i] = value_text(&grid->values[i], &as_text);
}

static void measure(struct sheet *sheet)
{
	const struct grid *grid = sheet->grid;

	for (size_t i = 0; i < grid->nr_columns; i++)
		sheet->columns[i] = (struct layout_column){
			.fit = fit_of(grid->columns[i]),
			.width = layout_text_width(grid->columns[i]->header),
		};
	for (size_t i = 0; i < grid->nr_rows * grid->nr_columns; i++) {
		struct layout_column *column = &sheet->columns[i % grid->nr_columns];
		size_t width = layout_text_width(sheet->texts[i]);

		if (width > column->width)
			column->width = width;
	}
}

/* Narrower than this, a sentence becomes a tower. */
#define SENTENCE_WIDTH_MIN 40

/* What stands below its row begins so far from the left. */
#define SINK_INDENT 4

static bool is_last_a_tower(const struct sheet *sheet)
{
	size_t last = sheet->grid->nr_columns - 1;

	return last > 0 && sheet->grid->columns[last]->flags & COLUMN_CAN_SINK && sheet->columns[last].is_narrowed &&
	       sheet->columns[last].width < SENTENCE_WIDTH_MIN;
}

static void sink_last(struct sheet *sheet)
{
	struct layout_column *last = &sheet->columns[--sheet->nr_columns];

	measure(sheet);
	layout_narrow(sheet->columns, sheet->nr_columns, sheet->terminal_width);
	last->is_narrowed = true;
	last->width = sheet->terminal_width - SINK_INDENT;
}

static void fit_texts(struct sheet *sheet)
{
	const struct grid *grid = sheet->grid;

	measure(sheet);
	layout_narrow(sheet->columns, sheet->nr_columns, sheet->terminal_width);
	if (sheet->terminal_width >= SENTENCE_WIDTH_MIN + SINK_INDENT && is_last_a_tower(sheet))
		sink_last(sheet);
	for (size_t i = 0; i < grid->nr_rows * grid->nr_columns; i++)
		sheet->texts[i] = layout_fit_text(sheet->texts[i], &sheet->columns[i % grid->nr_columns]);
}

static void sheet_init(struct sheet *sheet, const struct grid *grid, const struct table_style *style)
{
	*sheet = (struct sheet){ .grid = grid, .nr_columns = grid->nr_columns };
	sheet->terminal_width = style->is_pairs ? 0 : layout_terminal_width();
	sheet->texts = xcalloc(grid->nr_rows * grid->nr_columns, sizeof(*sheet->texts));
	sheet->columns = xcalloc(grid->nr_columns, sizeof(*sheet->columns));
	write_texts(sheet, style);
	if (sheet->terminal_width)
		fit_texts(sheet);
}

static void sheet_deinit(struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->grid->nr_rows * sheet->grid->nr_columns; i++)
		free(sheet->texts[i]);
	free(sheet->texts);
	free(sheet->columns);
}

/* ------------------------------------------------------------------------------------------------ libsmartcols -- */

static int add_column(struct libscols_table *table, const struct column *column, const struct layout_column *layout)
{
	int flags = (is_number(column) ? SCOLS_FL_RIGHT : 0) | (layout->is_narrowed ? SCOLS_FL_WRAP : 0);
	struct libscols_column *added = scols_table_new_column(table, column->header, 0, flags);

	if (!added)
		return -ENOMEM;
	if (!layout->is_narrowed)
		return 0;
	return scols_column_set_wrapfunc(added, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
}

static int add_line(struct libscols_table *table, char **texts, size_t nr_texts)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	int err = line ? 0 : -ENOMEM;

	for (size_t i = 0; i < nr_texts && !err; i++) {
		err = scols_line_refer_data(line, i, texts[i]);
		texts[i] = err ? texts[i] : NULL; /* it belongs to the line now */
	}
	return err;
}

static int fill_table(struct libscols_table *table, struct sheet *sheet)
{
	const struct grid *grid = sheet->grid;
	int err = 0;

	for (size_t i = 0; i < sheet->nr_columns && !err; i++)
		err = add_column(table, grid->columns[i], &sheet->columns[i]);
	for (size_t i = 0; i < grid->nr_rows && !err; i++)
		err = add_line(table, sheet->texts + i * grid->nr_columns, sheet->nr_columns);
	return err;
}

/*
 * Without encoding, since our texts are safe and its own would escape our escapes; without a terminal, since the layout
 * is ready and it would cut what does not fit.
 */
static void set_style(struct libscols_table *table, const struct table_style *style)
{
	scols_table_enable_noencoding(table, 1);
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	scols_table_enable_noheadings(table, !style->has_header);
	scols_table_enable_export(table, style->is_pairs);
}

/* Its lines; what is empty needs none. */
static void print_sunk(const char *text)
{
	size_t length;

	if (strcmp(text, "-") == 0)
		return;
	for (const char *line = text; *line; line += length + (line[length] == '\n')) {
		length = strcspn(line, "\n");
		printf("%*s%.*s\n", SINK_INDENT, "", (int)length, line);
	}
}

/* The heading comes with the first. Whether the line end of the row does differs: the last one has none. */
static int print_row(struct libscols_table *table, size_t row)
{
	struct libscols_line *line = scols_table_get_line(table, row);
	char *text = NULL;
	size_t length;
	int err = scols_table_print_range_to_string(table, line, line, &text);

	if (err)
		return err;
	length = strlen(text);
	printf("%s%s", text, length && text[length - 1] == '\n' ? "" : "\n");
	free(text);
	return 0;
}

static int print_with_sunk(struct libscols_table *table, const struct sheet *sheet)
{
	const struct grid *grid = sheet->grid;
	int err = 0;

	for (size_t i = 0; i < grid->nr_rows && !err; i++) {
		err = print_row(table, i);
		if (!err)
			print_sunk(sheet->texts[i * grid->nr_columns + sheet->nr_columns]);
	}
	return err;
}

int table_print(const struct grid *grid, const struct table_style *style)
{
	struct libscols_table *table = xcheck(scols_new_table());
	struct sheet sheet;
	int err;

	sheet_init(&sheet, grid, style);
	set_style(table, style);
	err = fill_table(table, &sheet);
	if (!err)
		err = sheet.nr_columns < grid->nr_columns ? print_with_sunk(table, &sheet) : scols_print_table(table);
	sheet_deinit(&sheet);
	scols_unref_table(table);
	return err;
}
