/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>

#include "columns.h"
#include "grid.h"
#include "layout.h"
#include "xalloc.h"

/* The texts of a grid, in the same order, and how they are laid out. */
struct sheet {
	const struct grid *grid;
	char **texts;
	struct layout_column *columns;
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

	for (size_t i = 0; i < grid->nr_columns; i++) {
		sheet->columns[i].fit = fit_of(grid->columns[i]);
		sheet->columns[i].width = layout_text_width(grid->columns[i]->header);
	}
	for (size_t i = 0; i < grid->nr_rows * grid->nr_columns; i++) {
		struct layout_column *column = &sheet->columns[i % grid->nr_columns];
		size_t width = layout_text_width(sheet->texts[i]);

		if (width > column->width)
			column->width = width;
	}
}

static void fit_texts(struct sheet *sheet, size_t terminal_width)
{
	const struct grid *grid = sheet->grid;

	measure(sheet);
	layout_narrow(sheet->columns, grid->nr_columns, terminal_width);
	for (size_t i = 0; i < grid->nr_rows * grid->nr_columns; i++)
		sheet->texts[i] = layout_fit_text(sheet->texts[i], &sheet->columns[i % grid->nr_columns]);
}

static void sheet_init(struct sheet *sheet, const struct grid *grid, const struct table_style *style)
{
	size_t terminal_width = style->is_pairs ? 0 : layout_terminal_width();

	sheet->grid = grid;
	sheet->texts = xcalloc(grid->nr_rows * grid->nr_columns, sizeof(*sheet->texts));
	sheet->columns = xcalloc(grid->nr_columns, sizeof(*sheet->columns));
	write_texts(sheet, style);
	if (terminal_width)
		fit_texts(sheet, terminal_width);
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

	for (size_t i = 0; i < grid->nr_columns && !err; i++)
		err = add_column(table, grid->columns[i], &sheet->columns[i]);
	for (size_t i = 0; i < grid->nr_rows && !err; i++)
		err = add_line(table, sheet->texts + i * grid->nr_columns, grid->nr_columns);
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

int table_print(const struct grid *grid, const struct table_style *style)
{
	struct libscols_table *table = xcheck(scols_new_table());
	struct sheet sheet;
	int err;

	sheet_init(&sheet, grid, style);
	set_style(table, style);
	err = fill_table(table, &sheet);
	if (!err)
		err = scols_print_table(table);
	sheet_deinit(&sheet);
	scols_unref_table(table);
	return err;
}
