/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcpus help [COMMAND]: the same as --help. */
#include "commands.h"
#include "message.h"
#include "options.h"
#include "usage.h"

static int help_run(const struct options *opts)
{
	const struct command *command;

	if (opts->nr_operands == 0) {
		usage_print();
		return STATUS_OK;
	}
	command = command_find(opts->operands[0]);
	if (!command) {
		complain("there is no command '%s': mmcpus --help lists them", opts->operands[0]);
		return STATUS_USAGE;
	}
	if (opts->nr_operands > 1) {
		complain("help takes one command: '%s' is one too many", opts->operands[1]);
		return STATUS_USAGE;
	}
	usage_print_command(command);
	return STATUS_OK;
}

const struct command cmd_help = {
	.name = "help",
	.summary = "how to use a command",
	.operands = "[COMMAND]",
	.options = OPTIONS_COMMON,
	.run = help_run,
};
