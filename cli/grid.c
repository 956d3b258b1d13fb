/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "grid.h"

#include <stdio.h>
#include <stdlib.h>

#include "column_list.h"
#include "columns.h"
#include "json.h"
#include "row_list.h"
#include "xalloc.h"

void grid_init(struct grid *grid, const struct column_list *list, const struct row_list *rows, const void *view)
{
	struct value *value;

	*grid = (struct grid){ .columns = list->columns, .nr_columns = list->nr_columns, .nr_rows = rows->nr_rows };
	grid->values = xcalloc(grid->nr_rows * grid->nr_columns, sizeof(*grid->values));
	value = grid->values;
	for (size_t row = 0; row < grid->nr_rows; row++)
		for (size_t column = 0; column < grid->nr_columns; column++)
			*value++ = column_get(grid->columns[column], view, rows->rows[row]);
}

void grid_deinit(struct grid *grid)
{
	for (size_t i = 0; i < grid->nr_rows * grid->nr_columns; i++)
		value_deinit(&grid->values[i]);
	free(grid->values);
	*grid = (struct grid){ 0 };
}

const struct value *grid_value(const struct grid *grid, size_t row, size_t column)
{
	return &grid->values[row * grid->nr_columns + column];
}

bool grid_is_unknown(const struct grid *grid, size_t column)
{
	for (size_t row = 0; row < grid->nr_rows; row++)
		if (grid_value(grid, row, column)->is_known)
			return false;
	return grid->nr_rows > 0;
}

void grid_write_rows(const struct grid *grid, struct json *json)
{
	for (size_t row = 0; row < grid->nr_rows; row++) {
		json_open_object(json, NULL);
		for (size_t column = 0; column < grid->nr_columns; column++)
			value_write_json(grid_value(grid, row, column), json, grid->columns[column]->key);
		json_close(json);
	}
}

void grid_write_json(const struct grid *grid, struct json *json, const char *name)
{
	json_open_array(json, name);
	grid_write_rows(grid, json);
	json_close(json);
}

void grid_print_json(const struct grid *grid, const char *name)
{
	struct json json;

	json_init(&json, stdout);
	json_open_object(&json, NULL);
	grid_write_json(grid, &json, name);
	json_close(&json);
}
