/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "escape.h"

#include <langinfo.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wctype.h>

#include "strbuf.h"

/* -------------------------------------------------------------------------------------------------- characters -- */

/* Bytes of the sequence that this first byte announces; 0: it can't be a first byte. */
static size_t utf8_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2) /* a continuation, or an overlong form of ASCII */
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

/* The character at the start of text and its length in bytes; 0 if it is not valid UTF-8. */
static size_t utf8_decode(const char *text, uint32_t *ret)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = utf8_length((unsigned char)text[0]);
	uint32_t c = (unsigned char)text[0];

	if (length > 1)
		c &= 0x7fu >> length;
	for (size_t i = 1; i < length; i++) { /* the terminating NUL is no continuation, so this stops there */
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (length == 0 || c < smallest[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return length;
}

/* Characters that iswprint() of glibc takes for printable, but that show nothing or change what is beside them. */
static const struct {
	uint32_t first;
	uint32_t last;
} hidden[] = {
	{ 0x00ad, 0x00ad },   /* soft hyphen */
	{ 0x034f, 0x034f },   /* combining grapheme joiner */
	{ 0x0600, 0x0605 },   /* Arabic number signs, which enclose what follows */
	{ 0x061c, 0x061c },   /* Arabic letter mark */
	{ 0x06dd, 0x06dd },   /* Arabic end of ayah */
	{ 0x070f, 0x070f },   /* Syriac abbreviation mark */
	{ 0x0890, 0x0891 },   /* Arabic pound and piastre marks */
	{ 0x08e2, 0x08e2 },   /* Arabic disputed end of ayah */
	{ 0x115f, 0x1160 },   /* Hangul fillers */
	{ 0x17b4, 0x17b5 },   /* Khmer inherent vowels */
	{ 0x180b, 0x180f },   /* Mongolian variation selectors and vowel separator */
	{ 0x200b, 0x200f },   /* zero-width characters, direction marks */
	{ 0x2028, 0x202e },   /* line and paragraph separator, direction embeddings and overrides */
	{ 0x2060, 0x206f },   /* word joiner, invisible operators, direction isolates */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xfe00, 0xfe0f },   /* variation selectors */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xffa0, 0xffa0 },   /* half-width Hangul filler */
	{ 0xfff0, 0xfffb },   /* interlinear annotation */
	{ 0x110bd, 0x110bd }, /* Kaithi number signs */
	{ 0x110cd, 0x110cd }, { 0x13430, 0x1345f }, /* Egyptian hieroglyph format controls */
	{ 0x1bca0, 0x1bca3 },                       /* shorthand format controls */
	{ 0x1d173, 0x1d17a },                       /* musical format controls */
	{ 0xe0000, 0xe0fff },                       /* tags, variation selectors */
};

static bool is_hidden(uint32_t c)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (c >= hidden[i].first && c <= hidden[i].last)
			return true;
	return false;
}

/* Can the reader see this character? Outside UTF-8 locales only ASCII can be printed as it is. */
static bool is_visible(uint32_t c)
{
	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && iswprint((wint_t)c) && !is_hidden(c);
}

/* ---------------------------------------------------------------------------------------------------- terminal -- */

static void add_hex(struct strbuf *out, const char *bytes, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		strbuf_addf(out, "\\x%02x", (unsigned char)bytes[i]);
}

static char *escape_line(const char *raw, const char *backslash)
{
	struct strbuf out = { 0 };
	size_t length;

	for (; *raw; raw += length) {
		uint32_t c = 0;
		bool is_valid;

		length = utf8_decode(raw, &c);
		is_valid = length > 0;
		length += !is_valid;
		if (c == '\\')
			strbuf_add(&out, backslash);
		else if (c == '\n')
			strbuf_add(&out, "\\n");
		else if (c == '\t')
			strbuf_add(&out, "\\t");
		else if (is_valid && is_visible(c))
			strbuf_add_bytes(&out, raw, length);
		else
			add_hex(&out, raw, length);
	}
	return strbuf_take(&out);
}

char *escape_text(const char *raw)
{
	return escape_line(raw, "\\\\");
}

char *escape_message(const char *raw)
{
	return escape_line(raw, "\\");
}

/* -------------------------------------------------------------------------------------------------------- JSON -- */

/* \uXXXX counts in UTF-16: a character beyond 0xffff takes two. */
static void add_json_code(struct strbuf *out, uint32_t c)
{
	if (c > 0xffff)
		strbuf_addf(out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
	else
		strbuf_addf(out, "\\u%04x", c);
}

char *escape_json(const char *raw)
{
	struct strbuf out = { 0 };
	size_t length;

	for (; *raw; raw += length) {
		uint32_t c = 0xfffd;
		bool is_valid;

		length = utf8_decode(raw, &c);
		is_valid = length > 0;
		length += !is_valid;
		if (c == '"' || c == '\\')
			strbuf_addf(&out, "\\%c", (char)c);
		else if (is_valid && is_visible(c))
			strbuf_add_bytes(&out, raw, length);
		else
			add_json_code(&out, c);
	}
	return strbuf_take(&out);
}
