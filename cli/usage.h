/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Help and version, written from the rows of commands, options and columns. */
#ifndef MMCPUS_CLI_USAGE_H
#define MMCPUS_CLI_USAGE_H

struct command;

/* Of mmcpus as a whole, and of one command. */
void usage_print(void);
void usage_print_command(const struct command *command);

void usage_print_version(void);

#endif
