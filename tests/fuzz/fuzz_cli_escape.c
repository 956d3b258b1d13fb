/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What gets through is safe, and nothing is lost. The first byte chooses the locale. */
#include "fuzz.h"

#include <locale.h>

#include "escape.h"

static int hex_value(char c)
{
	must(strchr("0123456789abcdef", c) && c);
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* The bytes that were escaped: never more than there are now. */
static char *unescape(const char *text)
{
	char *raw = malloc(strlen(text) + 1);
	char *to = raw;

	must(raw);
	for (; *text; text++) {
		if (*text != '\\') {
			*to++ = *text;
			continue;
		}
		text++;
		must(*text && strchr("\\ntx", *text));
		if (*text == 'x') {
			*to++ = (char)(hex_value(text[1]) << 4 | hex_value(text[2]));
			text += 2;
		} else {
			*to++ = *text == 'n' ? '\n' : *text == 't' ? '\t' : '\\';
		}
	}
	*to = '\0';
	return raw;
}

static void check_safe(const char *escaped, bool is_ascii)
{
	for (const unsigned char *c = (const unsigned char *)escaped; *c; c++)
		must(*c >= 0x20 && *c != 0x7f && (!is_ascii || *c < 0x80));
	must(!strstr(escaped, "\xc2\x9b") && !strstr(escaped, "\xe2\x80\xae")); /* CSI, right-to-left override */
}

static void fuzz_text(const char *raw, bool is_ascii)
{
	char *text = escape_text(raw);
	char *back = unescape(text);
	char *message = escape_message(raw);

	check_safe(text, is_ascii);
	check_safe(message, is_ascii);
	must(strcmp(back, raw) == 0);
	free(text);
	free(back);
	free(message);
}

static void fuzz_json(const char *raw, bool is_ascii)
{
	char *json = escape_json(raw);

	check_safe(json, is_ascii);
	for (const char *c = json; *c; c++) {
		must(*c != '"');
		if (*c != '\\')
			continue;
		c++;
		must(*c == '"' || *c == '\\' || *c == 'u');
		for (int i = 1; *c == 'u' && i <= 4; i++)
			hex_value(c[i]);
	}
	free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool is_ascii = size && data[0] & 1;
	char *raw = string_of(data, size);

	must(setlocale(LC_ALL, is_ascii ? "C" : "C.UTF-8"));
	fuzz_text(raw, is_ascii);
	fuzz_json(raw, is_ascii);
	free(raw);
	return 0;
}
