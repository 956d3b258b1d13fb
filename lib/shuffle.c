// SPDX-License-Identifier: LGPL-2.1-or-later
/* A Feistel network over the next power of four permutes it; what falls beyond the count is permuted again. */
#include "shuffle.h"

/* Scrambles all bits: a multiplication carries upwards, the shifts bring the upper bits down. */
static uint64_t mix(uint64_t value)
{
	value ^= value >> 32;
	value *= UINT64_C(0xd6e8feb86659fd93);
	value ^= value >> 32;
	value *= UINT64_C(0xd6e8feb86659fd93);
	return value ^ value >> 32;
}

void shuffle_init(struct shuffle *shuffle, uint64_t count, uint64_t seed)
{
	shuffle->count = count;
	shuffle->half_bits = 1;
	while (count > UINT64_C(1) << (2 * shuffle->half_bits))
		shuffle->half_bits++;
	for (unsigned i = 0; i < SHUFFLE_ROUNDS; i++)
		shuffle->keys[i] = mix(seed + UINT64_C(0x9e3779b97f4a7c15) * (i + 1));
}

static uint64_t permute(const struct shuffle *shuffle, uint64_t value)
{
	uint64_t mask = (UINT64_C(1) << shuffle->half_bits) - 1;
	uint64_t left = value >> shuffle->half_bits;
	uint64_t right = value & mask;

	for (unsigned i = 0; i < SHUFFLE_ROUNDS; i++) {
		uint64_t next = left ^ (mix(right ^ shuffle->keys[i]) & mask);

		left = right;
		right = next;
	}
	return left << shuffle->half_bits | right;
}

uint64_t shuffle_at(const struct shuffle *shuffle, uint64_t index)
{
	do
		index = permute(shuffle, index);
	while (index >= shuffle->count);
	return index;
}
