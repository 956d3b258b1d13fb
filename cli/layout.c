/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "strbuf.h"

/* Narrower than this, a name does not tell anything and a list becomes a tower. */
#define CUT_WIDTH_MIN  16
#define WRAP_WIDTH_MIN 12

/* ------------------------------------------------------------------------------------------------------ widths -- */

/* Width and length in bytes of the character at the start of text, which must not be at its end. */
static size_t char_width(const char *text, size_t *ret_length)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t length = mbrtowc(&c, text, strlen(text), &state);
	int width;

	if (length == 0 || length > strlen(text)) { /* (size_t)-1, -2: not valid here, so it is shown as one byte */
		*ret_length = 1;
		return 1;
	}
	*ret_length = length;
	width = wcwidth(c);
	return width > 0 ? (size_t)width : 0;
}

size_t layout_text_width(const char *text)
{
	size_t width = 0;
	size_t length;

	for (; *text; text += length)
		width += char_width(text, &length);
	return width;
}

size_t layout_terminal_width(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return columns && atoi(columns) > 0 ? (size_t)atoi(columns) : 80;
}

/* --------------------------------------------------------------------------------------------------- narrowing -- */

static size_t total_width(const struct layout_column *columns, size_t nr_columns)
{
	size_t total = nr_columns - 1;

	for (size_t i = 0; i < nr_columns; i++)
		total += columns[i].width;
	return total;
}

/* The widest column that may be narrowed in this way; NULL if all are as narrow as they should get. */
static struct layout_column *find_widest(struct layout_column *columns, size_t nr_columns, enum layout_fit fit,
					 size_t min_width)
{
	struct layout_column *widest = NULL;

	for (size_t i = 0; i < nr_columns; i++)
		if (columns[i].fit == fit && columns[i].width > min_width &&
		    (!widest || columns[i].width > widest->width))
			widest = &columns[i];
	return widest;
}

static void narrow_widest(struct layout_column *columns, size_t nr_columns, size_t nr_terminal_columns,
			  enum layout_fit fit, size_t min_width)
{
	struct layout_column *column;

	while (total_width(columns, nr_columns) > nr_terminal_columns &&
	       (column = find_widest(columns, nr_columns, fit, min_width)) != NULL) {
		column->width--;
		column->is_narrowed = true;
	}
}

void layout_narrow(struct layout_column *columns, size_t nr_columns, size_t nr_terminal_columns)
{
	narrow_widest(columns, nr_columns, nr_terminal_columns, LAYOUT_CUT, CUT_WIDTH_MIN);
	narrow_widest(columns, nr_columns, nr_terminal_columns, LAYOUT_WRAP, WRAP_WIDTH_MIN);
}

/* ----------------------------------------------------------------------------------------------------- fitting -- */

static char *cut(char *text, size_t max_width)
{
	struct strbuf out = { 0 };
	size_t width = 0;
	size_t length;

	if (layout_text_width(text) <= max_width)
		return text;
	for (const char *next = text; *next; next += length) {
		width += char_width(next, &length);
		if (width >= max_width)
			break;
		strbuf_add_bytes(&out, next, length);
	}
	strbuf_add(&out, "+");
	free(text);
	return strbuf_take(&out);
}

/* Prose is broken at blanks, a list at commas. A word that is wider than the column stays whole: too wide, but true. */
static char *wrap(char *text, size_t max_width)
{
	const char *end = strchr(text, ' ') ? " " : ",";
	struct strbuf out = { 0 };
	size_t line_width = 0;
	size_t length;

	for (const char *word = text; *word; word += length) {
		length = strcspn(word, end);
		length += word[length] == *end;
		if (line_width && line_width + length > max_width) {
			strbuf_add(&out, "\n");
			line_width = 0;
		}
		strbuf_add_bytes(&out, word, length);
		line_width += length;
	}
	free(text);
	return strbuf_take(&out);
}

char *layout_fit_text(char *text, const struct layout_column *column)
{
	if (!column->is_narrowed || column->fit == LAYOUT_KEEP)
		return text;
	return column->fit == LAYOUT_CUT ? cut(text, column->width) : wrap(text, column->width);
}
