/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of all commands: described as data, parsed into a struct that is const from then on. */
#ifndef MMCPUS_CLI_OPTIONS_H
#define MMCPUS_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pids.h"

/* Which options a command takes: a union of these. */
enum {
	OPTION_PID = 1 << 0,
	OPTION_CPU_LIST = 1 << 1,
	OPTION_COMM = 1 << 2,
	OPTION_OUTPUT = 1 << 3,
	OPTION_SORT = 1 << 4,
	OPTION_JSON = 1 << 5,
	OPTION_PAIRS = 1 << 6,
	OPTION_NOHEADINGS = 1 << 7,
	OPTION_BYTES = 1 << 8,
	OPTION_BACKEND = 1 << 9,
	OPTION_ROOT = 1 << 10,
	OPTION_QUIET = 1 << 11,
	OPTION_HELP = 1 << 12,
	OPTION_VERSION = 1 << 13,
	OPTION_DIR = 1 << 14,
	OPTION_GROUP = 1 << 15,
	OPTION_MODE = 1 << 16,
	OPTION_ALLOW = 1 << 17,
	OPTION_POLICY = 1 << 18, /* --policy and --remote-below of a command that has rules */
	OPTION_WATCH = 1 << 19,  /* -w and -d */
	OPTION_LIST_RULES = 1 << 20,
	OPTION_ISOLATED = 1 << 21,
	OPTION_CPUS = 1 << 22,
	OPTION_MEMORY = 1 << 23, /* --memory and --remote-below */
	OPTION_HIT_CPUS = 1 << 24,
	OPTION_BY = 1 << 25,
	OPTION_COUNT_FOR = 1 << 26, /* -w and -d of a command that counts */
	OPTION_EVENTS = 1 << 27,
	OPTION_TOP = 1 << 28,
	OPTION_ALL_IPIS = 1 << 29,
	OPTION_STACK = 1 << 30,

	OPTIONS_COMMON = OPTION_HELP | OPTION_VERSION,
};

/* No option: the first operand is a command to run, and what follows is its own. (Too large for an enumerator.) */
#define OPTIONS_THEN_COMMAND (UINT32_C(1) << 31)

/* The values of an option that may be given more than once. */
struct text_list {
	const char **texts;
	size_t nr_texts;
};

/* Strings point into argv, NULL if the option is not there. */
struct options {
	struct pid_list pids;
	const char *cpu_list;
	const char *comm;
	const char *output;
	const char *sort;
	const char *backend;
	const char *root;
	const char *dir;
	const char *group;
	const char *mode;
	const char *isolated;
	const char *memory;
	const char *remote_below;
	const char *policy;
	const char *by;
	const char *top;
	struct text_list allow;
	uint64_t window_ms; /* 0: not given */
	uint64_t delay_ms;  /* 0: not given */
	bool json;
	bool pairs;
	bool noheadings;
	bool bytes;
	bool quiet;
	bool list_rules;
	bool events;
	bool all_ipis;
	bool stack;
	bool help;
	bool version;
	char **operands; /* into argv */
	size_t nr_operands;
	bool ends_with_dashes; /* "--", and nothing behind it */
};

/* How the value of an option gets into struct options. */
enum option_kind {
	OPTION_IS_FLAG,
	OPTION_IS_TEXT,
	OPTION_IS_TEXT_ONCE, /* a second is refused */
	OPTION_IS_TEXTS,
	OPTION_IS_SECONDS, /* as milliseconds */
	OPTION_IS_PIDS,
	OPTION_IS_BACKEND,
};

struct option_row {
	uint32_t bit;
	char letter; /* 0: none */
	const char *name;
	const char *argument; /* NULL: takes none */
	enum option_kind kind;
	size_t offset; /* in struct options */
	const char *help;
};

extern const struct option_row option_rows[];
extern const size_t nr_option_rows;

/*
 * argv[0] is the command. Options that are not in accepted are unknown; argv is reordered so that operands come last,
 * unless they are a command to run.
 * Returns 0, or -EINVAL and a message that names the word at fault, to be freed. Either way ret is to be deinit()ed.
 */
int options_parse(struct options *ret, uint32_t accepted, int argc, char **argv, char **why);
void options_deinit(struct options *opts);

#endif
