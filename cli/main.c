/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcpus [COMMAND] [OPTIONS]: finds the command, parses its options, runs it, and sees that its output arrived. */
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>

#include "commands.h"
#include "message.h"
#include "options.h"
#include "output.h"
#include "usage.h"

/* The command's name is taken from argv, so that argv[0] is in front of the options in either case. */
static const struct command *take_command(int *argc, char ***argv, bool *is_named)
{
	*is_named = *argc > 1 && (*argv)[1][0] != '-';
	if (!*is_named)
		return commands[0];
	(*argc)--;
	(*argv)++;
	return command_find((*argv)[0]);
}

static int run(const struct command *command, const struct options *opts, bool is_named)
{
	char *why;

	if (opts->help) {
		if (is_named)
			usage_print_command(command);
		else
			usage_print();
		return STATUS_OK;
	}
	if (opts->version) {
		usage_print_version();
		return STATUS_OK;
	}
	if (opts->nr_operands && !is_named && command_find(opts->operands[0])) {
		usage_error(&why, "the command comes first: mmcpus %s ...", opts->operands[0]);
		return complain_usage(why);
	}
	if (opts->nr_operands && !command->operands) {
		usage_error(&why, "%s takes no argument, such as '%s'", command->name, opts->operands[0]);
		return complain_usage(why);
	}
	return command->run(opts);
}

static int dispatch(int argc, char **argv)
{
	bool is_named;
	const struct command *command = take_command(&argc, &argv, &is_named);
	struct options opts;
	char *why;
	int status;

	if (!command) {
		complain("there is no command '%s': mmcpus --help lists them", argv[0]);
		return STATUS_USAGE;
	}
	if (options_parse(&opts, command->options, argc, argv, &why))
		status = complain_usage(why);
	else
		status = run(command, &opts, is_named);
	options_deinit(&opts);
	return status;
}

int main(int argc, char **argv)
{
	int status;

	setlocale(LC_ALL, "");
	output_open();
	status = dispatch(argc, argv);
	if (output_close() && status == STATUS_OK)
		status = STATUS_FAILED;
	return status;
}
