/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a file, put together again, are the file; what can't be a line is refused. */
#include "input_file.h"

#include "line_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line_reader reader;
	size_t done = 0;
	char *line;
	int found;

	must(line_reader_init(&reader, input_file(data, size), LINE_BYTES_MAX) == 0);
	while ((found = line_reader_next(&reader, &line)) == 1) {
		size_t length = strlen(line);

		must(length < LINE_BYTES_MAX && length <= size - done);
		must(memcmp(data + done, line, length) == 0);
		done += length;
		must(done == size || data[done] == '\n');
		done += done < size;
	}
	must(found == 0 || found == -EBADMSG);
	must(found || done == size);
	must(!found || memchr(data + done, '\0', size - done) || size - done >= LINE_BYTES_MAX - 1);
	line_reader_deinit(&reader);
	return 0;
}
