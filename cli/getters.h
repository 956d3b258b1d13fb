/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What getters of columns have in common, whatever the rows are. */
#ifndef MMCPUS_CLI_GETTERS_H
#define MMCPUS_CLI_GETTERS_H

#include "columns.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/*
 * A getter of columns.h, which then has its arguments by their types: a view, and an argument whose value is taken from
 * the row. Not every getter needs both.
 */
#define TYPED_GETTER(name, view_type, argument, value_of_row)                                                 \
	static int name##_of(const view_type *view, argument, struct value *ret);                             \
	static int name(const void *view, const void *row, struct value *ret)                                 \
	{                                                                                                     \
		return name##_of(view, value_of_row, ret);                                                    \
	}                                                                                                     \
	static int name##_of(const view_type *view __attribute__((unused)), argument __attribute__((unused)), \
			     struct value *ret)

/* A copy of it; NULL is unknown. */
int give_text(const char *text, struct value *ret);
int give_set(const struct mmcpus_cpuset *set, struct value *ret);

#endif
