/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rows are summed up by: those with the same key are in one group. */
#ifndef MMCPUS_LIB_SHOOTDOWN_KEY_H
#define MMCPUS_LIB_SHOOTDOWN_KEY_H

#include "../bpf/shootdown_record.h"
#include <mmcpus/mmcpus.h>

/* What the rows of a group have in common, and nothing else; compared as bytes. */
struct group_key {
	uint64_t start_ns;
	uint64_t owner_id;
	uint64_t callback; /* what is called; 0: what flushes an address space */
	uint64_t stack;    /* as in the row's key */
	int32_t task;
	int32_t victim;
	int32_t cause;
	uint32_t cpu;
	uint32_t is_other;
	uint32_t reserved;
	char name[16];
	char victim_name[16];
};

_Static_assert(sizeof(struct group_key) == 88, "no padding, for it is compared as bytes");

static inline bool row_is_call(const struct shootdown_row *row)
{
	return row->key.kind == SHOOTDOWN_KIND_CALL;
}

static inline bool row_is_of_kernel(const struct shootdown_row *row)
{
	return row->key.kind == SHOOTDOWN_KIND_KERNEL;
}

/* False if the row is none for that view: one of hits where shootdowns are counted, or the other way round. */
bool group_key_make(struct group_key *ret, enum mmcpus_shootdowns_by by, const struct shootdown_row *row);

/* That of the group of all others that the row is in when it has none of its own. */
void group_key_make_other(struct group_key *ret, const struct shootdown_row *row);

uint64_t group_key_hash(const struct group_key *key);

#endif
