/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of the kernel's functions, from /proc/kallsyms: some 10 MB, read line by line and not kept. */
#ifndef MMCPUS_LIB_KERNEL_SYMBOLS_H
#define MMCPUS_LIB_KERNEL_SYMBOLS_H

#include "root.h"

#define KERNEL_SYMBOL_SIZE 96

struct kernel_symbol {
	uint64_t address;              /* in: somewhere in the function */
	uint64_t start;                /* out: where the function starts; 0: not found */
	char name[KERNEL_SYMBOL_SIZE]; /* out; cut if it is longer */
};

/* Name all of them, in the order of their addresses, in which they are left. -errno; -EPERM: the addresses are hidden. */
int kernel_symbols_find(const struct root *root, struct kernel_symbol *symbols, size_t nr);

#endif
