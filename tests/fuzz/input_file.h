/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input as a file, for what reads files. */
#ifndef MMCPUS_TESTS_FUZZ_INPUT_FILE_H
#define MMCPUS_TESTS_FUZZ_INPUT_FILE_H

#include "fuzz.h"

/* A file with that in it, at its beginning. */
int input_file(const uint8_t *data, size_t size);

/* From now on each file of each root is that: input_file.c stands in place of root.c. */
void input_be_every_file(const uint8_t *data, size_t size);

#endif
