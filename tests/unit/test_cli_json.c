/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON writer: commas, nesting, the three ways of not being a value. */
#include "unit.h"

#include <locale.h>

#include "json.h"

struct document {
	struct json json;
	FILE *out;
	char *text;
	size_t size;
};

static void begin(struct document *doc)
{
	doc->out = open_memstream(&doc->text, &doc->size);
	assert_non_null(doc->out);
	json_init(&doc->json, doc->out);
}

static void assert_document(struct document *doc, const char *expected)
{
	assert_int_equal(fclose(doc->out), 0);
	assert_string_equal(doc->text, expected);
	free(doc->text);
}

static void empty_ones(void **state)
{
	struct document doc;

	(void)state;
	begin(&doc);
	json_open_object(&doc.json, NULL);
	json_close(&doc.json);
	assert_document(&doc, "{}\n");
	begin(&doc);
	json_open_object(&doc.json, NULL);
	json_open_array(&doc.json, "a");
	json_close(&doc.json);
	json_close(&doc.json);
	assert_document(&doc, "{\n   \"a\": []\n}\n");
}

static void members_of_each_kind(void **state)
{
	static const int32_t pids[] = { 1, INT32_MAX };
	struct document doc;

	(void)state;
	begin(&doc);
	json_open_object(&doc.json, NULL);
	json_string(&doc.json, "s", "x");
	json_string(&doc.json, "empty", "");
	json_string(&doc.json, "none", NULL);
	json_null(&doc.json, "null");
	json_number(&doc.json, "n", UINT64_MAX);
	json_bool(&doc.json, "t", true);
	json_bool(&doc.json, "f", false);
	json_pids(&doc.json, "p", pids, NR(pids));
	json_pids(&doc.json, "p0", NULL, 0);
	json_close(&doc.json);
	assert_document(&doc, "{\n"
			      "   \"s\": \"x\",\n"
			      "   \"empty\": \"\",\n"
			      "   \"none\": null,\n"
			      "   \"null\": null,\n"
			      "   \"n\": 18446744073709551615,\n"
			      "   \"t\": true,\n"
			      "   \"f\": false,\n"
			      "   \"p\": [1, 2147483647],\n"
			      "   \"p0\": []\n"
			      "}\n");
}

static void nesting(void **state)
{
	struct document doc;

	(void)state;
	begin(&doc);
	json_open_object(&doc.json, NULL);
	json_open_array(&doc.json, "rows");
	for (int i = 0; i < 2; i++) {
		json_open_object(&doc.json, NULL);
		json_number(&doc.json, "i", (uint64_t)i);
		json_close(&doc.json);
	}
	json_close(&doc.json);
	json_null(&doc.json, "after");
	json_close(&doc.json);
	assert_document(&doc, "{\n"
			      "   \"rows\": [\n"
			      "      {\n"
			      "         \"i\": 0\n"
			      "      },\n"
			      "      {\n"
			      "         \"i\": 1\n"
			      "      }\n"
			      "   ],\n"
			      "   \"after\": null\n"
			      "}\n");
}

static void strings_are_escaped(void **state)
{
	struct document doc;

	(void)state;
	assert_non_null(setlocale(LC_ALL, "C"));
	begin(&doc);
	json_open_array(&doc.json, NULL);
	json_string(&doc.json, NULL, "\",\"x\":\"\\\n\x1b\xff\xc3\xa4");
	json_close(&doc.json);
	assert_document(&doc, "[\n   \"\\\",\\\"x\\\":\\\"\\\\\\u000a\\u001b\\ufffd\\u00e4\"\n]\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_ones),
		cmocka_unit_test(members_of_each_kind),
		cmocka_unit_test(nesting),
		cmocka_unit_test(strings_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
