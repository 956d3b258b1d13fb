/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU sets as text: both formats exactly as the kernel reads and prints them. */
#include "unit.h"

#include "cpuset.h"

static const struct {
	uint32_t width;
	const char *list; /* as %*pbl prints it */
	const char *mask; /* as %*pb prints it */
} formats[] = {
	/* digits of the first group go by the width, up to the next four bits */
	{ 1, "", "0" },
	{ 1, "0", "1" },
	{ 2, "0-1", "3" },
	{ 2, "1", "2" },
	{ 4, "0-3", "f" },
	{ 4, "2", "4" },
	{ 5, "4", "10" },
	{ 6, "0-5", "3f" },
	{ 6, "", "00" },
	{ 6, "0", "01" },
	{ 8, "0,2,4,6", "55" },
	{ 12, "11", "800" },
	{ 31, "0-30", "7fffffff" },
	{ 31, "30", "40000000" },
	{ 31, "", "00000000" },
	{ 32, "0-31", "ffffffff" },
	{ 32, "0,31", "80000001" },
	/* following groups have eight */
	{ 33, "0-32", "1,ffffffff" },
	{ 33, "32", "1,00000000" },
	{ 33, "0", "0,00000001" },
	{ 36, "35", "8,00000000" },
	{ 37, "36", "10,00000000" },
	{ 64, "0-63", "ffffffff,ffffffff" },
	{ 64, "0-3,63", "80000000,0000000f" },
	{ 65, "0-64", "1,ffffffff,ffffffff" },
	{ 65, "64", "1,00000000,00000000" },
	{ 65, "62-64", "1,c0000000,00000000" },
	{ 128, "127", "80000000,00000000,00000000,00000000" },
	{ 130, "", "0,00000000,00000000,00000000,00000000" },
	{ 130, "0,31-32,63-64,95-96,127-129", "3,80000001,80000001,80000001,80000001" },
	/* ranges: two neighbours are a range, too */
	{ 16, "0,2-3,5-7,9,15", "82ed" },
};

static void prints_as_the_kernel(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(formats); i++) {
		struct mmcpus_cpuset *set = set_of(formats[i].width, formats[i].list);
		char list[128];
		char mask[128];

		assert_int_equal(mmcpus_cpuset_format_list(set, list, sizeof(list)), strlen(formats[i].list));
		assert_int_equal(mmcpus_cpuset_format_mask(set, mask, sizeof(mask)), strlen(formats[i].mask));
		check(strcmp(list, formats[i].list) == 0, "width %u: '%s', not '%s'", formats[i].width, list,
		      formats[i].list);
		check(strcmp(mask, formats[i].mask) == 0, "width %u, '%s': '%s', not '%s'", formats[i].width, list,
		      mask, formats[i].mask);
		mmcpus_cpuset_destroy(set);
	}
}

/* Members come from the mask bit by bit, not by way of the list parser. */
static void reads_masks(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(formats); i++) {
		struct mmcpus_cpuset *set = mmcpus_cpuset_create(formats[i].width);

		assert_int_equal(mmcpus_cpuset_parse_mask(set, formats[i].mask, NULL), 0);
		assert_set(set, formats[i].list);
		mmcpus_cpuset_destroy(set);
	}
}

static void widest_mask(void **state)
{
	struct mmcpus_cpuset *set = set_of(8192, "0,8191");
	static char mask[256 * 9];
	static char expected[256 * 9];

	(void)state;
	strcpy(expected, "80000000");
	for (int i = 0; i < 254; i++)
		strcat(expected, ",00000000");
	strcat(expected, ",00000001");
	assert_int_equal(mmcpus_cpuset_format_mask(set, mask, sizeof(mask)), sizeof(mask) - 1);
	assert_string_equal(mask, expected);
	mmcpus_cpuset_clear(set);
	assert_int_equal(mmcpus_cpuset_parse_mask(set, mask, NULL), 0);
	assert_set(set, "0,8191");
	mmcpus_cpuset_destroy(set);
}

static void widest_list(void **state)
{
	struct mmcpus_cpuset *set = set_of(8192, "all");

	(void)state;
	assert_int_equal(mmcpus_cpuset_count(set), 8192);
	assert_set(set, "0-8191");
	assert_int_equal(mmcpus_cpuset_parse_list(set, "8190,0-1,8191", NULL), 0);
	assert_set(set, "0-1,8190-8191");
	mmcpus_cpuset_destroy(set);
}

static void reads_lists(void **state)
{
	static const struct {
		uint32_t width;
		const char *text;
		const char *expected;
	} cases[] = {
		{ 8, "", "" },
		{ 8, "\n", "" },
		{ 8, " \t ", "" },
		{ 8, ",", "" },
		{ 8, ",,1,,", "1" },
		{ 8, "0", "0" },
		{ 8, "0-3\n", "0-3" },
		{ 8, "3-3", "3" },
		{ 8, "7,1,0", "0-1,7" },
		{ 8, "0-3,2-5", "0-5" },
		{ 8, "1 3", "1,3" },
		{ 8, " 1, 3 ", "1,3" },
		{ 8, "007", "7" },
		/* names of numbers */
		{ 8, "N", "7" },
		{ 8, "0-N", "0-7" },
		{ 8, "6-N", "6-7" },
		{ 8, "N-N", "7" },
		{ 1, "N", "0" },
		{ 8, "all", "0-7" },
		{ 8, "ALL", "0-7" },
		{ 8, "All,1", "0-7" },
		{ 8, "all:1/2", "0,2,4,6" },
		/* strides: of each group of so many, the first so many */
		{ 64, "0-31:2/8", "0-1,8-9,16-17,24-25" },
		{ 64, "0-9:1/1", "0-9" },
		{ 64, "0-9:0/3", "" },
		{ 64, "0-9:3/3", "0-9" },
		{ 64, "5-11:1/3", "5,8,11" },
		{ 64, "5-11:2/3", "5-6,8-9,11" },
		{ 64, "0-5:1/100", "0" },
		{ 64, "4-5:2/100,63", "4-5,63" },
		{ 16, "0-N:1/N", "0,15" },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct mmcpus_cpuset *set = set_of(cases[i].width, "0"); /* what was there goes */
		size_t offset = 4711;
		char list[128];
		int err = mmcpus_cpuset_parse_list(set, cases[i].text, &offset);

		mmcpus_cpuset_format_list(set, list, sizeof(list));
		check(err == 0, "'%s': %d at %zu", cases[i].text, err, offset);
		check(strcmp(list, cases[i].expected) == 0, "'%s': '%s'", cases[i].text, list);
		mmcpus_cpuset_destroy(set);
	}
}

static void refuses_lists(void **state)
{
	static const struct {
		const char *text; /* for a width of 8 */
		int err;
		size_t offset;
	} cases[] = {
		{ "3-1", -EINVAL, 0 },
		{ "0-", -EINVAL, 0 },
		{ "0,2-", -EINVAL, 2 },
		{ "-1", -EINVAL, 0 },
		{ "-", -EINVAL, 0 },
		{ "a", -EINVAL, 0 },
		{ "n", -EINVAL, 0 },
		{ "0x1", -EINVAL, 0 },
		{ "1,,x", -EINVAL, 3 },
		{ "1, 2,x3", -EINVAL, 5 },
		{ "1;2", -EINVAL, 0 },
		{ "1.5", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "0--3", -EINVAL, 0 },
		{ "0-1-2", -EINVAL, 0 },
		{ "0,1:2", -EINVAL, 2 },
		{ "1:2", -EINVAL, 0 },
		{ "1:2/3", -EINVAL, 0 },
		{ "0-3:", -EINVAL, 0 },
		{ "0-3:1", -EINVAL, 0 },
		{ "0-3:1/", -EINVAL, 0 },
		{ "0-3:/2", -EINVAL, 0 },
		{ "0-3:5/4", -EINVAL, 0 },
		{ "0-3:1/0", -EINVAL, 0 },
		{ "0-3:0/0", -EINVAL, 0 },
		{ "0-3:1/2x", -EINVAL, 0 },
		{ "allx", -EINVAL, 0 },
		{ "al", -EINVAL, 0 },
		{ "0-all", -EINVAL, 0 },
		{ "\xc2\xb2", -EINVAL, 0 },
		{ "8", -ERANGE, 0 },
		{ "0-8", -ERANGE, 0 },
		{ "0-7,8", -ERANGE, 4 },
		{ "1, 9", -ERANGE, 3 },
		{ "8192", -ERANGE, 0 },
		{ "2147483647", -ERANGE, 0 },
		{ "99999999999", -EOVERFLOW, 0 },
		{ "1,0-99999999999", -EOVERFLOW, 2 },
		{ "0-1:99999999999/4", -EOVERFLOW, 0 },
		{ "0-1:1/99999999999", -EOVERFLOW, 0 },
		{ "99999999999999999999999999999999999999999999", -EOVERFLOW, 0 },
		{ "18446744073709551616", -EOVERFLOW, 0 }, /* 2^64 is not 0 */
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct mmcpus_cpuset *set = set_of(8, "5");
		size_t offset = 4711;
		int err = mmcpus_cpuset_parse_list(set, cases[i].text, &offset);

		check(err == cases[i].err && offset == cases[i].offset, "'%s': %d at %zu", cases[i].text, err, offset);
		check(mmcpus_cpuset_is_empty(set), "'%s' left members", cases[i].text);
		assert_int_equal(mmcpus_cpuset_parse_list(set, cases[i].text, NULL), cases[i].err);
		mmcpus_cpuset_destroy(set);
	}
}

static void reads_loose_masks(void **state)
{
	static const struct {
		uint32_t width;
		const char *text;
		const char *expected;
	} cases[] = {
		{ 8, "f", "0-3" },
		{ 8, "F\n", "0-3" },
		{ 8, "fF \t\n", "0-7" },
		{ 8, "0000000f", "0-3" },
		{ 8, "0,00000003", "0-1" }, /* zeros above the width */
		{ 8, "00000000,00000000,00000003", "0-1" },
		{ 64, "1,f", "0-3,32" }, /* groups need not be padded */
		{ 64, "1", "0" },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct mmcpus_cpuset *set = set_of(cases[i].width, "N");
		int err = mmcpus_cpuset_parse_mask(set, cases[i].text, NULL);
		char list[128];

		mmcpus_cpuset_format_list(set, list, sizeof(list));
		check(err == 0 && strcmp(list, cases[i].expected) == 0, "'%s': %d, '%s'", cases[i].text, err, list);
		mmcpus_cpuset_destroy(set);
	}
}

static void refuses_masks(void **state)
{
	static const struct {
		uint32_t width;
		const char *text;
		int err;
		size_t offset;
	} cases[] = {
		{ 8, "g", -EINVAL, 0 },
		{ 8, "0x3", -EINVAL, 0 },
		{ 8, "-1", -EINVAL, 0 },
		{ 64, "x,00000001", -EINVAL, 0 },
		{ 64, "1,0000000x", -EINVAL, 2 },
		{ 64, "(null)", -EINVAL, 0 },
		{ 8, "100", -ERANGE, 0 },
		{ 1, "2", -ERANGE, 0 },
		{ 63, "80000000,00000000", -ERANGE, 0 },
		{ 64, "1,00000000,00000000", -ERANGE, 0 },
		{ 65, "2,00000000,00000000", -ERANGE, 0 },
		{ 64, "123456789", -EOVERFLOW, 0 },
		{ 64, "1,000000001", -EOVERFLOW, 2 },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct mmcpus_cpuset *set = set_of(cases[i].width, "0");
		size_t offset = 4711;
		int err = mmcpus_cpuset_parse_mask(set, cases[i].text, &offset);

		check(err == cases[i].err && offset == cases[i].offset, "'%s': %d at %zu", cases[i].text, err, offset);
		check(mmcpus_cpuset_is_empty(set), "'%s' left members", cases[i].text);
		mmcpus_cpuset_destroy(set);
	}
}

/* 300 groups, the highest with a bit: far beyond the widest set. */
static void refuses_endless_masks(void **state)
{
	struct mmcpus_cpuset *set = mmcpus_cpuset_create(8192);
	char text[300 * 9 + 1] = "1";
	size_t offset = 4711;

	(void)state;
	for (int i = 1; i < 300; i++)
		strcat(text, ",00000000");
	assert_int_equal(mmcpus_cpuset_parse_mask(set, text, &offset), -ERANGE);
	assert_int_equal(offset, 0);
	text[0] = '0';
	assert_int_equal(mmcpus_cpuset_parse_mask(set, text, NULL), 0);
	assert_true(mmcpus_cpuset_is_empty(set));
	mmcpus_cpuset_destroy(set);
}

typedef size_t format_function(const struct mmcpus_cpuset *set, char *buf, size_t size);

/* For every size from 0 on: as much as fits, always a NUL, nothing behind it touched, the whole length returned. */
static void check_truncation(format_function *format, const struct mmcpus_cpuset *set, const char *whole)
{
	size_t length = strlen(whole);

	for (size_t size = 0; size <= length + 2; size++) {
		char buf[128];

		memset(buf, '#', sizeof(buf));
		assert_int_equal(format(set, buf, size), length);
		if (size) {
			size_t kept = size - 1 < length ? size - 1 : length;

			assert_memory_equal(buf, whole, kept);
			assert_int_equal(buf[kept], '\0');
		}
		for (size_t i = size; i < sizeof(buf); i++)
			check(buf[i] == '#', "size %zu: byte %zu was written", size, i);
	}
	assert_int_equal(format(set, NULL, 0), length);
}

static void truncates_as_snprintf(void **state)
{
	struct mmcpus_cpuset *set = set_of(65, "0-3,17,60-64");

	(void)state;
	check_truncation(mmcpus_cpuset_format_list, set, "0-3,17,60-64");
	check_truncation(mmcpus_cpuset_format_mask, set, "1,f0000000,0002000f");
	mmcpus_cpuset_clear(set);
	check_truncation(mmcpus_cpuset_format_list, set, "");
	mmcpus_cpuset_destroy(set);
}

static const uint32_t round_trip_widths[] = { 1, 2, 4, 6, 31, 32, 33, 63, 64, 65, 130, 1024, 8192 };

static void check_round_trip(const struct mmcpus_cpuset *set)
{
	struct mmcpus_cpuset *back = mmcpus_cpuset_create(mmcpus_cpuset_width(set));
	static char text[64 * 1024];

	mmcpus_cpuset_format_list(set, text, sizeof(text));
	assert_int_equal(mmcpus_cpuset_parse_list(back, text, NULL), 0);
	check(mmcpus_cpuset_is_equal(set, back), "list '%s'", text);
	mmcpus_cpuset_format_mask(set, text, sizeof(text));
	assert_int_equal(mmcpus_cpuset_parse_mask(back, text, NULL), 0);
	check(mmcpus_cpuset_is_equal(set, back), "mask '%s'", text);
	mmcpus_cpuset_destroy(back);
}

static void random_sets_round_trip(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < NR(round_trip_widths); i++) {
		struct mmcpus_cpuset *set = mmcpus_cpuset_create(round_trip_widths[i]);

		for (int round = 0; round < 50; round++) {
			fill_random(set, &seed);
			check_round_trip(set);
		}
		mmcpus_cpuset_destroy(set);
	}
}

/* As bitmap_set_region() of the kernel (lib/bitmap-str.c) does it: not the arithmetic of the library. */
static void set_region_as_kernel(struct mmcpus_cpuset *set, uint32_t first, uint32_t last, uint32_t off, uint32_t group)
{
	for (uint32_t start = first; start <= last; start += group)
		for (uint32_t cpu = start; cpu <= last && cpu < start + off; cpu++)
			mmcpus_cpuset_add(set, cpu);
}

static void random_strides_as_kernel(void **state)
{
	struct mmcpus_cpuset *expected = mmcpus_cpuset_create(200);
	struct mmcpus_cpuset *set = mmcpus_cpuset_create(200);
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 1000; round++) {
		uint32_t first = (uint32_t)(next_random(&seed) % 200);
		uint32_t last = first + (uint32_t)(next_random(&seed) % (200 - first));
		uint32_t group = 1 + (uint32_t)(next_random(&seed) % 20);
		uint32_t used = (uint32_t)(next_random(&seed) % (group + 1));
		char text[64];

		snprintf(text, sizeof(text), "%u-%u:%u/%u", first, last, used, group);
		mmcpus_cpuset_clear(expected);
		set_region_as_kernel(expected, first, last, used, group);
		assert_int_equal(mmcpus_cpuset_parse_list(set, text, NULL), 0);
		check(mmcpus_cpuset_is_equal(set, expected), "'%s'", text);
	}
	mmcpus_cpuset_destroy(expected);
	mmcpus_cpuset_destroy(set);
}

static void width_from_list(void **state)
{
	static const struct {
		const char *list;
		uint32_t width; /* 0: malformed */
	} cases[] = {
		{ "0", 1 },         { "0-1\n", 2 },  { "0-3,8-11", 12 },   { "5,2", 6 }, { "", 1 },
		{ "0-8191", 8192 }, { "0-8192", 0 }, { "99999999999", 0 }, { "3-1", 0 }, { "0-x", 0 },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct mmcpus_cpuset *set = cpuset_from_list(cases[i].list);
		uint32_t width = set ? mmcpus_cpuset_width(set) : 0;

		check(width == cases[i].width, "'%s': %u", cases[i].list, width);
		mmcpus_cpuset_destroy(set);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_as_the_kernel),
		cmocka_unit_test(reads_masks),
		cmocka_unit_test(widest_mask),
		cmocka_unit_test(widest_list),
		cmocka_unit_test(reads_lists),
		cmocka_unit_test(refuses_lists),
		cmocka_unit_test(reads_loose_masks),
		cmocka_unit_test(refuses_masks),
		cmocka_unit_test(refuses_endless_masks),
		cmocka_unit_test(truncates_as_snprintf),
		cmocka_unit_test(random_sets_round_trip),
		cmocka_unit_test(random_strides_as_kernel),
		cmocka_unit_test(width_from_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
