/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the unit tests have in common: checks that say which case of a table failed, sets as text, random numbers. */
#ifndef MMCPUS_TESTS_UNIT_H
#define MMCPUS_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mmcpus/mmcpus.h>

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* Fail with a message of our own, which names the case. */
#define check(condition, ...)                  \
	do {                                   \
		if (!(condition))              \
			fail_msg(__VA_ARGS__); \
	} while (0)

/* A set made from a list; the test fails if there is none. */
static inline struct mmcpus_cpuset *set_of(uint32_t nr_cpus, const char *list)
{
	struct mmcpus_cpuset *set = mmcpus_cpuset_create(nr_cpus);

	assert_non_null(set);
	check(mmcpus_cpuset_parse_list(set, list, NULL) == 0, "%u CPUs: '%s' does not parse", nr_cpus, list);
	return set;
}

/* Compare a set with a list. Our own list parser is not asked: the expectation is compared as text. */
static inline void assert_set(const struct mmcpus_cpuset *set, const char *expected)
{
	char list[64 * 1024];

	assert_non_null(set);
	mmcpus_cpuset_format_list(set, list, sizeof(list));
	assert_string_equal(list, expected);
}

/* xorshift64*: the same numbers on every machine. */
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* Fill a set with runs of members and gaps, as masks of machines look like. */
static inline void fill_random(struct mmcpus_cpuset *set, uint64_t *seed)
{
	uint32_t nr_cpus = mmcpus_cpuset_width(set);
	bool is_member = next_random(seed) & 1;
	uint32_t cpu = 0;

	mmcpus_cpuset_clear(set);
	while (cpu < nr_cpus) {
		uint32_t end = cpu + 1 + (uint32_t)(next_random(seed) % 9);

		for (; cpu < end && cpu < nr_cpus; cpu++)
			if (is_member)
				assert_int_equal(mmcpus_cpuset_add(set, cpu), 0);
		is_member = !is_member;
	}
}

#endif
