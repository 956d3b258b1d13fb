/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: one byte chooses which options are accepted, then the words of a command line, one a line. */
#include "fuzz.h"

#include "options.h"

#define WORDS_MAX 16
#define ALL       (((uint32_t)OPTION_VERSION << 1) - 1)

static bool is_word(const char *word, char *const *argv, int argc)
{
	for (int i = 1; i < argc; i++)
		if (argv[i] == word)
			return true;
	return false;
}

/* Texts are words of the command line, or what stands behind the option in the same word. */
static void check_text(const char *text, const char *words, size_t size)
{
	must(!text || (text >= words && text <= words + size));
}

static void check_options(const struct options *opts, const char *words, size_t size, char *const *argv, int argc)
{
	check_text(opts->cpu_list, words, size);
	check_text(opts->comm, words, size);
	check_text(opts->output, words, size);
	check_text(opts->sort, words, size);
	check_text(opts->backend, words, size);
	check_text(opts->root, words, size);
	must(!(opts->json && opts->pairs));
	must(opts->nr_operands < (size_t)argc);
	for (size_t i = 0; i < opts->nr_operands; i++)
		must(is_word(opts->operands[i], argv, argc));
	must(opts->operands[opts->nr_operands] == NULL);
	for (size_t i = 0; i < opts->pids.nr_pids; i++)
		must(opts->pids.pids[i] > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t accepted = size ? ALL & ~(uint32_t)(data[0] * 0x41u) : ALL;
	char *words = string_of(data + (size > 0), size - (size > 0));
	size_t length = strlen(words);
	char *argv[WORDS_MAX + 2] = { "show" };
	char *rest = words;
	struct options opts;
	char *why = NULL;
	int argc = 1;
	int err;

	for (char *word; argc <= WORDS_MAX && (word = strsep(&rest, "\n"));)
		argv[argc++] = word;
	err = options_parse(&opts, accepted, argc, argv, &why);
	must(err == 0 || err == -EINVAL);
	must(!err == !why);
	if (!err)
		check_options(&opts, words, length, argv, argc);
	free(why);
	options_deinit(&opts);
	free(words);
	return 0;
}
