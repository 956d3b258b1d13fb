/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be said about shootdowns, and what of it by default in each view. */
#ifndef MMCPUS_CLI_SHOOTDOWN_COLUMNS_H
#define MMCPUS_CLI_SHOOTDOWN_COLUMNS_H

#include <stdint.h>

#include <mmcpus/mmcpus.h>

#include "columns.h"

struct json;

struct shootdown_view {
	uint64_t ns; /* that the interval took: rates are by it */
};

/* Of rows that are struct mmcpus_shootdown, seen through a struct shootdown_view. */
extern const struct column_set shootdown_columns;

/* One of the ways to join shootdowns in rows: --by NAME. */
struct shootdown_by {
	const char *name;
	enum mmcpus_shootdowns_by by;
	const char *table; /* default columns */
	const char *json;
};

/* The first is the default; ends with one without a name. */
extern const struct shootdown_by shootdown_bys[];

/* The one of stacks, with those in user space. */
extern const struct shootdown_by shootdown_by_user_stack;

/* NULL if there is none of this name. */
const struct shootdown_by *shootdown_by_find(const char *name);

/* The stacks of a row, as its columns of that name. row: NULL if they are unknown. */
void shootdown_write_stacks(struct json *json, const struct mmcpus_shootdown *row);

#endif
