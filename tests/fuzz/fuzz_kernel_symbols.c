/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, and behind them a list of symbols: what is found is of that list, and starts where it can. */
#include "input_file.h"

#include "kernel_symbols.h"

#define NR_ADDRESSES 3

static const struct root root;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kernel_symbol symbols[NR_ADDRESSES] = { 0 };
	size_t head = NR_ADDRESSES * sizeof(uint64_t);
	int err;

	if (size < head)
		return 0;
	for (size_t i = 0; i < NR_ADDRESSES; i++)
		memcpy(&symbols[i].address, data + i * sizeof(uint64_t), sizeof(uint64_t));
	input_be_every_file(data + head, size - head);
	err = kernel_symbols_find(&root, symbols, NR_ADDRESSES);
	must(err == 0 || err == -EPERM);
	for (size_t i = 0; i < NR_ADDRESSES; i++) {
		must(i == 0 || symbols[i - 1].address <= symbols[i].address);
		if (!symbols[i].start)
			continue;
		must(err == 0 && symbols[i].start <= symbols[i].address);
		must(symbols[i].name[0] && strnlen(symbols[i].name, KERNEL_SYMBOL_SIZE) < KERNEL_SYMBOL_SIZE);
		must(memmem(data + head, size - head, symbols[i].name, strlen(symbols[i].name)));
	}
	return 0;
}
