// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text_pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "siphash.h"

/* Of the allocator, and of the table, which is at most four times as large as what is in it. */
#define BYTES_ON_TOP (16 + 4 * sizeof(char *))

/* Eight bytes at a time, each under the hash of those before. */
static size_t hash_text(const char *text)
{
	uint64_t hash[2] = { 0 };
	size_t left = strlen(text);

	while (left) {
		size_t nr = left < sizeof(uint64_t) ? left : sizeof(uint64_t);
		uint64_t word = 0;

		memcpy(&word, text, nr);
		hash[0] = siphash(hash, word);
		text += nr;
		left -= nr;
	}
	return hash[0];
}

/* Where the text is, or would be. There is always a free slot. */
static char **find_slot(const struct text_pool *pool, const char *text)
{
	size_t mask = pool->nr_slots - 1;
	size_t at = hash_text(text) & mask;

	while (pool->slots[at] && strcmp(pool->slots[at], text) != 0)
		at = (at + 1) & mask;
	return &pool->slots[at];
}

/* So that half of the slots are free. */
static bool make_room(struct text_pool *pool)
{
	struct text_pool grown = *pool;

	if (2 * (pool->nr_texts + 1) <= pool->nr_slots)
		return true;
	grown.nr_slots = pool->nr_slots ? 2 * pool->nr_slots : 64;
	grown.slots = calloc(grown.nr_slots, sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < pool->nr_slots; i++)
		if (pool->slots[i])
			*find_slot(&grown, pool->slots[i]) = pool->slots[i];
	free(pool->slots);
	*pool = grown;
	return true;
}

const char *text_pool_keep(struct text_pool *pool, const char *text)
{
	size_t bytes = strlen(text) + 1 + BYTES_ON_TOP;
	char **slot;

	if (!make_room(pool))
		return NULL;
	slot = find_slot(pool, text);
	if (*slot || bytes > TEXT_POOL_BYTES_MAX - pool->bytes)
		return *slot;
	*slot = strdup(text);
	if (!*slot)
		return NULL;
	pool->nr_texts++;
	pool->bytes += bytes;
	return *slot;
}

void text_pool_clear(struct text_pool *pool)
{
	for (size_t i = 0; i < pool->nr_slots; i++)
		free(pool->slots[i]);
	free(pool->slots);
	*pool = (struct text_pool){ 0 };
}
