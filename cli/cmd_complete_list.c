/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmcpus complete-list LIST [COMMAND]: the words that the completion of the shell offers, one a line.
 */
#include <stdio.h>
#include <string.h>

#include <mmcpus/mmcpus.h>

#include "columns.h"
#include "commands.h"
#include "message.h"
#include "options.h"
#include "shootdown_columns.h"

static int list_commands(const struct command *command __attribute__((unused)))
{
	for (size_t i = 0; commands[i]; i++)
		if (commands[i]->summary)
			puts(commands[i]->name);
	return STATUS_OK;
}

static int list_options(const struct command *command)
{
	for (size_t i = 0; i < nr_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if (!(row->bit & command->options))
			continue;
		printf("--%s\n", row->name);
		if (row->letter)
			printf("-%c\n", row->letter);
	}
	return STATUS_OK;
}

static int list_columns(const struct command *command)
{
	for (size_t i = 0; command->columns && i < command->columns->nr_columns; i++)
		puts(command->columns->columns[i].header);
	return STATUS_OK;
}

static int list_backends(const struct command *command __attribute__((unused)))
{
	const char *name;

	for (size_t i = 0; (name = mmcpus_backend_name(i)) != NULL; i++)
		puts(name);
	return STATUS_OK;
}

static int list_views(const struct command *command __attribute__((unused)))
{
	for (const struct shootdown_by *by = shootdown_bys; by->name; by++)
		puts(by->name);
	return STATUS_OK;
}

static const struct {
	const char *name;
	int (*print)(const struct command *command);
} lists[] = {
	{ "commands", list_commands }, { "options", list_options }, { "columns", list_columns },
	{ "backends", list_backends }, { "views", list_views },
};

static int complete_list_run(const struct options *opts)
{
	const char *name = opts->nr_operands ? opts->operands[0] : "";
	const struct command *command = opts->nr_operands > 1 ? command_find(opts->operands[1]) : commands[0];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && command; i++)
		if (strcmp(lists[i].name, name) == 0)
			return lists[i].print(command);
	complain("complete-list: give commands, options, columns, backends or views, and a command");
	return STATUS_USAGE;
}

const struct command cmd_complete_list = {
	.name = "complete-list",
	.operands = "LIST [COMMAND]",
	.options = OPTIONS_COMMON,
	.run = complete_list_run,
};
