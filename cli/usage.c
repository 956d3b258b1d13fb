/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usage.h"

#include <stddef.h>
#include <stdio.h>

#include <mmcpus/mmcpus.h>

#include "columns.h"
#include "commands.h"
#include "options.h"

static void print_option(const struct option_row *row)
{
	char letter[] = { '-', row->letter, ',', '\0' };
	int width = printf(" %3s --%s%s%s", row->letter ? letter : "", row->name, row->argument ? " " : "",
			   row->argument ? row->argument : "");

	printf("%*s%s\n", width < 24 ? 24 - width : 1, "", row->help);
}

static void print_options(const struct command *command)
{
	puts("\nOptions:");
	for (size_t i = 0; i < nr_option_rows; i++)
		if (option_rows[i].bit & command->options)
			print_option(&option_rows[i]);
	if (command->columns)
		columns_print_help(command->columns);
}

static void print_commands(void)
{
	puts("\nCommands:");
	for (size_t i = 0; commands[i]; i++)
		if (commands[i]->summary)
			printf(" %-22s %s%s\n", commands[i]->name, commands[i]->summary,
			       i == 0 ? " (if no command is named)" : "");
}

void usage_print(void)
{
	puts("Usage: mmcpus [COMMAND] [OPTIONS]\n\n"
	     "Show on which CPUs the address spaces of this machine are active.");
	print_commands();
	print_options(commands[0]);
	puts("\nmmcpus COMMAND --help and man mmcpus-COMMAND tell more.");
}

void usage_print_command(const struct command *command)
{
	printf("Usage: mmcpus %s [OPTIONS]%s%s\n", command->name, command->operands ? " " : "",
	       command->operands ? command->operands : "");
	if (command->summary)
		printf("\nmmcpus %s: %s\n", command->name, command->summary);
	print_options(command);
}

void usage_print_version(void)
{
	const char *name;

	printf("mmcpus %s\nbackends:", mmcpus_version());
	for (size_t i = 0; (name = mmcpus_backend_name(i)) != NULL; i++)
		printf(" %s", name);
	puts("");
}
