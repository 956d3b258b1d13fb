/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets have in common. */
#ifndef MMCPUS_TESTS_FUZZ_H
#define MMCPUS_TESTS_FUZZ_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that has to hold, whatever the input. */
#define must(condition)                                                                                \
	do {                                                                                           \
		if (!(condition)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                       \
		}                                                                                      \
	} while (0)

/* The input as a string of exactly its size, so that a read behind its end is seen. Input with NUL bytes: up to these. */
static inline char *string_of(const uint8_t *data, size_t size)
{
	size_t length = size ? strnlen((const char *)data, size) : 0;
	char *string = malloc(length + 1);

	must(string);
	if (length)
		memcpy(string, data, length);
	string[length] = '\0';
	return string;
}

static inline void with_string(const uint8_t *data, size_t size, void (*use)(const char *string))
{
	char *string = string_of(data, size);

	use(string);
	free(string);
}

#endif
