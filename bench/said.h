/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mmcpus said of an interval: a file with its JSON, of which what stands before the rows is looked at. */
#ifndef MMCPUS_BENCH_SAID_H
#define MMCPUS_BENCH_SAID_H

#include <stdbool.h>
#include <stdint.h>

/* Does it say so of that? */
bool says(const char *path, const char *name, const char *value);

/* False if it does not say, or that it does not know. */
bool says_number(const char *path, const char *name, uint64_t *ret);

/* The same; 0: it does not say. */
uint64_t said_number(const char *path, const char *name);

#endif
