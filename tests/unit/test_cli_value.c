/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of a table: known, known to be empty, unknown. */
#include "unit.h"

#include <locale.h>

#include "json.h"
#include "value.h"

static const struct value_style table_style = { .has_units = true, .empty = "-" };
static const struct value_style raw_style = { .is_raw = true, .empty = "" };

static void assert_text(const struct value *value, const struct value_style *style, const char *expected)
{
	char *text = value_text(value, style);

	assert_string_equal(text, expected);
	free(text);
}

static char *json_text(const struct value *value)
{
	struct json json;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	json_init(&json, out);
	value_write_json(value, &json, NULL);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void assert_json(const struct value *value, const char *expected)
{
	char *text = json_text(value);

	assert_string_equal(text, expected);
	free(text);
}

static void unknown_is_not_empty(void **state)
{
	(void)state;
	for (int type = VALUE_NUMBER; type <= VALUE_SHARES; type++) {
		struct value value = { .type = type };

		assert_text(&value, &table_style, "?");
		assert_text(&value, &raw_style, "?");
		assert_json(&value, "null");
		value_deinit(&value);
	}
}

static void empty_is_known(void **state)
{
	static const enum value_type types[] = { VALUE_TEXT, VALUE_SET, VALUE_PIDS, VALUE_SLOTS, VALUE_SHARES };
	static const char *const json[] = { "\"\"", "\"\"", "[]", "[]\n", "[]\n" };

	(void)state;
	for (size_t i = 0; i < NR(types); i++) {
		struct value value = { .type = types[i], .is_known = true };

		if (types[i] == VALUE_TEXT)
			value.text = strdup("");
		else if (types[i] == VALUE_SET)
			value.set = mmcpus_cpuset_create(8);
		assert_text(&value, &table_style, "-");
		assert_text(&value, &raw_style, "");
		assert_json(&value, json[i]);
		value_deinit(&value);
	}
}

static void text_is_no_sign(void **state)
{
	static const char *const signs[][2] = { { "?", "\\x3f" }, { "-", "\\x2d" }, { "??", "??" }, { "-a", "-a" } };

	(void)state;
	for (size_t i = 0; i < NR(signs); i++) {
		struct value value = { .type = VALUE_TEXT, .is_known = true, .text = strdup(signs[i][0]) };

		assert_text(&value, &table_style, signs[i][1]);
		assert_text(&value, &raw_style, signs[i][0]);
		value_deinit(&value);
	}
}

static void sets(void **state)
{
	struct value value = { .type = VALUE_SET, .is_known = true, .set = set_of(65, "0-3,64") };

	(void)state;
	assert_text(&value, &table_style, "0-3,64");
	assert_json(&value, "\"0-3,64\"");
	value.type = VALUE_MASK;
	assert_text(&value, &table_style, "1,00000000,0000000f");
	assert_json(&value, "\"1,00000000,0000000f\"");
	mmcpus_cpuset_clear(value.set);
	assert_text(&value, &table_style, "0,00000000,00000000"); /* a mask is never without digits */
	value_deinit(&value);
}

static void numbers(void **state)
{
	static const struct {
		enum value_type type;
		uint64_t number;
		const char *table;
		const char *raw;
		const char *json;
	} cases[] = {
		{ VALUE_NUMBER, 0, "0", "0", "0" },
		{ VALUE_NUMBER, 4294967296, "4294967296", "4294967296", "4294967296" },
		{ VALUE_PERCENT, 0, "0%", "0%", "0.00" },
		{ VALUE_PERCENT, 1, "0.01%", "0.01%", "0.01" },
		{ VALUE_PERCENT, 250, "2.50%", "2.50%", "2.50" },
		{ VALUE_PERCENT, 10000, "100%", "100%", "100.00" },
		{ VALUE_ID, 0x1f, "0x1f", "0x1f", "\"0x1f\"" },
		{ VALUE_ID, UINT64_MAX, "0xffffffffffffffff", "0xffffffffffffffff", "\"0xffffffffffffffff\"" },
		{ VALUE_BYTES, 0, "0B", "0", "0" },
		{ VALUE_BYTES, 1023, "1023B", "1023", "1023" },
		{ VALUE_BYTES, 1024, "1K", "1024", "1024" },
		{ VALUE_BYTES, 1536, "1.5K", "1536", "1536" },
		{ VALUE_BYTES, 1024 * 1024 - 1, "1M", "1048575", "1048575" }, /* rounded, and never "1024K" */
		{ VALUE_BYTES, UINT64_C(123) << 30, "123G", "132070244352", "132070244352" },
		{ VALUE_BYTES, UINT64_MAX, "16E", "18446744073709551615", "18446744073709551615" },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct value value = { .type = cases[i].type, .is_known = true, .number = cases[i].number };

		assert_text(&value, &table_style, cases[i].table);
		assert_text(&value, &raw_style, cases[i].raw);
		assert_json(&value, cases[i].json);
	}
}

static void rates(void **state)
{
	static const struct {
		uint64_t thousandths;
		const char *text;
		const char *json;
	} cases[] = {
		{ 0, "0", "0.000" },        { 1, "<0.1", "0.001" },       { 49, "<0.1", "0.049" },
		{ 50, "0.1", "0.050" },     { 1000, "1.0", "1.000" },     { 99949, "99.9", "99.949" },
		{ 99950, "100", "99.950" }, { 100499, "100", "100.499" }, { 812500, "813", "812.500" },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct value value = { .type = VALUE_RATE, .is_known = true, .number = cases[i].thousandths };

		assert_text(&value, &table_style, cases[i].text);
		assert_json(&value, cases[i].json);
	}
}

static void histograms(void **state)
{
	uint64_t buckets[] = { 0, 3, 0, 1 };
	uint64_t higher[] = { 0, 0, 1, 1 };
	struct value value = { .type = VALUE_HISTOGRAM, .is_known = true, .buckets = buckets, .nr_buckets = 4 };
	struct value other = { .type = VALUE_HISTOGRAM, .is_known = true, .buckets = higher, .nr_buckets = 4 };

	(void)state;
	assert_text(&value, &table_style, "2:3,8:1");
	assert_json(&value, "{\"2\": 3, \"8\": 1}");
	assert_true(value_compare(&value, &other) < 0);
	value.nr_buckets = other.nr_buckets = 1;
	assert_text(&value, &table_style, "-");
	assert_json(&value, "{}");
	assert_int_equal(value_compare(&value, &other), 0);
}

static void texts_are_escaped_once(void **state)
{
	struct value value = { .type = VALUE_TEXT, .is_known = true, .text = strdup("a\n\\\x1b\"") };

	(void)state;
	assert_non_null(setlocale(LC_ALL, "C"));
	assert_text(&value, &table_style, "a\\n\\\\\\x1b\"");
	assert_text(&value, &raw_style, "a\n\\\x1b\"");
	assert_json(&value, "\"a\\u000a\\\\\\u001b\\\"\"");
	value_deinit(&value);
}

static int order(const struct value *a, const struct value *b)
{
	int forth = value_compare(a, b);
	int back = value_compare(b, a);

	assert_int_equal((forth > 0) - (forth < 0), (back < 0) - (back > 0));
	return (forth > 0) - (forth < 0);
}

static void slots(void **state)
{
	static const struct slot all[] = {
		{ .number = 0, .mm_id = 16, .pid = 12, .is_loaded = true, .state = SLOT_CURRENT },
		{ .number = 2, .mm_id = 17, .pid = 13, .state = SLOT_BEHIND },
		{ .number = 3, .mm_id = 1, .is_kernel = true },
		{ .number = 5, .mm_id = 18 },
	};
	struct value value = { .type = VALUE_SLOTS, .is_known = true };
	char *text;

	(void)state;
	for (size_t i = 0; i < NR(all); i++)
		slot_list_add(&value.slots, &all[i]);
	assert_text(&value, &table_style, "0:12*,2:13!,3:kernel,5:?");
	assert_text(&value, &raw_style, "0:12*,2:13!,3:kernel,5:?");
	text = json_text(&value);
	assert_non_null(strstr(text, "\"slot\": 0"));
	assert_non_null(strstr(text, "\"current\": true"));
	assert_non_null(strstr(text, "\"current\": false"));
	assert_non_null(strstr(text, "\"current\": null"));
	assert_non_null(strstr(text, "\"pid\": null"));
	free(text);
	value_deinit(&value);
}

/* Neither nothing nor all is claimed of what only comes close, and no interval gets narrower. */
static void shares(void **state)
{
	static const struct node_share all[] = {
		{ 0, { 0.9999999, 0.99999, 1 } },
		{ 1, { 0.0000001, 0, 0.00000011 } },
		{ 4, { 1.0 / 3, 1.0 / 3, 1.0 / 3 } },
	};
	struct value value = { .type = VALUE_SHARES, .is_known = true };
	char *text;

	(void)state;
	for (size_t i = 0; i < NR(all); i++)
		share_list_add(&value.shares, &all[i]);
	assert_text(&value, &table_style, "0:>99.9% 1:<0.1% 4:33%");
	text = json_text(&value);
	assert_non_null(strstr(text, "\"node\": 0,\n      \"share\": 99.9999,\n      \"low\": 99.9990,\n"
				     "      \"high\": 100.0000\n"));
	assert_non_null(strstr(text, "\"node\": 1,\n      \"share\": 0.0001,\n      \"low\": 0.0000,\n"
				     "      \"high\": 0.0001\n"));
	assert_non_null(strstr(text, "\"node\": 4,\n      \"share\": 33.3333,\n      \"low\": 33.3333,\n"
				     "      \"high\": 33.3333\n"));
	free(text);
	value_deinit(&value);
}

static void shares_in_order(void **state)
{
	static const struct node_share parts[] = { { 0, { 0.1, 0, 1 } }, { 0, { 0.2, 0, 1 } }, { 1, { 0.1, 0, 1 } } };
	struct value values[4] = { { .type = VALUE_SHARES, .is_known = true } };

	(void)state;
	for (size_t i = 0; i < NR(parts); i++) {
		values[i + 1] = (struct value){ .type = VALUE_SHARES, .is_known = true };
		share_list_add(&values[i + 1].shares, &parts[i]);
	}
	for (size_t a = 0; a < NR(values); a++)
		for (size_t b = 0; b < NR(values); b++)
			check(order(&values[a], &values[b]) == (a > b) - (a < b), "%zu and %zu", a, b);
	for (size_t i = 0; i < NR(values); i++)
		value_deinit(&values[i]);
}

static void sets_in_order(void **state)
{
	static const char *const lists[] = { "", "0", "1", "64", "0,64", "1-2", "63-64", "0-2" };
	struct value values[NR(lists)];

	(void)state;
	for (size_t i = 0; i < NR(lists); i++)
		values[i] = (struct value){ .type = VALUE_SET, .is_known = true, .set = set_of(65, lists[i]) };
	for (size_t a = 0; a < NR(lists); a++)
		for (size_t b = 0; b < NR(lists); b++)
			check(order(&values[a], &values[b]) == (a > b) - (a < b), "'%s' and '%s'", lists[a], lists[b]);
	for (size_t i = 0; i < NR(lists); i++)
		value_deinit(&values[i]);
}

static void others_in_order(void **state)
{
	struct value unknown = { .type = VALUE_NUMBER };
	struct value small = { .type = VALUE_NUMBER, .is_known = true, .number = 1 };
	struct value large = { .type = VALUE_NUMBER, .is_known = true, .number = UINT64_MAX };
	struct value a = { .type = VALUE_TEXT, .is_known = true, .text = "a" };
	struct value b = { .type = VALUE_TEXT, .is_known = true, .text = "b" };
	int32_t numbers[] = { 5, 6 };
	struct value one = { .type = VALUE_PIDS, .is_known = true, .pids = numbers + 1, .nr_pids = 1 };
	struct value two = { .type = VALUE_PIDS, .is_known = true, .pids = numbers, .nr_pids = 2 };
	struct value few = { .type = VALUE_SLOTS, .is_known = true, .slots.nr_slots = 1 };
	struct value many = { .type = VALUE_SLOTS, .is_known = true, .slots.nr_slots = 6 };

	(void)state;
	assert_int_equal(order(&few, &many), -1);
	assert_int_equal(order(&unknown, &unknown), 0);
	assert_int_equal(order(&unknown, &small), -1);
	assert_int_equal(order(&small, &large), -1);
	assert_int_equal(order(&large, &large), 0);
	assert_int_equal(order(&a, &b), -1);
	assert_int_equal(order(&a, &a), 0);
	assert_int_equal(order(&one, &two), -1);
	assert_int_equal(order(&two, &two), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_is_not_empty),
		cmocka_unit_test(empty_is_known),
		cmocka_unit_test(text_is_no_sign),
		cmocka_unit_test(sets),
		cmocka_unit_test(numbers),
		cmocka_unit_test(rates),
		cmocka_unit_test(histograms),
		cmocka_unit_test(texts_are_escaped_once),
		cmocka_unit_test(slots),
		cmocka_unit_test(shares),
		cmocka_unit_test(shares_in_order),
		cmocka_unit_test(sets_in_order),
		cmocka_unit_test(others_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
