// SPDX-License-Identifier: LGPL-2.1-or-later
/* CPU sets: membership and algebra. Text formats are in cpuset_text.c. */
#include "cpuset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void cpuset_init(struct mmcpus_cpuset *set, uint32_t nr_cpus)
{
	memset(set, 0, cpuset_bytes(nr_cpus));
	set->nr_cpus = nr_cpus;
}

struct mmcpus_cpuset *mmcpus_cpuset_create(uint32_t nr_cpus)
{
	struct mmcpus_cpuset *set;

	if (nr_cpus == 0 || nr_cpus > MMCPUS_CPUS_MAX) {
		errno = EINVAL;
		return NULL;
	}
	set = malloc(cpuset_bytes(nr_cpus));
	if (set)
		cpuset_init(set, nr_cpus);
	return set;
}

void mmcpus_cpuset_destroy(struct mmcpus_cpuset *set)
{
	free(set);
}

struct mmcpus_cpuset *cpuset_clone(const struct mmcpus_cpuset *set)
{
	struct mmcpus_cpuset *clone = mmcpus_cpuset_create(set->nr_cpus);

	if (clone)
		mmcpus_cpuset_copy(clone, set);
	return clone;
}

/* Word of a set; beyond its width there are no members. */
static uint64_t word_at(const struct mmcpus_cpuset *set, uint32_t index)
{
	return index < cpuset_nr_words(set->nr_cpus) ? set->words[index] : 0;
}

uint32_t mmcpus_cpuset_width(const struct mmcpus_cpuset *set)
{
	return set->nr_cpus;
}

/* Without the instruction, which not every x86 has, the compiler calls a function that looks up each byte in a table. */
static uint32_t count_bits(uint64_t word)
{
	word -= word >> 1 & UINT64_C(0x5555555555555555);
	word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
	word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
}

uint32_t mmcpus_cpuset_count(const struct mmcpus_cpuset *set)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < cpuset_nr_words(set->nr_cpus); i++)
		count += count_bits(set->words[i]);
	return count;
}

bool mmcpus_cpuset_has(const struct mmcpus_cpuset *set, uint32_t cpu)
{
	return word_at(set, cpu / 64) >> cpu % 64 & 1;
}

bool mmcpus_cpuset_is_empty(const struct mmcpus_cpuset *set)
{
	uint32_t first;

	return !mmcpus_cpuset_next(set, 0, &first);
}

static uint32_t nr_words_of_wider(const struct mmcpus_cpuset *a, const struct mmcpus_cpuset *b)
{
	return cpuset_nr_words(a->nr_cpus > b->nr_cpus ? a->nr_cpus : b->nr_cpus);
}

bool mmcpus_cpuset_is_equal(const struct mmcpus_cpuset *a, const struct mmcpus_cpuset *b)
{
	for (uint32_t i = 0; i < nr_words_of_wider(a, b); i++)
		if (word_at(a, i) != word_at(b, i))
			return false;
	return true;
}

bool mmcpus_cpuset_is_subset(const struct mmcpus_cpuset *a, const struct mmcpus_cpuset *of)
{
	for (uint32_t i = 0; i < cpuset_nr_words(a->nr_cpus); i++)
		if (a->words[i] & ~word_at(of, i))
			return false;
	return true;
}

bool mmcpus_cpuset_intersects(const struct mmcpus_cpuset *a, const struct mmcpus_cpuset *b)
{
	for (uint32_t i = 0; i < cpuset_nr_words(a->nr_cpus); i++)
		if (a->words[i] & word_at(b, i))
			return true;
	return false;
}

int mmcpus_cpuset_add(struct mmcpus_cpuset *set, uint32_t cpu)
{
	if (cpu >= set->nr_cpus)
		return -ERANGE;
	set->words[cpu / 64] |= UINT64_C(1) << cpu % 64;
	return 0;
}

void mmcpus_cpuset_remove(struct mmcpus_cpuset *set, uint32_t cpu)
{
	if (cpu < set->nr_cpus)
		set->words[cpu / 64] &= ~(UINT64_C(1) << cpu % 64);
}

void mmcpus_cpuset_clear(struct mmcpus_cpuset *set)
{
	cpuset_init(set, set->nr_cpus);
}

/* After words of a wider set went in: keep to the width. */
static void trim(struct mmcpus_cpuset *set)
{
	set->words[cpuset_nr_words(set->nr_cpus) - 1] &= cpuset_last_word(set->nr_cpus);
}

void mmcpus_cpuset_copy(struct mmcpus_cpuset *set, const struct mmcpus_cpuset *other)
{
	for (uint32_t i = 0; i < cpuset_nr_words(set->nr_cpus); i++)
		set->words[i] = word_at(other, i);
	trim(set);
}

void mmcpus_cpuset_or(struct mmcpus_cpuset *set, const struct mmcpus_cpuset *other)
{
	for (uint32_t i = 0; i < cpuset_nr_words(set->nr_cpus); i++)
		set->words[i] |= word_at(other, i);
	trim(set);
}

void mmcpus_cpuset_and(struct mmcpus_cpuset *set, const struct mmcpus_cpuset *other)
{
	for (uint32_t i = 0; i < cpuset_nr_words(set->nr_cpus); i++)
		set->words[i] &= word_at(other, i);
}

void mmcpus_cpuset_andnot(struct mmcpus_cpuset *set, const struct mmcpus_cpuset *other)
{
	for (uint32_t i = 0; i < cpuset_nr_words(set->nr_cpus); i++)
		set->words[i] &= ~word_at(other, i);
}

int mmcpus_cpuset_next(const struct mmcpus_cpuset *set, uint32_t from, uint32_t *ret)
{
	uint64_t skip = UINT64_MAX << from % 64;

	for (uint32_t i = from / 64; i < cpuset_nr_words(set->nr_cpus); i++) {
		uint64_t word = set->words[i] & skip;

		if (word) {
			*ret = i * 64 + (uint32_t)__builtin_ctzll(word);
			return 1;
		}
		skip = UINT64_MAX;
	}
	return 0;
}
