/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "strbuf.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "xalloc.h"

void strbuf_add_bytes(struct strbuf *buf, const char *bytes, size_t nr)
{
	if (buf->size - buf->length <= nr) {
		buf->size = (buf->size + nr + 1) * 2;
		buf->text = xreallocarray(buf->text, buf->size, 1);
	}
	memcpy(buf->text + buf->length, bytes, nr);
	buf->length += nr;
	buf->text[buf->length] = '\0';
}

void strbuf_add(struct strbuf *buf, const char *text)
{
	strbuf_add_bytes(buf, text, strlen(text));
}

void strbuf_addf(struct strbuf *buf, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	strbuf_add(buf, text);
	free(text);
}

char *strbuf_take(struct strbuf *buf)
{
	char *text = buf->text ? buf->text : xstrdup("");

	*buf = (struct strbuf){ 0 };
	return text;
}

void strbuf_deinit(struct strbuf *buf)
{
	free(buf->text);
	*buf = (struct strbuf){ 0 };
}
