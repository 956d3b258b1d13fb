/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decimal numbers as files under /proc hold them. */
#include "unit.h"

#include "number.h"

static void reads_u64(void **state)
{
	static const struct {
		const char *text;
		bool is_number;
		uint64_t number;
	} cases[] = {
		{ "0", true, 0 },
		{ "42", true, 42 },
		{ "042", true, 42 },
		{ "  \t42", true, 42 },
		{ "42 kB", true, 42 },
		{ "42abc", true, 42 },
		{ "42\n", true, 42 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "18446744073709551620", false, 0 },
		{ "184467440737095516150", false, 0 },
		{ "99999999999999999999999999", false, 0 },
		{ "", false, 0 },
		{ " ", false, 0 },
		{ "-1", false, 0 },
		{ "+1", false, 0 },
		{ "x1", false, 0 },
		{ "\n1", false, 0 },
		{ "/", false, 0 }, /* the neighbours of the digits */
		{ ":", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		uint64_t number = 4711;
		bool is_number = parse_u64(cases[i].text, &number);

		check(is_number == cases[i].is_number, "'%s': %d", cases[i].text, is_number);
		check(number == (is_number ? cases[i].number : 4711), "'%s': %ju", cases[i].text, (uintmax_t)number);
	}
}

static void reads_u32(void **state)
{
	uint32_t number = 4711;

	(void)state;
	assert_false(parse_u32("4294967296", &number));
	assert_false(parse_u32("-1", &number));
	assert_int_equal(number, 4711);
	assert_true(parse_u32("4294967295", &number));
	assert_int_equal(number, UINT32_MAX);
	assert_true(parse_u32(" 7\t", &number));
	assert_int_equal(number, 7);
}

static void reads_i32(void **state)
{
	static const struct {
		const char *text;
		bool is_number;
		int32_t number;
	} cases[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "2147483647", true, INT32_MAX },
		{ "2147483648", false, 0 },
		{ "-2147483647", true, -INT32_MAX },
		{ "-2147483649", false, 0 },
		{ "\t-1 x", true, -1 },
		{ "-", false, 0 },
		{ "--1", false, 0 },
		{ "-+1", false, 0 },
		{ "4294967297", false, 0 }, /* not 1 */
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		int32_t number = 4711;
		bool is_number = parse_i32(cases[i].text, &number);

		check(is_number == cases[i].is_number, "'%s': %d", cases[i].text, is_number);
		check(number == (is_number ? cases[i].number : 4711), "'%s': %d", cases[i].text, number);
	}
}

static void skips_a_number(void **state)
{
	static const struct {
		const char *text;
		const char *rest;
	} cases[] = {
		{ "12 34", " 34" }, { " \t12\t34", "\t34" }, { "12", "" },
		{ "", NULL },       { "x12", NULL },         { "99999999999999999999999", NULL },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		const char *rest = skip_number(cases[i].text);

		if (cases[i].rest)
			assert_string_equal(rest, cases[i].rest);
		else
			check(!rest, "'%s': '%s'", cases[i].text, rest);
	}
}

static void reads_names_of_entries(void **state)
{
	static const struct {
		const char *name;
		const char *prefix;
		bool is_number;
		uint32_t number;
	} cases[] = {
		{ "4242", "", true, 4242 },
		{ "0", "", true, 0 },
		{ "node1", "node", true, 1 },
		{ "node1023", "node", true, 1023 },
		{ "", "", false, 0 },
		{ "node", "node", false, 0 },
		{ "nod", "node", false, 0 },
		{ "node1x", "node", false, 0 },
		{ "node 1", "node", false, 0 },
		{ "node-1", "node", false, 0 },
		{ "has_cpu", "node", false, 0 },
		{ "self", "", false, 0 },
		{ "12a", "", false, 0 },
		{ " 12", "", false, 0 },
		{ "12 ", "", false, 0 },
		{ "-12", "", false, 0 },
		{ "..", "", false, 0 },
		{ "4294967296", "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		uint32_t number = 4711;
		bool is_number = parse_entry_number(cases[i].name, cases[i].prefix, &number);

		check(is_number == cases[i].is_number, "'%s': %d", cases[i].name, is_number);
		check(number == (is_number ? cases[i].number : 4711), "'%s': %u", cases[i].name, number);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_u64),
		cmocka_unit_test(reads_u32),
		cmocka_unit_test(reads_i32),
		cmocka_unit_test(skips_a_number),
		cmocka_unit_test(reads_names_of_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
