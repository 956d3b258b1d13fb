// SPDX-License-Identifier: LGPL-2.1-or-later
#include "elf_symbols.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "elf_copy.h"

/* Of a table of symbols, and of their names. A browser's take a few MB; with all that debuggers want, some have more. */
#define TABLE_BYTES_MAX (32u << 20)

void elf_symbols_deinit(struct elf_symbols *symbols)
{
	free(symbols->symbols);
	free(symbols->names);
	*symbols = (struct elf_symbols){ 0 };
}

size_t elf_symbols_bytes(const struct elf_symbols *symbols)
{
	return symbols->nr_symbols * sizeof(*symbols->symbols) + symbols->names_bytes;
}

/* ---------------------------------------------------------------------------------------------------------- reading -- */

static int read_segments(struct elf_symbols *ret, const struct elf_copy *copy)
{
	for (size_t i = 0; i < copy->nr_segments && ret->nr_segments < ELF_SEGMENTS_MAX; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(copy->elf, (int)i, &header))
			return -EBADMSG;
		if (header.p_type == PT_LOAD)
			ret->segments[ret->nr_segments++] =
				(struct elf_segment){ header.p_offset, header.p_filesz, header.p_vaddr };
	}
	return 0;
}

/* The section with the symbols; NULL if there is none. */
static Elf_Scn *find_table(Elf *elf, uint32_t type, GElf_Shdr *ret)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)) != NULL)
		if (gelf_getshdr(section, ret) && ret->sh_type == type && ret->sh_size <= TABLE_BYTES_MAX)
			return section;
	return NULL;
}

static int copy_names(struct elf_symbols *ret, struct elf_copy *copy, size_t index)
{
	Elf_Scn *section = elf_getscn(copy->elf, index);
	const Elf_Data *data;
	GElf_Shdr header;
	int err;

	if (!section || !gelf_getshdr(section, &header) || header.sh_type != SHT_STRTAB)
		return -EBADMSG;
	if (header.sh_size > TABLE_BYTES_MAX)
		return -EFBIG;
	err = elf_copy_section(copy, &header);
	if (err)
		return err;
	data = elf_getdata(section, NULL);
	if (!data || !data->d_buf)
		return -EBADMSG;
	ret->names = malloc(data->d_size + 1);
	if (!ret->names)
		return -ENOMEM;
	memcpy(ret->names, data->d_buf, data->d_size);
	ret->names[data->d_size] = '\0';
	ret->names_bytes = data->d_size;
	return 0;
}

static bool is_function(const GElf_Sym *symbol, const struct elf_symbols *symbols)
{
	unsigned type = GELF_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF &&
	       symbol->st_name < symbols->names_bytes && symbols->names[symbol->st_name];
}

static int compare_starts(const void *a, const void *b)
{
	const struct elf_symbol *left = a;
	const struct elf_symbol *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	return (left->size > right->size) - (left->size < right->size);
}

/* Most symbols may be none of functions. */
static void give_back_rest(struct elf_symbols *symbols)
{
	struct elf_symbol *shrunk = reallocarray(symbols->symbols, symbols->nr_symbols + 1, sizeof(*symbols->symbols));

	if (shrunk)
		symbols->symbols = shrunk;
}

static int copy_symbols(struct elf_symbols *ret, Elf_Data *data, size_t entry_bytes)
{
	size_t nr = entry_bytes ? data->d_size / entry_bytes : 0;

	ret->symbols = calloc(nr + 1, sizeof(*ret->symbols));
	if (!ret->symbols)
		return -ENOMEM;
	for (size_t i = 0; i < nr && i <= INT32_MAX; i++) {
		GElf_Sym symbol;

		if (gelf_getsym(data, (int)i, &symbol) && is_function(&symbol, ret))
			ret->symbols[ret->nr_symbols++] =
				(struct elf_symbol){ symbol.st_value, symbol.st_size, symbol.st_name };
	}
	give_back_rest(ret);
	qsort(ret->symbols, ret->nr_symbols, sizeof(*ret->symbols), compare_starts);
	return 0;
}

static int read_tables(struct elf_symbols *ret, struct elf_copy *copy)
{
	GElf_Shdr header;
	Elf_Scn *section = find_table(copy->elf, SHT_SYMTAB, &header);
	Elf_Data *data;
	int err = read_segments(ret, copy);

	if (err)
		return err;
	if (!section)
		section = find_table(copy->elf, SHT_DYNSYM, &header);
	if (!section)
		return 0;
	err = copy_names(ret, copy, header.sh_link);
	if (!err)
		err = elf_copy_section(copy, &header);
	if (err)
		return err;
	data = elf_getdata(section, NULL);
	return data && data->d_buf ? copy_symbols(ret, data, header.sh_entsize) : -EBADMSG;
}

int elf_symbols_read(struct elf_symbols *ret, int fd)
{
	struct elf_copy copy;
	int err = elf_copy_open(&copy, fd);

	*ret = (struct elf_symbols){ 0 };
	if (err)
		return err;
	err = read_tables(ret, &copy);
	elf_copy_close(&copy);
	if (err)
		elf_symbols_deinit(ret);
	return err;
}

/* ---------------------------------------------------------------------------------------------------------- finding -- */

static bool find_address(const struct elf_symbols *symbols, uint64_t offset, uint64_t *ret)
{
	for (size_t i = 0; i < symbols->nr_segments; i++) {
		const struct elf_segment *segment = &symbols->segments[i];

		if (offset < segment->offset || offset - segment->offset >= segment->bytes)
			continue;
		*ret = offset - segment->offset + segment->address;
		return true;
	}
	return false;
}

/* Of those that start at or before an address the last; NULL if none does. */
static const struct elf_symbol *last_before(const struct elf_symbols *symbols, uint64_t address)
{
	size_t from = 0;
	size_t to = symbols->nr_symbols;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (symbols->symbols[middle].start <= address)
			from = middle + 1;
		else
			to = middle;
	}
	return from ? &symbols->symbols[from - 1] : NULL;
}

/* What was written in assembler may have no size: it goes on to the next. */
const char *elf_symbols_find(const struct elf_symbols *symbols, uint64_t offset, uint64_t *ret_behind)
{
	const struct elf_symbol *symbol;
	uint64_t address;

	if (!find_address(symbols, offset, &address))
		return NULL;
	symbol = last_before(symbols, address);
	if (!symbol || (symbol->size && address - symbol->start >= symbol->size))
		return NULL;
	*ret_behind = address - symbol->start;
	return symbols->names + symbol->name;
}
