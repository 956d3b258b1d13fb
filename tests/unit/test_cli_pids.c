/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of PIDs, as users type them. */
#include "unit.h"

#include "pids.h"

static void reads_lists(void **state)
{
	static const struct {
		const char *text;
		int32_t pids[4];
		size_t nr;
	} cases[] = {
		{ "1", { 1 }, 1 },   { "1,42", { 1, 42 }, 2 },           { "42,1,42", { 42, 1, 42 }, 3 },
		{ "007", { 7 }, 1 }, { "2147483647", { INT32_MAX }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct pid_list list = { 0 };
		char *why = NULL;

		assert_int_equal(pid_list_parse(&list, cases[i].text, &why), 0);
		assert_null(why);
		assert_int_equal(list.nr_pids, cases[i].nr);
		assert_memory_equal(list.pids, cases[i].pids, cases[i].nr * sizeof(int32_t));
		pid_list_deinit(&list);
		assert_int_equal(list.nr_pids, 0);
	}
}

static void appends(void **state)
{
	struct pid_list list = { 0 };
	char *why = NULL;

	(void)state;
	assert_false(pid_list_has(&list, 1));
	assert_int_equal(pid_list_parse(&list, "1,2", &why), 0);
	assert_int_equal(pid_list_parse(&list, "3", &why), 0);
	pid_list_add(&list, 4);
	assert_int_equal(list.nr_pids, 4);
	for (int32_t pid = 1; pid <= 4; pid++)
		assert_true(pid_list_has(&list, pid));
	assert_false(pid_list_has(&list, 5));
	pid_list_deinit(&list);
	pid_list_deinit(&list);
}

static void refuses_what_is_no_pid(void **state)
{
	static const struct {
		const char *text;
		const char *word; /* which the message names */
	} cases[] = {
		{ "", "''" },
		{ "0", "'0'" },
		{ "-1", "'-1'" },
		{ "+1", "'+1'" },
		{ " 1", "' 1'" },
		{ "1 ", "'1 '" },
		{ "x", "'x'" },
		{ "0x1", "'0x1'" },
		{ "1.5", "'1.5'" },
		{ "1-3", "'1-3'" },
		{ "1,", "''" },
		{ ",1", "''" },
		{ "1,,2", "''" },
		{ "1,x,2", "'x'" },
		{ "1,2x", "'2x'" },
		{ "2147483648", "'2147483648'" },
		{ "4294967297", "'4294967297'" },
		{ "18446744073709551617", "'18446744073709551617'" },
		{ "99999999999999999999999999", "'99999999999999999999999999'" },
		{ "\xd9\xa1", "'\xd9\xa1'" }, /* an Arabic one */
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct pid_list list = { 0 };
		char *why = NULL;

		assert_int_equal(pid_list_parse(&list, cases[i].text, &why), -EINVAL);
		check(why && strstr(why, cases[i].word), "'%s': %s", cases[i].text, why ? why : "(no message)");
		free(why);
		pid_list_deinit(&list);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lists),
		cmocka_unit_test(appends),
		cmocka_unit_test(refuses_what_is_no_pid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
