/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions of a file: of this test itself, and of what is left of it when it is spoilt. */
#include "tree.h"

#include <elf.h>
#include <sys/resource.h>

#include "code_maps.h"
#include "elf_symbols.h"

static __attribute__((noinline)) int some_function(int number)
{
	return number ^ 0x5a;
}

static void names_a_function_of_this_test(void **state)
{
	uint64_t address = (uint64_t)(uintptr_t)some_function;
	struct elf_symbols symbols;
	struct code_maps maps;
	const struct code_map *map;
	struct root root;
	uint64_t behind;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(some_function(0), 0x5a);
	assert_int_equal(root_init(&root, NULL, NULL), 0);
	assert_int_equal(code_maps_read(&maps, &root, getpid()), 0);
	map = code_maps_find(&maps, address);
	assert_non_null(map);
	assert_int_equal(elf_symbols_read(&symbols, fd), 0);
	assert_string_equal(elf_symbols_find(&symbols, address + 1 - map->start + map->offset, &behind),
			    "some_function");
	assert_int_equal(behind, 1);
	assert_null(elf_symbols_find(&symbols, UINT64_MAX, &behind));
	elf_symbols_deinit(&symbols);
	code_maps_deinit(&maps);
	root_deinit(&root);
	close(fd);
}

static char *read_own_file(size_t *ret_bytes)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *bytes;

	assert_int_equal(fstat(fd, &st), 0);
	*ret_bytes = (size_t)st.st_size;
	bytes = malloc(*ret_bytes);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *ret_bytes), *ret_bytes);
	close(fd);
	return bytes;
}

static int read_bytes(const struct tree *tree, const char *bytes, size_t nr)
{
	struct elf_symbols symbols;
	uint64_t behind;
	int fd = open(tree_path(tree, "file"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int err;

	assert_int_equal(write(fd, bytes, nr), nr);
	err = elf_symbols_read(&symbols, fd);
	for (uint64_t offset = 0; offset < 0x4000; offset += 0x100)
		elf_symbols_find(&symbols, offset, &behind);
	elf_symbols_deinit(&symbols);
	close(fd);
	return err;
}

static void what_is_no_elf_file_is_refused(void **state)
{
	assert_int_equal(read_bytes(*state, "", 0), -EBADMSG);
	assert_int_equal(read_bytes(*state, "#!/bin/sh\n", 10), -EBADMSG);
}

/* Cut, or with bytes of its headers changed: there may be an error, but nothing worse. */
static void spoilt_files_do_no_harm(void **state)
{
	size_t nr;
	char *bytes = read_own_file(&nr);
	uint32_t random = 1;

	for (size_t cut = 1; cut < 20; cut++)
		read_bytes(*state, bytes, nr * cut / 20);
	for (int i = 0; i < 300; i++) {
		size_t at;
		char old;

		random = random * 1664525 + 1013904223;
		at = i % 2 ? random % 1024 : nr - 1 - random % 2048; /* headers of segments, and of sections */
		old = bytes[at];
		bytes[at] = (char)(random >> 24);
		read_bytes(*state, bytes, nr);
		bytes[at] = old;
	}
	free(bytes);
}

static long peak_kib(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

/*
 * Holes cost their owner nothing. More sections than fit in the header are counted in the first section, which stands behind
 * it here; and more segments likewise.
 */
static void many_sections_take_no_memory(void **state)
{
	static const struct {
		uint16_t nr_sections;
		uint16_t nr_segments;
	} cases[] = { { 0, 0 }, { 1, PN_XNUM }, { 0, PN_XNUM }, { UINT16_MAX, UINT16_MAX } };
	const off_t first = 4096;
	size_t nr;
	char *bytes = read_own_file(&nr);
	Elf64_Shdr section = { .sh_size = 1 << 22, .sh_info = 1 << 22 };
	Elf64_Ehdr header;
	long before = peak_kib();

	memcpy(&header, bytes, sizeof(header));
	free(bytes);
	for (size_t i = 0; i < NR(cases); i++) {
		int fd = open(tree_path(*state, "file"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		struct elf_symbols symbols;

		header.e_shoff = (uint64_t)first;
		header.e_phoff = (uint64_t)first + sizeof(section);
		header.e_shnum = cases[i].nr_sections;
		header.e_phnum = cases[i].nr_segments;
		assert_int_equal(pwrite(fd, &header, sizeof(header), 0), sizeof(header));
		assert_int_equal(pwrite(fd, &section, sizeof(section), first), sizeof(section));
		assert_int_equal(ftruncate(fd, (off_t)1 << 30), 0);
		elf_symbols_read(&symbols, fd);
		check(symbols.nr_symbols == 0, "%zu: symbols", i);
		elf_symbols_deinit(&symbols);
		close(fd);
		check(peak_kib() < before + 65536, "%zu: %ld KiB", i, peak_kib() - before);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_a_function_of_this_test),
		tree_test(what_is_no_elf_file_is_refused),
		tree_test(spoilt_files_do_no_harm),
		tree_test(many_sections_take_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
