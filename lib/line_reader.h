/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A long file of /proc line by line, without having all of it in memory. */
#ifndef MMCPUS_LIB_LINE_READER_H
#define MMCPUS_LIB_LINE_READER_H

#include <stddef.h>

/* Longer than any that the kernel writes of a mapping: a path is below PATH_MAX bytes, of which each may be escaped as four. */
#define LINE_BYTES_MAX 32768

struct line_reader {
	int fd;
	char *buf;
	size_t size;
	size_t next; /* where the next line begins */
	size_t end;  /* what has been read */
};

/* The file is the reader's from now on, and closed by deinit. size: more than the longest line has. -ENOMEM. */
int line_reader_init(struct line_reader *reader, int fd, size_t size);
void line_reader_deinit(struct line_reader *reader);

/* 1 and a line without its end, good until the next call; 0 at the end; -EBADMSG: too long, or NUL bytes in it; -errno. */
int line_reader_next(struct line_reader *reader, char **ret);

#endif
