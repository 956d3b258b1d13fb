/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of a program or library, from its file, which may come from anybody. */
#ifndef MMCPUS_LIB_ELF_SYMBOLS_H
#define MMCPUS_LIB_ELF_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct elf_symbol {
	uint64_t start; /* as the file counts addresses */
	uint64_t size;
	size_t name; /* where in the names */
};

struct elf_segment {
	uint64_t offset; /* in the file */
	uint64_t bytes;
	uint64_t address;
};

#define ELF_SEGMENTS_MAX 16

/* Zero-initialized it has none. */
struct elf_symbols {
	struct elf_symbol *symbols; /* by their starts */
	size_t nr_symbols;
	char *names;
	size_t names_bytes;
	struct elf_segment segments[ELF_SEGMENTS_MAX];
	size_t nr_segments;
};

/* Reads the table of all symbols, or that of exported ones if there is none. -EBADMSG: no such file; -EFBIG; -ENOMEM. */
int elf_symbols_read(struct elf_symbols *ret, int fd);
void elf_symbols_deinit(struct elf_symbols *symbols);

/* Memory that they take. */
size_t elf_symbols_bytes(const struct elf_symbols *symbols);

/* The function at an offset of the file, and how far behind its start that is. NULL: none is known there. */
const char *elf_symbols_find(const struct elf_symbols *symbols, uint64_t offset, uint64_t *ret_behind);

#endif
