// SPDX-License-Identifier: LGPL-2.1-or-later
#include "line_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int line_reader_init(struct line_reader *reader, int fd, size_t size)
{
	*reader = (struct line_reader){ .fd = fd, .buf = malloc(size), .size = size };
	if (reader->buf)
		return 0;
	close(fd);
	return -ENOMEM;
}

void line_reader_deinit(struct line_reader *reader)
{
	free(reader->buf);
	close(reader->fd);
}

/* Read more behind what is there, which moves to the front. 1, 0 at the end of the file, -errno. */
static int read_more(struct line_reader *reader)
{
	ssize_t got;

	memmove(reader->buf, reader->buf + reader->next, reader->end - reader->next);
	reader->end -= reader->next;
	reader->next = 0;
	if (reader->end == reader->size - 1)
		return -EBADMSG;
	do
		got = read(reader->fd, reader->buf + reader->end, reader->size - 1 - reader->end);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	reader->end += (size_t)got;
	return got > 0;
}

/* The next length bytes are a line. */
static int take_line(struct line_reader *reader, size_t length, char **ret)
{
	*ret = reader->buf + reader->next;
	(*ret)[length] = '\0';
	reader->next += length + 1;
	if (reader->next > reader->end) /* the last one has no line end */
		reader->next = reader->end;
	return strlen(*ret) == length ? 1 : -EBADMSG;
}

int line_reader_next(struct line_reader *reader, char **ret)
{
	int got = 1;

	while (got > 0) {
		size_t length = reader->end - reader->next;
		char *line_end = memchr(reader->buf + reader->next, '\n', length);

		if (line_end)
			return take_line(reader, (size_t)(line_end - (reader->buf + reader->next)), ret);
		got = read_more(reader);
	}
	if (got < 0 || reader->next == reader->end)
		return got;
	return take_line(reader, reader->end - reader->next, ret);
}
