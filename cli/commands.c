/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include <stddef.h>
#include <string.h>

extern const struct command cmd_show;
extern const struct command cmd_cpus;
extern const struct command cmd_status;
extern const struct command cmd_doctor;
extern const struct command cmd_audit;
extern const struct command cmd_shootdowns;
extern const struct command cmd_pin;
extern const struct command cmd_unpin;
extern const struct command cmd_help;
extern const struct command cmd_complete_list;

const struct command *const commands[] = {
	&cmd_show, &cmd_cpus,  &cmd_status, &cmd_doctor,        &cmd_audit, &cmd_shootdowns,
	&cmd_pin,  &cmd_unpin, &cmd_help,   &cmd_complete_list, NULL,
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}
