/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of the command line. */
#include "unit.h"

#include "commands.h"
#include "options.h"
#include "seconds.h"

#define ALL      (((uint32_t)OPTION_VERSION << 1) - 1)
#define ARGS_MAX 10

/* Parse a table's row: the words behind the name of the command, up to NULL. */
static int parse(struct options *opts, uint32_t accepted, const char *const *words, char **why)
{
	static char *argv[ARGS_MAX + 2];
	int argc = 1;

	argv[0] = "show";
	for (; argc <= ARGS_MAX && words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	argv[argc] = NULL;
	return options_parse(opts, accepted, argc, argv, why);
}

#define WORDS(...) ((const char *const[ARGS_MAX + 1]){ __VA_ARGS__ })

static void nothing_given(void **state)
{
	struct options opts;
	char *why = NULL;

	(void)state;
	assert_int_equal(parse(&opts, ALL, WORDS(NULL), &why), 0);
	assert_null(why);
	assert_int_equal(opts.pids.nr_pids, 0);
	assert_int_equal(opts.nr_operands, 0);
	assert_false(opts.json || opts.pairs || opts.noheadings || opts.bytes || opts.quiet || opts.help ||
		     opts.version);
	assert_true(!opts.cpu_list && !opts.comm && !opts.output && !opts.sort && !opts.backend && !opts.root);
	options_deinit(&opts);
}

static void flags(void **state)
{
	static const struct {
		const char *letter;
		const char *name;
		size_t offset;
	} rows[] = {
		{ "-J", "--json", offsetof(struct options, json) },
		{ "-P", "--pairs", offsetof(struct options, pairs) },
		{ "-n", "--noheadings", offsetof(struct options, noheadings) },
		{ "-b", "--bytes", offsetof(struct options, bytes) },
		{ "-q", "--quiet", offsetof(struct options, quiet) },
		{ "-h", "--help", offsetof(struct options, help) },
		{ "-V", "--version", offsetof(struct options, version) },
	};

	(void)state;
	for (size_t i = 0; i < NR(rows); i++) {
		const char *const words[] = { rows[i].letter, rows[i].name };

		for (size_t w = 0; w < NR(words); w++) {
			struct options opts;
			char *why = NULL;

			assert_int_equal(parse(&opts, ALL, WORDS(words[w]), &why), 0);
			check(*(bool *)((char *)&opts + rows[i].offset), "%s", words[w]);
			assert_int_equal(opts.json + opts.pairs + opts.noheadings + opts.bytes + opts.quiet +
						 opts.help + opts.version,
					 1);
			options_deinit(&opts);
		}
	}
}

static void texts(void **state)
{
	struct options opts;
	char *why = NULL;

	(void)state;
	assert_int_equal(
		parse(&opts, ALL,
		      WORDS("-C", "0-3", "-o+MM", "--sort=-PID", "--comm", "java*", "--root", "", "--backend=sched"),
		      &why),
		0);
	assert_string_equal(opts.cpu_list, "0-3");
	assert_string_equal(opts.output, "+MM");
	assert_string_equal(opts.sort, "-PID");
	assert_string_equal(opts.comm, "java*");
	assert_string_equal(opts.root, "");
	assert_string_equal(opts.backend, "sched");
	options_deinit(&opts);
}

static void pids_add_up(void **state)
{
	struct options opts;
	char *why = NULL;

	(void)state;
	assert_int_equal(parse(&opts, ALL, WORDS("-p", "1,2", "--pid=3", "-nJp4"), &why), 0);
	assert_int_equal(opts.pids.nr_pids, 4);
	for (int32_t pid = 1; pid <= 4; pid++)
		assert_int_equal(opts.pids.pids[pid - 1], pid);
	assert_true(opts.noheadings && opts.json);
	options_deinit(&opts);
}

static void operands_may_stand_anywhere(void **state)
{
	struct options opts;
	char *why = NULL;

	(void)state;
	assert_int_equal(parse(&opts, ALL, WORDS("1", "-J", "2", "-p", "9", "--", "-q", "3"), &why), 0);
	assert_int_equal(opts.nr_operands, 4);
	assert_string_equal(opts.operands[0], "1");
	assert_string_equal(opts.operands[1], "2");
	assert_string_equal(opts.operands[2], "-q");
	assert_string_equal(opts.operands[3], "3");
	assert_true(opts.json);
	assert_false(opts.quiet);
	assert_int_equal(opts.pids.nr_pids, 1);
	options_deinit(&opts);
}

static void a_command_keeps_its_options(void **state)
{
	struct options opts;
	char *why = NULL;

	(void)state;
	assert_int_equal(parse(&opts, ALL | OPTIONS_THEN_COMMAND, WORDS("-J", "make", "-q", "--", "-x"), &why), 0);
	assert_int_equal(opts.nr_operands, 4);
	assert_string_equal(opts.operands[0], "make");
	assert_string_equal(opts.operands[1], "-q");
	assert_string_equal(opts.operands[2], "--");
	assert_string_equal(opts.operands[3], "-x");
	assert_true(opts.json);
	assert_false(opts.quiet);
	assert_false(opts.ends_with_dashes);
	options_deinit(&opts);
	assert_int_equal(parse(&opts, ALL | OPTIONS_THEN_COMMAND, WORDS("-J", "--", "-q"), &why), 0);
	assert_int_equal(opts.nr_operands, 1);
	assert_string_equal(opts.operands[0], "-q");
	options_deinit(&opts);
	assert_int_equal(parse(&opts, ALL | OPTIONS_THEN_COMMAND, WORDS("true", "--"), &why), 0);
	assert_false(opts.ends_with_dashes);
	options_deinit(&opts);
}

static void the_last_of_a_kind_counts(void **state)
{
	struct options opts;
	char *why = NULL;

	(void)state;
	assert_int_equal(parse(&opts, ALL, WORDS("-s", "PID", "-s", "MM"), &why), 0);
	assert_string_equal(opts.sort, "MM");
	options_deinit(&opts);
}

static const struct {
	const char *words[ARGS_MAX + 1];
	const char *at_fault; /* what the message has to name */
} bad[] = {
	{ { "-x" }, "'-x'" },
	{ { "-nx" }, "'-nx'" },
	{ { "-xn" }, "'-xn'" },
	{ { "-nxJ" }, "'-nxJ'" },
	{ { "-J", "-x" }, "'-x'" },
	{ { "-J", "-xJ" }, "'-xJ'" },
	{ { "operand", "-xJ" }, "'-xJ'" },
	{ { "-x", "operand" }, "'-x'" },
	{ { "--nope" }, "'--nope'" },
	{ { "--nope=1" }, "'--nope=1'" },
	{ { "-J", "--nope", "x" }, "'--nope'" },
	{ { "--jsonx" }, "'--jsonx'" },
	{ { "--c" }, "'--c'" }, /* --cpu-list or --comm? */
	{ { "-\xff" }, "'-\xff'" },
	{ { "-:" }, "'-:'" },
	{ { "-?" }, "'-?'" },
	{ { "--json=1" }, "'--json=1'" },
	{ { "-p" }, "--pid" },
	{ { "-Jp" }, "--pid" },
	{ { "--pid" }, "--pid" },
	{ { "-o" }, "--output" },
	{ { "--root" }, "--root" },
	{ { "-p", "x" }, "'x'" },
	{ { "-p", "1,0" }, "'0'" },
	{ { "-p", "" }, "''" },
	{ { "-p", "-1" }, "'-1'" },
	{ { "-p1", "-p", "99999999999" }, "'99999999999'" },
	{ { "--backend", "nope" }, "'nope'" },
	{ { "--backend", "" }, "''" },
	{ { "--backend=bpf:" }, "'bpf:'" },
	{ { "-J", "-P" }, "--pairs" },
	{ { "-PJ" }, "--json" },
};

static void names_the_word_at_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(bad); i++) {
		struct options opts;
		char *why = NULL;
		int err = parse(&opts, ALL, bad[i].words, &why);

		check(err == -EINVAL, "case %zu, %s: %d", i, bad[i].words[0], err);
		check(why && strstr(why, bad[i].at_fault), "case %zu, %s: %s", i, bad[i].words[0], why);
		free(why);
		options_deinit(&opts);
	}
}

/* The word before it ends with the same letter, but is not at fault. */
static void names_no_innocent_word(void **state)
{
	static const char *const lines[][ARGS_MAX + 1] = {
		{ "--root=x", "-xJ" },
		{ "--comm", "-x", "-xJ" },
	};

	(void)state;
	for (size_t i = 0; i < NR(lines); i++) {
		struct options opts;
		char *why = NULL;

		assert_int_equal(parse(&opts, ALL, lines[i], &why), -EINVAL);
		check(why && strstr(why, "'-xJ'"), "case %zu: %s", i, why);
		free(why);
		options_deinit(&opts);
	}
}

/* Commands may have the same letter for different options. */
static bool is_letter_of(char letter, uint32_t accepted)
{
	for (size_t i = 0; i < nr_option_rows; i++)
		if (option_rows[i].bit & accepted && option_rows[i].letter == letter)
			return true;
	return false;
}

/* All options but those of this name, which means something else with some commands, or of one that it abbreviates. */
static uint32_t without_name(const char *name)
{
	uint32_t accepted = ALL;

	for (size_t i = 0; i < nr_option_rows; i++)
		if (strncmp(option_rows[i].name, name, strlen(name)) == 0)
			accepted &= ~option_rows[i].bit;
	return accepted;
}

/* An option that a command does not take is as unknown as any other. */
static void what_is_not_accepted_is_unknown(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_option_rows; i++) {
		const struct option_row *row = &option_rows[i];
		uint32_t accepted = without_name(row->name);
		char word[64];
		char *why = NULL;
		struct options opts;

		snprintf(word, sizeof(word), "--%s", row->name);
		assert_int_equal(parse(&opts, accepted, WORDS(word, "1"), &why), -EINVAL);
		check(why && strstr(why, word), "%s: %s", word, why);
		free(why);
		options_deinit(&opts);
		if (!row->letter || is_letter_of(row->letter, accepted))
			continue;
		snprintf(word, sizeof(word), "-%c", row->letter);
		assert_int_equal(parse(&opts, accepted, WORDS(word, "1"), &why), -EINVAL);
		check(why && strstr(why, word), "%s: %s", word, why);
		free(why);
		options_deinit(&opts);
	}
}

/* getopt() keeps a state of its own, also after it stopped in the middle of a word. */
static void parses_anew_after_a_failure(void **state)
{
	struct options opts;
	char *why = NULL;

	(void)state;
	for (int round = 0; round < 3; round++) {
		assert_int_equal(parse(&opts, ALL, WORDS("-J", "-nxq", "-b"), &why), -EINVAL);
		free(why);
		why = NULL;
		options_deinit(&opts);
		assert_int_equal(parse(&opts, ALL, WORDS("-b", "5"), &why), 0);
		assert_true(opts.bytes);
		assert_false(opts.json || opts.quiet || opts.noheadings);
		assert_int_equal(opts.nr_operands, 1);
		options_deinit(&opts);
	}
}

static void rows_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_option_rows; i++) {
		const struct option_row *row = &option_rows[i];

		check(row->bit && !(row->bit & (row->bit - 1)), "--%s: bit 0x%x", row->name, row->bit);
		check((row->kind == OPTION_IS_FLAG) == !row->argument, "--%s", row->name);
		check(row->help && row->help[0] && row->offset < sizeof(struct options), "--%s", row->name);
	}
}

static bool is_in_conflict(const struct option_row *a, const struct option_row *b)
{
	return strcmp(a->name, b->name) == 0 || (a->letter && a->letter == b->letter);
}

static void no_command_has_a_name_twice(void **state)
{
	(void)state;
	for (size_t c = 0; commands[c]; c++)
		for (size_t i = 0; i < nr_option_rows; i++)
			for (size_t j = 0; j < i; j++)
				check(!(option_rows[i].bit & commands[c]->options) ||
					      !(option_rows[j].bit & commands[c]->options) ||
					      !is_in_conflict(&option_rows[i], &option_rows[j]),
				      "%s: --%s and --%s", commands[c]->name, option_rows[i].name, option_rows[j].name);
}

/* The row is that of the command, whichever stands first. */
static void a_letter_means_what_the_command_says(void **state)
{
	struct options opts;
	char *why = NULL;

	(void)state;
	assert_int_equal(parse(&opts, OPTION_ISOLATED, WORDS("-C", "2"), &why), 0);
	assert_string_equal(opts.isolated, "2");
	assert_null(opts.cpu_list);
	options_deinit(&opts);
	assert_int_equal(parse(&opts, OPTION_CPU_LIST, WORDS("-C", "2"), &why), 0);
	assert_string_equal(opts.cpu_list, "2");
	assert_null(opts.isolated);
	options_deinit(&opts);
	assert_int_equal(parse(&opts, OPTION_HIT_CPUS | OPTION_COUNT_FOR, WORDS("--cpu-list", "2", "-w", "3"), &why),
			 0);
	assert_string_equal(opts.cpu_list, "2");
	assert_int_equal(opts.window_ms, 3000);
	options_deinit(&opts);
}

static void seconds_and_repeated_texts(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms; /* 0: refused */
	} cases[] = {
		{ "1", 1000 },
		{ "0.5", 500 },
		{ "0.05", 50 },
		{ "0.005", 5 },
		{ "12.34", 12340 },
		{ "007", 7000 },
		{ "31536000", UINT64_C(31536000000) },
		{ "31536001", 0 },
		{ "0", 0 },
		{ "0.0", 0 },
		{ "1.", 0 },
		{ ".5", 0 },
		{ "1.2345", 0 },
		{ "-1", 0 },
		{ "+1", 0 },
		{ " 1", 0 },
		{ "1 ", 0 },
		{ "1e3", 0 },
		{ "1,5", 0 },
		{ "", 0 },
		{ "18446744073709551617", 0 },
	};
	struct options opts;

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		char *why = NULL;
		int err = parse(&opts, OPTION_WATCH, WORDS("-w", cases[i].text), &why);

		check(!err == (cases[i].ms > 0) && !err == !why, "'%s': %d", cases[i].text, err);
		check(err || opts.window_ms == cases[i].ms, "'%s': %llu", cases[i].text,
		      (unsigned long long)opts.window_ms);
		free(why);
		options_deinit(&opts);
	}
	assert_int_equal(parse(&opts, OPTION_ALLOW, WORDS("--allow", "a", "--allow=b"), NULL), 0);
	assert_int_equal(opts.allow.nr_texts, 2);
	assert_string_equal(opts.allow.texts[0], "a");
	assert_string_equal(opts.allow.texts[1], "b");
	options_deinit(&opts);
}

static void what_was_missed_is_not_made_up_for(void **state)
{
	(void)state;
	assert_int_equal(seconds_next_ms(5000, 1000, 5000), 6000);
	assert_int_equal(seconds_next_ms(5000, 1000, 5999), 6000);
	assert_int_equal(seconds_next_ms(5000, 1000, 6000), 7000);
	assert_int_equal(seconds_next_ms(5000, 1000, 65400), 66400);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_given),
		cmocka_unit_test(flags),
		cmocka_unit_test(texts),
		cmocka_unit_test(pids_add_up),
		cmocka_unit_test(operands_may_stand_anywhere),
		cmocka_unit_test(a_command_keeps_its_options),
		cmocka_unit_test(the_last_of_a_kind_counts),
		cmocka_unit_test(names_the_word_at_fault),
		cmocka_unit_test(names_no_innocent_word),
		cmocka_unit_test(what_is_not_accepted_is_unknown),
		cmocka_unit_test(parses_anew_after_a_failure),
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(no_command_has_a_name_twice),
		cmocka_unit_test(a_letter_means_what_the_command_says),
		cmocka_unit_test(seconds_and_repeated_texts),
		cmocka_unit_test(what_was_missed_is_not_made_up_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
