/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that others chose, made safe: on a terminal, in messages, in JSON. */
#include "unit.h"

#include <locale.h>

#include "escape.h"

#define LRM  "\xe2\x80\x8e"     /* U+200E, turns the direction of what follows */
#define RLO  "\xe2\x80\xae"     /* U+202E, shows the rest of the line backwards */
#define ZWSP "\xe2\x80\x8b"     /* U+200B */
#define BOM  "\xef\xbb\xbf"     /* U+FEFF */
#define CSI  "\xc2\x9b"         /* U+009B, begins a terminal sequence as ESC [ does */
#define NEL  "\xc2\x85"         /* U+0085, a line end */
#define LSEP "\xe2\x80\xa8"     /* U+2028, a line end */
#define TAG  "\xf3\xa0\x81\x81" /* U+E0041, invisible */

static const struct {
	const char *raw;
	const char *text;   /* on a terminal that shows UTF-8 */
	const char *text_c; /* on one that does not; NULL: the same */
	const char *json;
	const char *json_c;
} cases[] = {
	{ "", "", NULL, "", NULL },
	{ "bash", "bash", NULL, "bash", NULL },
	{ "a b", "a b", NULL, "a b", NULL },
	{ " ~!()[]{}$`'<>&;|*?", " ~!()[]{}$`'<>&;|*?", NULL, " ~!()[]{}$`'<>&;|*?", NULL },
	{ "\"q\"", "\"q\"", NULL, "\\\"q\\\"", NULL },
	{ "a\\b", "a\\\\b", NULL, "a\\\\b", NULL },
	{ "a\nb", "a\\nb", NULL, "a\\u000ab", NULL },
	{ "a\tb", "a\\tb", NULL, "a\\u0009b", NULL },
	{ "\\n", "\\\\n", NULL, "\\\\n", NULL },
	{ "\\x41", "\\\\x41", NULL, "\\\\x41", NULL },
	{ "\r\b\a\v\f", "\\x0d\\x08\\x07\\x0b\\x0c", NULL, "\\u000d\\u0008\\u0007\\u000b\\u000c", NULL },
	{ "\x01\x1f\x7f", "\\x01\\x1f\\x7f", NULL, "\\u0001\\u001f\\u007f", NULL },
	{ "\x1b[2J\x1b]0;t\a", "\\x1b[2J\\x1b]0;t\\x07", NULL, "\\u001b[2J\\u001b]0;t\\u0007", NULL },
	/* letters beyond ASCII */
	{ "M\xc3\xbcller", "M\xc3\xbcller", "M\\xc3\\xbcller", "M\xc3\xbcller", "M\\u00fcller" },
	{ "\xe6\x97\xa5", "\xe6\x97\xa5", "\\xe6\\x97\\xa5", "\xe6\x97\xa5", "\\u65e5" },
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\\xf0\\x9f\\x98\\x80", "\xf0\x9f\x98\x80", "\\ud83d\\ude00" },
	/* characters that deceive */
	{ CSI "2J", "\\xc2\\x9b2J", NULL, "\\u009b2J", NULL },
	{ "a" NEL "b", "a\\xc2\\x85b", NULL, "a\\u0085b", NULL },
	{ LSEP, "\\xe2\\x80\\xa8", NULL, "\\u2028", NULL },
	{ RLO "txt.exe", "\\xe2\\x80\\xaetxt.exe", NULL, "\\u202etxt.exe", NULL },
	{ LRM, "\\xe2\\x80\\x8e", NULL, "\\u200e", NULL },
	{ "ro" ZWSP "ot", "ro\\xe2\\x80\\x8bot", NULL, "ro\\u200bot", NULL },
	{ BOM, "\\xef\\xbb\\xbf", NULL, "\\ufeff", NULL },
	{ TAG, "\\xf3\\xa0\\x81\\x81", NULL, "\\udb40\\udc41", NULL },
	/* no UTF-8 */
	{ "\xff\xfe", "\\xff\\xfe", NULL, "\xef\xbf\xbd\xef\xbf\xbd", "\\ufffd\\ufffd" },
	{ "a\x80z", "a\\x80z", NULL, "a\xef\xbf\xbdz", "a\\ufffdz" },
	{ "\xc3", "\\xc3", NULL, "\xef\xbf\xbd", "\\ufffd" }, /* cut off */
	{ "\xe6\x97", "\\xe6\\x97", NULL, "\xef\xbf\xbd\xef\xbf\xbd", "\\ufffd\\ufffd" },
	{ "\xc3(", "\\xc3(", NULL, "\xef\xbf\xbd(", "\\ufffd(" },
	{ "\xc0\xaf", "\\xc0\\xaf", NULL, "\xef\xbf\xbd\xef\xbf\xbd", "\\ufffd\\ufffd" }, /* overlong "/" */
	{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf", NULL, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\\ufffd\\ufffd\\ufffd" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80", NULL, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
	  "\\ufffd\\ufffd\\ufffd" }, /* half a surrogate pair */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", NULL, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
	  "\\ufffd\\ufffd\\ufffd\\ufffd" }, /* beyond U+10FFFF */
};

static void use_locale(const char *name)
{
	check(setlocale(LC_ALL, name), "no locale %s", name);
}

static void check_escape(char *(*escape)(const char *raw), size_t i, const char *expected)
{
	char *escaped = escape(cases[i].raw);

	check(strcmp(escaped, expected) == 0, "case %zu: '%s', not '%s'", i, escaped, expected);
	free(escaped);
}

/* What json writes for an invalid byte may be the character itself or its escape: a reader gets the same. */
static char *json_normal(const char *json)
{
	char *normal = calloc(1, strlen(json) * 2 + 1);
	char *to = normal;

	for (; *json; json++) {
		if (strncmp(json, "\xef\xbf\xbd", 3) == 0) {
			to = stpcpy(to, "\\ufffd");
			json += 2;
		} else {
			*to++ = *json;
		}
	}
	return normal;
}

static void check_json(size_t i, const char *expected)
{
	char *escaped = escape_json(cases[i].raw);
	char *normal = json_normal(escaped);
	char *expected_normal = json_normal(expected);

	check(strcmp(normal, expected_normal) == 0, "case %zu: '%s', not '%s'", i, escaped, expected);
	free(escaped);
	free(normal);
	free(expected_normal);
}

static void text_on_an_utf8_terminal(void **state)
{
	(void)state;
	use_locale("C.UTF-8");
	for (size_t i = 0; i < NR(cases); i++)
		check_escape(escape_text, i, cases[i].text);
}

static void text_on_an_ascii_terminal(void **state)
{
	(void)state;
	use_locale("C");
	for (size_t i = 0; i < NR(cases); i++)
		check_escape(escape_text, i, cases[i].text_c ? cases[i].text_c : cases[i].text);
}

static void json_in_both(void **state)
{
	(void)state;
	use_locale("C.UTF-8");
	for (size_t i = 0; i < NR(cases); i++)
		check_json(i, cases[i].json);
	use_locale("C");
	for (size_t i = 0; i < NR(cases); i++)
		check_json(i, cases[i].json_c ? cases[i].json_c : cases[i].json);
}

static void messages_keep_the_backslash(void **state)
{
	char *message;

	(void)state;
	use_locale("C.UTF-8");
	message = escape_message("'a\\b\n\x1b[m\xff': no such column");
	assert_string_equal(message, "'a\\b\\n\\x1b[m\\xff': no such column");
	free(message);
}

/* ---------------------------------------------------------------------------------------------- random bytes -- */

static int hex_value(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* The bytes that escape_text() was given, told from what it made of them. */
static void unescape_text(const char *text, char *ret)
{
	for (; *text; text++) {
		if (*text != '\\') {
			*ret++ = *text;
			continue;
		}
		text++;
		assert_non_null(strchr("\\ntx", *text));
		if (*text == 'x') {
			*ret++ = (char)(hex_value(text[1]) << 4 | hex_value(text[2]));
			text += 2;
		} else {
			*ret++ = *text == 'n' ? '\n' : *text == 't' ? '\t' : '\\';
		}
	}
	*ret = '\0';
}

static void fill_with_random_bytes(char *bytes, size_t size, uint64_t *seed)
{
	static const char likely[] = "\\\"\n\t\x1b\xc3\xa4\xe2\x80\xae\xf0\x9f\x98\x80nx0 a";
	size_t length = next_random(seed) % size;

	for (size_t i = 0; i < length; i++) {
		uint64_t random = next_random(seed);

		bytes[i] = random & 1 ? (char)(1 + (random >> 8) % 255) : likely[(random >> 8) % (sizeof(likely) - 1)];
	}
	bytes[length] = '\0';
}

static void text_can_be_turned_back(void **state)
{
	static const char *const locales[] = { "C", "C.UTF-8" };
	uint64_t seed = 99;
	char raw[64];
	char back[64];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char *text;

		use_locale(locales[round % 2]);
		fill_with_random_bytes(raw, sizeof(raw), &seed);
		text = escape_text(raw);
		for (const unsigned char *c = (unsigned char *)text; *c; c++)
			check(*c >= 0x20 && *c != 0x7f && (round % 2 || *c < 0x80), "byte 0x%02x gets through", *c);
		unescape_text(text, back);
		assert_string_equal(back, raw);
		free(text);
	}
}

/* In ASCII output every escape is visible: neither a quote nor a control character ends the string early. */
static void json_is_well_formed(void **state)
{
	uint64_t seed = 77;
	char raw[64];

	(void)state;
	use_locale("C");
	for (int round = 0; round < 20000; round++) {
		char *json;

		fill_with_random_bytes(raw, sizeof(raw), &seed);
		json = escape_json(raw);
		for (const char *c = json; *c; c++) {
			check(*c >= 0x20 && *c < 0x7f && *c != '"', "byte 0x%02x gets through", *c);
			if (*c != '\\')
				continue;
			c++;
			check(*c && strchr("\\\"u", *c), "'\\%c' is no escape", *c);
			if (*c == 'u') {
				check(strspn(c + 1, "0123456789abcdef") >= 4, "'%.5s'", c);
				c += 4;
			}
		}
		free(json);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_on_an_utf8_terminal),
		cmocka_unit_test(text_on_an_ascii_terminal),
		cmocka_unit_test(json_in_both),
		cmocka_unit_test(messages_keep_the_backslash),
		cmocka_unit_test(text_can_be_turned_back),
		cmocka_unit_test(json_is_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
