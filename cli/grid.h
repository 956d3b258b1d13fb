/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of the wanted columns for the wanted rows: read in one walk, whatever they are printed as. */
#ifndef MMCPUS_CLI_GRID_H
#define MMCPUS_CLI_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "value.h"

struct column;
struct column_list;
struct json;
struct row_list;

struct grid {
	const struct column *const *columns;
	size_t nr_columns;
	struct value *values; /* row by row */
	size_t nr_rows;
};

/* The columns must outlive the grid; it holds copies of all values. */
void grid_init(struct grid *grid, const struct column_list *list, const struct row_list *rows, const void *view);
void grid_deinit(struct grid *grid);

const struct value *grid_value(const struct grid *grid, size_t row, size_t column);

/* Does the column tell nothing at all? False if there is no row. */
bool grid_is_unknown(const struct grid *grid, size_t column);

/* As objects of a JSON array that is open. */
void grid_write_rows(const struct grid *grid, struct json *json);

/* As an array of a JSON document that is open. */
void grid_write_json(const struct grid *grid, struct json *json, const char *name);

/* As a JSON document: {"name": [{…}, …]}. */
void grid_print_json(const struct grid *grid, const char *name);

#endif
