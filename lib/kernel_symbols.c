// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel_symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* No function is longer; what lies further behind its start is in something without a name, such as a BPF program. */
#define FUNCTION_BYTES_MAX (1u << 20)

static int compare_addresses(const void *a, const void *b)
{
	uint64_t left = ((const struct kernel_symbol *)a)->address;
	uint64_t right = ((const struct kernel_symbol *)b)->address;

	return (left > right) - (left < right);
}

/* Index of the first that is not below the address; nr if all are. */
static size_t lower_bound(const struct kernel_symbol *symbols, size_t nr, uint64_t address)
{
	size_t from = 0;

	while (from < nr) {
		size_t middle = from + (nr - from) / 2;

		if (symbols[middle].address < address)
			from = middle + 1;
		else
			nr = middle;
	}
	return from;
}

/* Of the functions that start below an address, and above the address before it, the last is kept. */
static void note_function(struct kernel_symbol *symbols, size_t nr, uint64_t start, const char *name)
{
	size_t index = lower_bound(symbols, nr, start);

	if (index == nr || symbols[index].start >= start)
		return;
	symbols[index].start = start;
	snprintf(symbols[index].name, sizeof(symbols[index].name), "%s", name);
}

/* "ffffffff81000000 T _text", behind which a module may be named */
static bool parse_line(const char *line, uint64_t *ret_start, char ret_name[KERNEL_SYMBOL_SIZE])
{
	char type;

	return sscanf(line, "%" SCNx64 " %c %95s", ret_start, &type, ret_name) == 3 && strchr("tTwW", type);
}

/* An address without a function between it and the one before is in the same as that. */
static void hand_on(struct kernel_symbol *symbols, size_t nr)
{
	for (size_t i = 1; i < nr; i++) {
		if (symbols[i].start >= symbols[i - 1].start)
			continue;
		symbols[i].start = symbols[i - 1].start;
		memcpy(symbols[i].name, symbols[i - 1].name, sizeof(symbols[i].name));
	}
	for (size_t i = 0; i < nr; i++)
		if (symbols[i].address - symbols[i].start > FUNCTION_BYTES_MAX)
			symbols[i].start = 0;
}

int kernel_symbols_find(const struct root *root, struct kernel_symbol *symbols, size_t nr)
{
	int fd = root_open_file(root, "proc/kallsyms");
	FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
	bool is_hidden = true;
	char line[512];

	if (fd < 0)
		return fd;
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	qsort(symbols, nr, sizeof(*symbols), compare_addresses);
	for (size_t i = 0; i < nr; i++)
		symbols[i].start = 0;
	while (fgets(line, sizeof(line), file)) {
		char name[KERNEL_SYMBOL_SIZE];
		uint64_t start;

		if (!parse_line(line, &start, name))
			continue;
		is_hidden &= start == 0;
		note_function(symbols, nr, start, name);
	}
	fclose(file);
	hand_on(symbols, nr);
	return is_hidden ? -EPERM : 0;
}
