// SPDX-License-Identifier: LGPL-2.1-or-later
/* The memory that the tracer shares with its programs. */
#include "bpf_tracer.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../cpuset.h"

static int map_memory(struct tracer_state *tracer, enum tracer_map map, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct mapping *mapping = &tracer->maps[map];
	void *memory;

	mapping->bytes = (bytes + page - 1) / page * page;
	memory = mmap(NULL, mapping->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, tracer->build.maps[map], 0);
	if (memory == MAP_FAILED)
		return -errno;
	mapping->memory = memory;
	return 0;
}

static int map_all(struct tracer_state *tracer, const struct tracer_sizes *sizes)
{
	size_t set_bytes = sizes->settings.nr_words * sizeof(uint64_t);
	size_t stack_bytes = sizeof(struct shootdown_stack);
	int err = map_memory(tracer, TRACER_MAP_ROWS, SHOOTDOWN_NR_ROWS * sizeof(struct shootdown_row));

	if (!err)
		err = map_memory(tracer, TRACER_MAP_ROW_SETS, SHOOTDOWN_NR_ROWS * SHOOTDOWN_NR_SETS * set_bytes);
	if (!err)
		err = map_memory(tracer, TRACER_MAP_ROW_STACKS, SHOOTDOWN_NR_ROWS * stack_bytes);
	if (!err)
		err = map_memory(tracer, TRACER_MAP_ROW_USER_STACKS, sizes->nr_user_stacks * stack_bytes);
	if (!err)
		err = map_memory(tracer, TRACER_MAP_FREE_ROWS, SHOOTDOWN_NR_ROWS * sizeof(uint64_t));
	if (!err)
		err = map_memory(tracer, TRACER_MAP_WATCHED, set_bytes);
	if (!err)
		err = map_memory(tracer, TRACER_MAP_CPUS, sizes->settings.nr_cpus * sizeof(struct shootdown_cpu));
	return err;
}

void tracer_give_back(void *state, uint32_t row)
{
	struct tracer_state *tracer = state;
	struct shootdown_control *control = tracer->build.control;
	uint64_t *ring = tracer->maps[TRACER_MAP_FREE_ROWS].memory;
	uint32_t tail = control->free_tail;

	ring[tail % SHOOTDOWN_NR_ROWS] = row;
	__atomic_store_n(&control->free_tail, tail + 1, __ATOMIC_RELEASE);
}

static void fill_ring(struct tracer_state *tracer)
{
	for (uint32_t row = 0; row < SHOOTDOWN_NR_ROWS; row++)
		if (!shootdown_is_other(row))
			tracer_give_back(tracer, row);
}

static void name_other_row(struct tracer_state *tracer, uint32_t index, uint32_t kind)
{
	struct shootdown_row *rows = tracer->maps[TRACER_MAP_ROWS].memory;
	struct shootdown_row *row = &rows[index];

	row->key.cause = SHOOTDOWN_CAUSE_OTHER;
	row->key.kind = kind;
	row->is_taken = 1;
}

static void watch(struct tracer_state *tracer, const struct mmcpus_cpuset *cpus, uint32_t nr_words)
{
	if (!cpus)
		return;
	memcpy(tracer->maps[TRACER_MAP_WATCHED].memory, cpus->words, nr_words * sizeof(uint64_t));
}

int tracer_share(struct tracer_state *tracer, const struct tracer_sizes *sizes, const struct mmcpus_cpuset *watched)
{
	int err = map_all(tracer, sizes);

	if (err)
		return err;
	fill_ring(tracer);
	name_other_row(tracer, SHOOTDOWN_OTHER_ROW, SHOOTDOWN_KIND_UNKNOWN);
	name_other_row(tracer, SHOOTDOWN_OTHER_CALLS, SHOOTDOWN_KIND_CALL);
	name_other_row(tracer, SHOOTDOWN_OTHER_KERNEL, SHOOTDOWN_KIND_KERNEL);
	watch(tracer, watched, sizes->settings.nr_words);
	return 0;
}

void tracer_unshare(struct tracer_state *tracer)
{
	for (int i = 0; i < TRACER_NR_MAPS; i++)
		if (tracer->maps[i].memory)
			munmap(tracer->maps[i].memory, tracer->maps[i].bytes);
}
