/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of mmcpus: each is one file and one row in the list. */
#ifndef MMCPUS_CLI_COMMANDS_H
#define MMCPUS_CLI_COMMANDS_H

#include <stdint.h>

struct column_set;
struct options;

struct command {
	const char *name;
	const char *summary;                    /* NULL: not for people, so neither in help nor in completion */
	const char *operands;                   /* as the usage line shows them; NULL: takes none */
	uint32_t options;                       /* OPTION_… that mean something for it */
	const struct column_set *columns;       /* of its table; NULL: it prints none */
	int (*run)(const struct options *opts); /* returns the exit status */
};

/* In the order of the help, with NULL at the end. The first runs if none is named. */
extern const struct command *const commands[];

/* NULL if there is none of exactly this name. */
const struct command *command_find(const char *name);

#endif
