/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decimal numbers in text that the kernel, or whoever captured it, wrote. Leading blanks are skipped, as in columns. */
#ifndef MMCPUS_LIB_NUMBER_H
#define MMCPUS_LIB_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* False if there is no number, or it does not fit; what follows it is not looked at. */
bool parse_u64(const char *text, uint64_t *ret);
bool parse_u32(const char *text, uint32_t *ret);
bool parse_i32(const char *text, int32_t *ret);

/* What follows the number at the start of text; NULL if there is none. */
const char *skip_number(const char *text);

/* The number of a directory entry such as "4242" (prefix "") or "node1" (prefix "node"); false for other names. */
bool parse_entry_number(const char *name, const char *prefix, uint32_t *ret);

#endif
