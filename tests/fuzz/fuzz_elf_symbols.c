/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of somebody's program: its symbols are in order, and each that is found is within what was read. */
#include "input_file.h"

#include <unistd.h>

#include "elf_symbols.h"

static void find(const struct elf_symbols *symbols, uint64_t offset)
{
	uint64_t behind;
	const char *name = elf_symbols_find(symbols, offset, &behind);

	if (!name)
		return;
	must(name >= symbols->names && name < symbols->names + symbols->names_bytes);
	must(strlen(name) <= symbols->names_bytes && name[0] != '\0');
}

static void check_symbols(const struct elf_symbols *symbols)
{
	must(symbols->nr_segments <= ELF_SEGMENTS_MAX);
	for (size_t i = 0; i < symbols->nr_symbols; i++) {
		must(symbols->symbols[i].name < symbols->names_bytes);
		must(i == 0 || symbols->symbols[i - 1].start <= symbols->symbols[i].start);
	}
	for (size_t i = 0; i < symbols->nr_segments; i++) {
		find(symbols, symbols->segments[i].offset);
		find(symbols, symbols->segments[i].offset + symbols->segments[i].bytes - 1);
	}
	find(symbols, 0);
	find(symbols, UINT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_symbols symbols;
	int fd = input_file(data, size);
	int err = elf_symbols_read(&symbols, fd);

	must(err == 0 || err == -EBADMSG || err == -EFBIG);
	must(err == 0 || (!symbols.symbols && !symbols.names));
	check_symbols(&symbols);
	elf_symbols_deinit(&symbols);
	close(fd);
	return 0;
}
