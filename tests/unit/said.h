/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is printed on stdout, which is the test's own, as text. */
#ifndef MMCPUS_TESTS_SAID_H
#define MMCPUS_TESTS_SAID_H

#include <stdio.h>
#include <unistd.h>

struct said {
	FILE *file;
	int before;
};

/* From here on, what is printed is kept. */
static inline struct said said_begin(void)
{
	struct said said = { tmpfile(), dup(STDOUT_FILENO) };

	assert_non_null(said.file);
	fflush(stdout);
	assert_int_equal(dup2(fileno(said.file), STDOUT_FILENO), STDOUT_FILENO);
	return said;
}

/* Until here, or as much of it as fits. */
static inline void said_end(struct said *said, char *text, size_t size)
{
	fflush(stdout);
	assert_int_equal(dup2(said->before, STDOUT_FILENO), STDOUT_FILENO);
	close(said->before);
	rewind(said->file);
	text[fread(text, 1, size - 1, said->file)] = '\0';
	fclose(said->file);
}

#endif
