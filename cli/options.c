/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <mmcpus/mmcpus.h>

#include "message.h"
#include "seconds.h"
#include "xalloc.h"

#define FLAG(member) OPTION_IS_FLAG, offsetof(struct options, member)
#define TEXT(member) OPTION_IS_TEXT, offsetof(struct options, member)
#define ONCE(member) OPTION_IS_TEXT_ONCE, offsetof(struct options, member)

const struct option_row option_rows[] = {
	{ OPTION_PID, 'p', "pid", "LIST", OPTION_IS_PIDS, offsetof(struct options, pids),
	  "only these processes and what they share an address space with" },
	{ OPTION_CPU_LIST, 'C', "cpu-list", "LIST", ONCE(cpu_list), "only what is active on one of these CPUs" },
	{ OPTION_CPUS, 'C', "cpu-list", "LIST", ONCE(cpu_list), "only these CPUs" },
	{ OPTION_COMM, 0, "comm", "PATTERN", TEXT(comm), "only processes whose name matches, as \"java*\"" },
	{ OPTION_OUTPUT, 'o', "output", "LIST", TEXT(output), "the columns to show; +LIST adds them to the default" },
	{ OPTION_SORT, 's', "sort", "COLUMN", TEXT(sort), "sort by this column; -COLUMN for descending" },
	{ OPTION_MEMORY, 0, "memory", "MODE", TEXT(memory),
	  "where its memory is: sample pages, or count all of them (exact)" },
	{ OPTION_MEMORY, 0, "remote-below", "N", TEXT(remote_below),
	  "REMOTE: nodes with less than N percent of its memory count as without it (5)" },
	{ OPTION_JSON, 'J', "json", NULL, FLAG(json), "print JSON" },
	{ OPTION_PAIRS, 'P', "pairs", NULL, FLAG(pairs), "print KEY=\"value\" pairs" },
	{ OPTION_NOHEADINGS, 'n', "noheadings", NULL, FLAG(noheadings), "print no heading" },
	{ OPTION_BYTES, 'b', "bytes", NULL, FLAG(bytes), "print sizes in bytes" },
	{ OPTION_BACKEND, 0, "backend", "NAME", OPTION_IS_BACKEND, offsetof(struct options, backend),
	  "ask this backend and no other; mmcpus doctor lists them" },
	{ OPTION_ROOT, 0, "root", "DIR", TEXT(root), "read proc/ and sys/ of a captured machine below DIR" },
	{ OPTION_DIR, 0, "dir", "DIR", TEXT(dir), "the directory on bpffs (" MMCPUS_PIN_DIR ")" },
	{ OPTION_GROUP, 0, "group", "NAME", TEXT(group), "the group that may read the files" },
	{ OPTION_MODE, 0, "mode", "OCTAL", TEXT(mode), "who may read the files (0400; with --group 0440)" },
	{ OPTION_ISOLATED, 'C', "isolated", "LIST", ONCE(isolated), "the isolated CPUs, whatever the machine says" },
	{ OPTION_ALLOW, 0, "allow", "PATTERN", OPTION_IS_TEXTS, offsetof(struct options, allow),
	  "who may be on isolated CPUs, by command, cgroup or unit" },
	{ OPTION_POLICY, 0, "policy", "FILE", TEXT(policy), "what is to be put up with (/etc/mmcpus/audit.conf)" },
	{ OPTION_POLICY, 0, "remote-below", "N", TEXT(remote_below),
	  "memory: nodes with less than N percent of a process's count as without it (5)" },
	{ OPTION_WATCH, 'w', "window", "SECONDS", OPTION_IS_SECONDS, offsetof(struct options, window_ms),
	  "look again and again for so long, and report the worst" },
	{ OPTION_WATCH, 'd', "delay", "SECONDS", OPTION_IS_SECONDS, offsetof(struct options, delay_ms),
	  "time from one look to the next (1)" },
	{ OPTION_HIT_CPUS, 'C', "cpu-list", "LIST", ONCE(cpu_list), "only what interrupts one of these CPUs" },
	{ OPTION_BY, 0, "by", "VIEW", TEXT(by),
	  "a row for each flow, pair, sender, owner, cpu, cause or stack (flow)" },
	{ OPTION_STACK, 0, "stack", NULL, FLAG(stack),
	  "by stack, with a row for each process and its stack in user space; with --events, both stacks of each" },
	{ OPTION_ALL_IPIS, 0, "all-ipis", NULL, FLAG(all_ipis),
	  "count what else CPUs are interrupted for as well, by the function that they are to run" },
	{ OPTION_TOP, 0, "top", "N", TEXT(top),
	  "only the N rows that cost most, and one for the sum of the others; 0: all (20; with -J all)" },
	{ OPTION_EVENTS, 0, "events", NULL, FLAG(events),
	  "print each shootdown and each hit, an object of JSON a line" },
	{ OPTION_COUNT_FOR, 'w', "window", "SECONDS", OPTION_IS_SECONDS, offsetof(struct options, window_ms),
	  "count for so long, and end" },
	{ OPTION_COUNT_FOR, 'd', "delay", "SECONDS", OPTION_IS_SECONDS, offsetof(struct options, delay_ms),
	  "print what was counted every so often (1; with -w or COMMAND, once)" },
	{ OPTION_LIST_RULES, 0, "list-rules", NULL, FLAG(list_rules), "list the rules, and end" },
	{ OPTION_QUIET, 'q', "quiet", NULL, FLAG(quiet), "no remarks on stderr about where the answer comes from" },
	{ OPTION_HELP, 'h', "help", NULL, FLAG(help), "print this help" },
	{ OPTION_VERSION, 'V', "version", NULL, FLAG(version), "print the version and what is built in" },
};

#define NR_ROWS (sizeof(option_rows) / sizeof(option_rows[0]))

const size_t nr_option_rows = NR_ROWS;

/* What getopt_long() returns for a row; beyond all letters. */
#define LONG_BASE 256

/* ----------------------------------------------------------------------------------------- what getopt() wants -- */

struct getopt_tables {
	char letters[2 * NR_ROWS + 3];
	struct option longs[NR_ROWS + 1];
};

/* tables is zero-initialized. */
static void build_tables(struct getopt_tables *tables, uint32_t accepted)
{
	struct option *next_long = tables->longs;
	char *next_letter = tables->letters;

	if (accepted & OPTIONS_THEN_COMMAND)
		*next_letter++ = '+'; /* end at the first operand */
	*next_letter++ = ':';         /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < NR_ROWS; i++) {
		const struct option_row *row = &option_rows[i];

		if (!(row->bit & accepted))
			continue;
		*next_long++ = (struct option){ row->name, row->argument ? required_argument : no_argument, NULL,
						LONG_BASE + (int)i };
		if (!row->letter)
			continue;
		*next_letter++ = row->letter;
		if (row->argument)
			*next_letter++ = ':';
	}
}

/* The row of what getopt_long() returned, or left in optopt. NULL: unknown. Other commands may use the same letter. */
static const struct option_row *find_row(int value, uint32_t accepted)
{
	if (value >= LONG_BASE)
		return &option_rows[value - LONG_BASE];
	for (size_t i = 0; i < NR_ROWS; i++)
		if (value && option_rows[i].letter == value && option_rows[i].bit & accepted)
			return &option_rows[i];
	return NULL;
}

/* ------------------------------------------------------------------------------------------------------- errors -- */

/* Is this a word of short options with the letter, but not as its last? */
static bool has_letter_inside(const char *word, int letter)
{
	const char *place = word && word[0] == '-' && word[1] != '-' ? strchr(word + 1, letter) : NULL;

	return place && place[1] != '\0';
}

/* The word that getopt_long() stumbled over. A letter inside a word leaves optind at it, the last one moves on. */
static const char *word_at_fault(char **argv)
{
	bool is_letter = optopt != 0 && optopt < LONG_BASE;

	return is_letter && has_letter_inside(argv[optind], optopt) ? argv[optind] : argv[optind - 1];
}

static int fail_option(int value, uint32_t accepted, char **argv, char **why)
{
	const struct option_row *row = find_row(optopt, accepted);

	if (value == ':')
		return usage_error(why, "option --%s needs an argument: %s", row->name, row->argument);
	if (optopt >= LONG_BASE)
		return usage_error(why, "option --%s takes no argument: '%s'", row->name, word_at_fault(argv));
	return usage_error(why, "unknown option '%s': see --help", word_at_fault(argv));
}

/* ------------------------------------------------------------------------------------------------------ values -- */

static int check_backend(const char *name, char **why)
{
	const char *known;

	for (size_t i = 0; (known = mmcpus_backend_name(i)) != NULL; i++)
		if (strcmp(known, name) == 0)
			return 0;
	return usage_error(why, "there is no backend '%s': mmcpus doctor lists them", name);
}

static void text_list_add(struct text_list *list, const char *text)
{
	list->texts = xreallocarray(list->texts, list->nr_texts + 1, sizeof(list->texts[0]));
	list->texts[list->nr_texts++] = text;
}

/* Some lists may be given in parts, as that of --pid: that the last of two replaces the first would not be expected. */
static int take_once(const char **member, const struct option_row *row, const char *argument, char **why)
{
	if (*member)
		return usage_error(why, "--%s is given twice, as '%s' and '%s': write one list", row->name, *member,
				   argument);
	*member = argument;
	return 0;
}

static int take_option(struct options *opts, const struct option_row *row, const char *argument, char **why)
{
	char *member = (char *)opts + row->offset;

	switch (row->kind) {
	case OPTION_IS_FLAG:
		*(bool *)member = true;
		return 0;
	case OPTION_IS_PIDS:
		return pid_list_parse((struct pid_list *)member, argument, why);
	case OPTION_IS_SECONDS:
		return seconds_parse(row->name, argument, (uint64_t *)member, why);
	case OPTION_IS_TEXTS:
		text_list_add((struct text_list *)member, argument);
		return 0;
	case OPTION_IS_TEXT_ONCE:
		return take_once((const char **)member, row, argument, why);
	case OPTION_IS_BACKEND:
	case OPTION_IS_TEXT:
		*(const char **)member = argument;
		return row->kind == OPTION_IS_BACKEND ? check_backend(argument, why) : 0;
	}
	return -EINVAL;
}

int options_parse(struct options *ret, uint32_t accepted, int argc, char **argv, char **why)
{
	struct getopt_tables tables = { 0 };
	int value;

	*ret = (struct options){ 0 };
	build_tables(&tables, accepted);
	opterr = 0;
	optind = 0; /* start anew, also after an earlier parse was left in the middle of a word */
	while ((value = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
		if (value == '?' || value == ':')
			return fail_option(value, accepted, argv, why);
		if (take_option(ret, find_row(value, accepted), optarg, why))
			return -EINVAL;
	}
	ret->operands = argv + optind;
	ret->nr_operands = (size_t)(argc - optind);
	ret->ends_with_dashes = optind == argc && argc > 0 && strcmp(argv[argc - 1], "--") == 0;
	if (ret->json && ret->pairs)
		return usage_error(why, "--json and --pairs exclude each other");
	return 0;
}

void options_deinit(struct options *opts)
{
	pid_list_deinit(&opts->pids);
	free(opts->allow.texts);
	opts->allow = (struct text_list){ 0 };
}
