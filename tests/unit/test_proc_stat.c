/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/stat: three fields behind a name that may hold anything. */
#include "unit.h"

#include "proc_stat.h"

/* Fields 4 to 52 of a real line; 22 and 39 stand apart. */
#define FIELDS_4_21  "1 4242 4242 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0"
#define FIELDS_23_38 "9093120 1024 18446744073709551615 1 2 3 4 5 0 16781830 1260 1 0 0 0 17"
#define FIELDS_40_52 "0 0 0 0 0 94 95 96 97 98 99 100 0"

static void reads_a_real_line(void **state)
{
	struct proc_stat stat;

	(void)state;
	assert_int_equal(
		proc_stat_parse("4242 (cat) R " FIELDS_4_21 " 123456789 " FIELDS_23_38 " 7 " FIELDS_40_52 "\n", &stat),
		0);
	assert_int_equal(stat.state, 'R');
	assert_int_equal(stat.start_ticks, 123456789);
	assert_int_equal(stat.last_cpu, 7);
}

static void numbers_may_be_large(void **state)
{
	struct proc_stat stat;

	(void)state;
	assert_int_equal(proc_stat_parse("1 (x) S " FIELDS_4_21 " 18446744073709551615 " FIELDS_23_38 " 8191 0", &stat),
			 0);
	assert_true(stat.start_ticks == UINT64_MAX);
	assert_int_equal(stat.last_cpu, 8191);
}

static void last_field_may_end_the_text(void **state)
{
	struct proc_stat stat;

	(void)state;
	assert_int_equal(proc_stat_parse("1 (x) S " FIELDS_4_21 " 5 " FIELDS_23_38 " 3", &stat), 0);
	assert_int_equal(stat.last_cpu, 3);
}

static void names_may_hold_anything(void **state)
{
	static const char *const names[] = {
		"",   " ",        "a b",     ")", "(", "((", "))", ") R 1", ") Z 1 1 1 1 1 1", "a\nb", "x) S 1\n2 (y",
		"\t", "\xff\xfe", "\x1b[2J",
	};

	(void)state;
	for (size_t i = 0; i < NR(names); i++) {
		struct proc_stat stat;
		char line[512];

		snprintf(line, sizeof(line), "1 (%s) D " FIELDS_4_21 " 55 " FIELDS_23_38 " 9 " FIELDS_40_52 "\n",
			 names[i]);
		check(proc_stat_parse(line, &stat) == 0, "'%s' was refused", names[i]);
		check(stat.state == 'D' && stat.start_ticks == 55 && stat.last_cpu == 9, "'%s': %c %ju %u", names[i],
		      stat.state, (uintmax_t)stat.start_ticks, stat.last_cpu);
	}
}

static void refuses_what_is_no_such_line(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"1",
		"1 (cat",
		"1 (cat)",
		"1 (cat) ",
		"1 (cat)R 1 2 3",
		"1 (cat) R",
		"1 (cat) R 1 2 3\n",
		"1 cat R " FIELDS_4_21 " 5 " FIELDS_23_38 " 3",
		"1 (x) S " FIELDS_4_21,
		"1 (x) S " FIELDS_4_21 " 5",
		"1 (x) S " FIELDS_4_21 " 5 " FIELDS_23_38,
		"1 (x) S " FIELDS_4_21 " 5 " FIELDS_23_38 " ",
		"1 (x) S " FIELDS_4_21 " 5 " FIELDS_23_38 " x",
		"1 (x) S " FIELDS_4_21 " 5 " FIELDS_23_38 " -1",
		"1 (x) S " FIELDS_4_21 " 5 " FIELDS_23_38 " 4294967296",
		"1 (x) S " FIELDS_4_21 " x " FIELDS_23_38 " 3",
		"1 (x) S " FIELDS_4_21 " 18446744073709551616 " FIELDS_23_38 " 3",
	};

	(void)state;
	for (size_t i = 0; i < NR(lines); i++) {
		struct proc_stat stat;

		check(proc_stat_parse(lines[i], &stat) == -EBADMSG, "case %zu was accepted: '%s'", i, lines[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_real_line),
		cmocka_unit_test(numbers_may_be_large),
		cmocka_unit_test(last_field_may_end_the_text),
		cmocka_unit_test(names_may_hold_anything),
		cmocka_unit_test(refuses_what_is_no_such_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
