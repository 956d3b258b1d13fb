/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU sets: membership and algebra, around the borders of words and widths. */
#include "unit.h"

#include "cpuset.h"

static const uint32_t widths[] = { 1, 2, 63, 64, 65, 127, 128, 129, 8191, 8192 };

static void refuses_bad_widths(void **state)
{
	static const uint32_t bad[] = { 0, MMCPUS_CPUS_MAX + 1, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < NR(bad); i++) {
		errno = 0;
		check(!mmcpus_cpuset_create(bad[i]), "a set of width %u was created", bad[i]);
		assert_int_equal(errno, EINVAL);
	}
	mmcpus_cpuset_destroy(NULL);
}

static void starts_empty(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(widths); i++) {
		struct mmcpus_cpuset *set = mmcpus_cpuset_create(widths[i]);
		uint32_t cpu = 77;

		assert_non_null(set);
		assert_int_equal(mmcpus_cpuset_width(set), widths[i]);
		assert_int_equal(mmcpus_cpuset_count(set), 0);
		assert_true(mmcpus_cpuset_is_empty(set));
		assert_int_equal(mmcpus_cpuset_next(set, 0, &cpu), 0);
		assert_int_equal(cpu, 77);
		mmcpus_cpuset_destroy(set);
	}
}

static void keeps_members_below_width(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(widths); i++) {
		uint32_t width = widths[i];
		struct mmcpus_cpuset *set = mmcpus_cpuset_create(width);

		for (uint32_t cpu = 0; cpu < width; cpu++)
			assert_int_equal(mmcpus_cpuset_add(set, cpu), 0);
		assert_int_equal(mmcpus_cpuset_count(set), width);
		assert_true(mmcpus_cpuset_has(set, width - 1));
		assert_false(mmcpus_cpuset_has(set, width));
		assert_false(mmcpus_cpuset_has(set, UINT32_MAX));
		assert_int_equal(mmcpus_cpuset_add(set, width), -ERANGE);
		assert_int_equal(mmcpus_cpuset_add(set, UINT32_MAX), -ERANGE);
		mmcpus_cpuset_remove(set, width); /* not there, no harm */
		mmcpus_cpuset_remove(set, UINT32_MAX);
		assert_int_equal(mmcpus_cpuset_count(set), width);
		mmcpus_cpuset_remove(set, width - 1);
		mmcpus_cpuset_remove(set, width - 1);
		assert_false(mmcpus_cpuset_has(set, width - 1));
		assert_int_equal(mmcpus_cpuset_count(set), width - 1);
		mmcpus_cpuset_clear(set);
		assert_true(mmcpus_cpuset_is_empty(set));
		assert_int_equal(mmcpus_cpuset_width(set), width);
		mmcpus_cpuset_destroy(set);
	}
}

static void adding_twice_is_adding_once(void **state)
{
	struct mmcpus_cpuset *set = mmcpus_cpuset_create(65);

	(void)state;
	assert_int_equal(mmcpus_cpuset_add(set, 64), 0);
	assert_int_equal(mmcpus_cpuset_add(set, 64), 0);
	assert_int_equal(mmcpus_cpuset_count(set), 1);
	assert_false(mmcpus_cpuset_has(set, 0)); /* 64 is not 0 of the next word */
	assert_false(mmcpus_cpuset_has(set, 128));
	mmcpus_cpuset_destroy(set);
}

static void next_finds_the_smallest_from(void **state)
{
	static const struct {
		uint32_t from;
		int found;
		uint32_t cpu;
	} cases[] = {
		{ 0, 1, 0 },      { 1, 1, 63 },     { 63, 1, 63 },      { 64, 1, 64 },          { 65, 1, 130 },
		{ 127, 1, 130 },  { 128, 1, 130 },  { 130, 1, 130 },    { 131, 1, 8191 },       { 8191, 1, 8191 },
		{ 8192, 0, 999 }, { 8193, 0, 999 }, { 100000, 0, 999 }, { UINT32_MAX, 0, 999 },
	};
	struct mmcpus_cpuset *set = set_of(8192, "0,63-64,130,8191");

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		uint32_t cpu = 999;
		int found = mmcpus_cpuset_next(set, cases[i].from, &cpu);

		check(found == cases[i].found && cpu == cases[i].cpu, "from %u: %d, %u", cases[i].from, found, cpu);
	}
	mmcpus_cpuset_destroy(set);
}

static void iteration_visits_each_member_once(void **state)
{
	uint64_t seed = 42;

	(void)state;
	for (size_t i = 0; i < NR(widths); i++) {
		struct mmcpus_cpuset *set = mmcpus_cpuset_create(widths[i]);
		uint32_t nr_visited = 0;
		uint32_t expected = 0;

		fill_random(set, &seed);
		for (uint32_t cpu = 0; mmcpus_cpuset_next(set, cpu, &cpu); cpu++) {
			for (; expected < cpu; expected++)
				check(!mmcpus_cpuset_has(set, expected), "%u was skipped", expected);
			assert_true(mmcpus_cpuset_has(set, cpu));
			expected = cpu + 1;
			nr_visited++;
		}
		assert_int_equal(nr_visited, mmcpus_cpuset_count(set));
		mmcpus_cpuset_destroy(set);
	}
}

/* What each operation does to a set, widths equal and not. */
static const struct {
	uint32_t width;
	const char *set;
	uint32_t other_width;
	const char *other;
	const char *copy, * or, *and, *andnot;
} algebra[] = {
	{ 1, "", 1, "0", "0", "0", "", "" },
	{ 1, "0", 1, "0", "0", "0", "0", "" },
	{ 8, "0-3", 8, "2-5", "2-5", "0-5", "2-3", "0-1" },
	{ 64, "0,63", 64, "63", "63", "0,63", "63", "0" },
	{ 65, "0,63-64", 65, "1,64", "1,64", "0-1,63-64", "64", "0,63" },
	{ 8192, "0,8191", 8192, "64-127,8191", "64-127,8191", "0,64-127,8191", "8191", "0" },
	/* the other is narrower: what it lacks is 0 */
	{ 65, "0,64", 1, "0", "0", "0,64", "0", "64" },
	{ 8192, "5,8191", 64, "5-6", "5-6", "5-6,8191", "5", "8191" },
	{ 64, "0-63", 63, "0-62", "0-62", "0-63", "0-62", "63" },
	{ 200, "190", 129, "128", "128", "128,190", "", "190" },
	/* the other is wider: what does not fit is left out */
	{ 1, "0", 8192, "0-8191", "0", "0", "0", "" },
	{ 63, "1", 64, "1,63", "1", "1", "1", "" },
	{ 65, "3", 128, "64-127", "64", "3,64", "", "3" },
	{ 100, "", 8192, "99-8191", "99", "99", "", "" },
};

static void check_operation(size_t i, void (*operate)(struct mmcpus_cpuset *, const struct mmcpus_cpuset *),
			    const char *expected)
{
	struct mmcpus_cpuset *set = set_of(algebra[i].width, algebra[i].set);
	struct mmcpus_cpuset *other = set_of(algebra[i].other_width, algebra[i].other);

	operate(set, other);
	assert_set(set, expected);
	assert_int_equal(mmcpus_cpuset_width(set), algebra[i].width);
	assert_set(other, algebra[i].other); /* untouched */
	mmcpus_cpuset_destroy(set);
	mmcpus_cpuset_destroy(other);
}

static void copies(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(algebra); i++)
		check_operation(i, mmcpus_cpuset_copy, algebra[i].copy);
}

static void unites(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(algebra); i++)
		check_operation(i, mmcpus_cpuset_or, algebra[i].or);
}

static void intersects(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(algebra); i++)
		check_operation(i, mmcpus_cpuset_and, algebra[i].and);
}

static void subtracts(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(algebra); i++)
		check_operation(i, mmcpus_cpuset_andnot, algebra[i].andnot);
}

static void operates_on_itself(void **state)
{
	struct mmcpus_cpuset *set = set_of(130, "0,64,129");

	(void)state;
	mmcpus_cpuset_copy(set, set);
	mmcpus_cpuset_or(set, set);
	mmcpus_cpuset_and(set, set);
	assert_set(set, "0,64,129");
	mmcpus_cpuset_andnot(set, set);
	assert_true(mmcpus_cpuset_is_empty(set));
	mmcpus_cpuset_destroy(set);
}

static void compares(void **state)
{
	static const struct {
		uint32_t a_width;
		const char *a;
		uint32_t b_width;
		const char *b;
		bool is_equal, is_subset, is_superset, intersects;
	} cases[] = {
		{ 8, "", 8, "", true, true, true, false },
		{ 1, "0", 1, "0", true, true, true, true },
		{ 8, "", 8, "1", false, true, false, false },
		{ 8, "1", 8, "1-2", false, true, false, true },
		{ 8, "1", 8, "2", false, false, false, false },
		{ 8, "1-2", 8, "2-3", false, false, false, true },
		{ 65, "64", 65, "64", true, true, true, true },
		{ 65, "63", 65, "64", false, false, false, false },
		/* the width itself does not tell sets apart */
		{ 1, "0", 8192, "0", true, true, true, true },
		{ 8192, "", 1, "", true, true, true, false },
		{ 64, "63", 65, "63-64", false, true, false, true },
		{ 8192, "8191", 64, "", false, false, true, false },
		{ 8192, "0,8191", 64, "0", false, false, true, true },
		{ 64, "0", 8192, "64", false, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct mmcpus_cpuset *a = set_of(cases[i].a_width, cases[i].a);
		struct mmcpus_cpuset *b = set_of(cases[i].b_width, cases[i].b);

		check(mmcpus_cpuset_is_equal(a, b) == cases[i].is_equal, "case %zu: equal", i);
		check(mmcpus_cpuset_is_equal(b, a) == cases[i].is_equal, "case %zu: equal, turned", i);
		check(mmcpus_cpuset_is_subset(a, b) == cases[i].is_subset, "case %zu: subset", i);
		check(mmcpus_cpuset_is_subset(b, a) == cases[i].is_superset, "case %zu: superset", i);
		check(mmcpus_cpuset_intersects(a, b) == cases[i].intersects, "case %zu: intersects", i);
		check(mmcpus_cpuset_intersects(b, a) == cases[i].intersects, "case %zu: intersects, turned", i);
		mmcpus_cpuset_destroy(a);
		mmcpus_cpuset_destroy(b);
	}
}

/* The laws of sets, on random ones of random widths. */
static void obeys_the_laws(void **state)
{
	uint64_t seed = 20260101;

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct mmcpus_cpuset *a = mmcpus_cpuset_create(1 + (uint32_t)(next_random(&seed) % 300));
		struct mmcpus_cpuset *b = mmcpus_cpuset_create(1 + (uint32_t)(next_random(&seed) % 300));
		struct mmcpus_cpuset *both = mmcpus_cpuset_create(300);
		struct mmcpus_cpuset *either = mmcpus_cpuset_create(300);
		struct mmcpus_cpuset *only_a;

		fill_random(a, &seed);
		fill_random(b, &seed);
		only_a = cpuset_clone(a);
		mmcpus_cpuset_copy(both, a);
		mmcpus_cpuset_and(both, b);
		mmcpus_cpuset_copy(either, a);
		mmcpus_cpuset_or(either, b);
		mmcpus_cpuset_andnot(only_a, b);
		assert_int_equal(mmcpus_cpuset_count(a) + mmcpus_cpuset_count(b),
				 mmcpus_cpuset_count(both) + mmcpus_cpuset_count(either));
		assert_int_equal(mmcpus_cpuset_count(only_a), mmcpus_cpuset_count(a) - mmcpus_cpuset_count(both));
		assert_true(mmcpus_cpuset_is_subset(both, a) && mmcpus_cpuset_is_subset(a, either));
		assert_false(mmcpus_cpuset_intersects(only_a, b));
		assert_int_equal(mmcpus_cpuset_intersects(a, b), !mmcpus_cpuset_is_empty(both));
		assert_int_equal(mmcpus_cpuset_is_subset(a, b), mmcpus_cpuset_is_empty(only_a));
		mmcpus_cpuset_or(only_a, both);
		assert_true(mmcpus_cpuset_is_equal(only_a, a));
		mmcpus_cpuset_destroy(a);
		mmcpus_cpuset_destroy(b);
		mmcpus_cpuset_destroy(both);
		mmcpus_cpuset_destroy(either);
		mmcpus_cpuset_destroy(only_a);
	}
}

static void clones(void **state)
{
	struct mmcpus_cpuset *set = set_of(130, "3,129");
	struct mmcpus_cpuset *clone = cpuset_clone(set);

	(void)state;
	assert_non_null(clone);
	assert_int_equal(mmcpus_cpuset_width(clone), 130);
	mmcpus_cpuset_clear(set);
	assert_set(clone, "3,129");
	mmcpus_cpuset_destroy(set);
	mmcpus_cpuset_destroy(clone);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_bad_widths),
		cmocka_unit_test(starts_empty),
		cmocka_unit_test(keeps_members_below_width),
		cmocka_unit_test(adding_twice_is_adding_once),
		cmocka_unit_test(next_finds_the_smallest_from),
		cmocka_unit_test(iteration_visits_each_member_once),
		cmocka_unit_test(copies),
		cmocka_unit_test(unites),
		cmocka_unit_test(intersects),
		cmocka_unit_test(subtracts),
		cmocka_unit_test(operates_on_itself),
		cmocka_unit_test(compares),
		cmocka_unit_test(obeys_the_laws),
		cmocka_unit_test(clones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
