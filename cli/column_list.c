/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "column_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "message.h"
#include "xalloc.h"

static void add_column(struct column_list *list, const struct column *column)
{
	list->columns = xreallocarray(list->columns, list->nr_columns + 1, sizeof(*list->columns));
	list->columns[list->nr_columns++] = column;
}

static void add_default_columns(struct column_list *list, const struct column_set *set)
{
	for (size_t i = 0; i < set->nr_columns; i++)
		if (set->columns[i].flags & COLUMN_IS_DEFAULT)
			add_column(list, &set->columns[i]);
}

/* Twice the same would be twice the same key in JSON. */
static bool has_column(const struct column_list *list, const struct column *column)
{
	for (size_t i = 0; i < list->nr_columns; i++)
		if (list->columns[i] == column)
			return true;
	return false;
}

static const struct column *parse_name(const struct column_set *set, const char *name, size_t length, char **why)
{
	const struct column *column = column_find(set, name, length);

	if (!column)
		usage_error(why, "there is no column '%.*s': mmcpus %s --help lists them", (int)length, name,
			    set->command);
	return column;
}

static int lack_name(char **why, const struct column_set *set, const char *option, const char *text,
		     const char *expected)
{
	return usage_error(why, "--%s: a name is missing in '%s': give %s; mmcpus %s --help lists the columns", option,
			   text, expected, set->command);
}

static int parse_names(struct column_list *list, const struct column_set *set, const char *text, char **why)
{
	const char *name = text + (*text == '+');

	for (;; name++) {
		size_t length = strcspn(name, ",");
		const struct column *column;

		if (!length)
			return lack_name(why, set, "output", text, "COLUMN, or several with commas between them");
		column = parse_name(set, name, length, why);
		if (!column)
			return -EINVAL;
		if (!has_column(list, column))
			add_column(list, column);
		name += length;
		if (*name == '\0')
			return 0;
	}
}

int column_list_parse(struct column_list *list, const struct column_set *set, const char *text, char **why)
{
	if ((!text || *text == '+') && !list->nr_columns)
		add_default_columns(list, set);
	return text ? parse_names(list, set, text, why) : 0;
}

void column_list_deinit(struct column_list *list)
{
	free(list->columns);
	*list = (struct column_list){ 0 };
}

uint32_t column_list_fields(const struct column_list *list)
{
	uint32_t fields = 0;

	for (size_t i = 0; i < list->nr_columns; i++)
		fields |= list->columns[i]->fields;
	return fields;
}

int sort_order_parse(struct sort_order *order, const struct column_set *set, const char *text, char **why)
{
	const char *name = text ? text : set->columns[0].header;

	order->key = &set->columns[0];
	order->is_descending = *name == '-';
	name += order->is_descending;
	if (!*name)
		return lack_name(why, set, "sort", text, "COLUMN, or -COLUMN for descending");
	order->column = parse_name(set, name, strlen(name), why);
	return order->column ? 0 : -EINVAL;
}
