// SPDX-License-Identifier: LGPL-2.1-or-later
#include "records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void records_deinit(struct records *recs)
{
	if (recs->is_own)
		free(recs->base);
	*recs = (struct records){ 0 };
}

static bool records_grow(struct records *recs)
{
	uint32_t capacity = recs->capacity ? recs->capacity * 2 : MM_BLOCK_BYTES;
	uint8_t *base;

	if (capacity < recs->capacity)
		return false;
	base = realloc(recs->base, capacity);
	if (!base)
		return false;
	recs->base = base;
	recs->capacity = capacity;
	recs->is_own = true;
	return true;
}

struct mm_record *records_add(struct records *recs, uint32_t nr_cpus, uint32_t nr_sets)
{
	uint32_t offset = recs->used;
	struct mm_record *rec;

	if (offset + MM_RECORD_MAX > recs->capacity && !records_grow(recs))
		return NULL;
	rec = record_at(recs, offset);
	memset(rec, 0, sizeof(*rec));
	rec->set_bytes = (uint32_t)cpuset_bytes(nr_cpus);
	rec->running_cpu = MM_RECORD_NONE;
	for (uint32_t i = 0; i < nr_sets; i++)
		cpuset_init(record_set(rec, i), nr_cpus);
	recs->used = mm_record_place(offset + record_bytes(nr_cpus, nr_sets));
	return rec;
}

void records_drop_last(struct records *recs, const struct mm_record *rec)
{
	recs->used = (uint32_t)((const uint8_t *)rec - recs->base);
}

/* Fill a whole block, if the stream has as much; the offset behind what came is returned. */
static int read_block(struct records *recs, int fd, uint32_t bytes, bool *ret_is_end)
{
	uint32_t start = recs->used;
	uint32_t room = ((MM_BLOCK_BYTES - MM_RECORD_MAX) / bytes + 1) * bytes;
	uint32_t filled = 0;

	*ret_is_end = false;
	while (filled < room) {
		ssize_t got = read(fd, recs->base + start + filled, room - filled);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0) {
			*ret_is_end = true;
			break;
		}
		filled += (uint32_t)got;
	}
	recs->used = filled == room ? start + MM_BLOCK_BYTES : start + filled;
	return filled % bytes ? -EPROTO : 0;
}

int records_read(struct records *recs, int fd, uint32_t bytes)
{
	bool is_end = false;
	int err = 0;

	recs->used = 0;
	while (!err && !is_end) {
		if (recs->used + MM_BLOCK_BYTES > recs->capacity && !records_grow(recs))
			return -ENOMEM;
		err = read_block(recs, fd, bytes, &is_end);
	}
	return err;
}
