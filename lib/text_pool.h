/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts that many share: each is kept once, and so much of them at most. Zero-initialized it is empty. */
#ifndef MMCPUS_LIB_TEXT_POOL_H
#define MMCPUS_LIB_TEXT_POOL_H

#include <stddef.h>

/* All that a pool takes, with what a text takes on top of its characters. */
#define TEXT_POOL_BYTES_MAX ((size_t)1 << 20)

struct text_pool {
	char **slots;    /* hash of the texts */
	size_t nr_slots; /* a power of two */
	size_t nr_texts;
	size_t bytes;
};

/* The text that is kept, as long as the pool is not cleared. NULL: no memory, or it is full. */
const char *text_pool_keep(struct text_pool *pool, const char *text);
void text_pool_clear(struct text_pool *pool);

#endif
