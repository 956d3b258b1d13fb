/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text that grows. Zero-initialize; the text is strbuf_take()n or deinit()ed. */
#ifndef MMCPUS_CLI_STRBUF_H
#define MMCPUS_CLI_STRBUF_H

#include <stddef.h>

struct strbuf {
	char *text; /* NULL as long as nothing was added */
	size_t length;
	size_t size;
};

void strbuf_add_bytes(struct strbuf *buf, const char *bytes, size_t nr);
void strbuf_add(struct strbuf *buf, const char *text);
void strbuf_addf(struct strbuf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text, never NULL, now the caller's to free; the buffer is empty again. */
char *strbuf_take(struct strbuf *buf);
void strbuf_deinit(struct strbuf *buf);

#endif
