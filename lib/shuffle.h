/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The numbers below a count in random order, each once, without a list of them: a sample drawn without replacement. */
#ifndef MMCPUS_LIB_SHUFFLE_H
#define MMCPUS_LIB_SHUFFLE_H

#include <stdint.h>

#define SHUFFLE_ROUNDS 4

struct shuffle {
	uint64_t count;
	unsigned half_bits;
	uint64_t keys[SHUFFLE_ROUNDS];
};

/* count: 1 … 2^62. The same seed gives the same order. */
void shuffle_init(struct shuffle *shuffle, uint64_t count, uint64_t seed);

/* The number at a place of the order; index is below count. */
uint64_t shuffle_at(const struct shuffle *shuffle, uint64_t index);

#endif
