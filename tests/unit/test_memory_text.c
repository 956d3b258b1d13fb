/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of maps and numa_maps, and the reader that cuts files into lines. */
#include "unit.h"

#include "lines.h"
#include "numa_maps.h"
#include "proc_maps.h"
#include "proc_sched.h"

static void reads_mappings(void **state)
{
	static const struct {
		const char *line;
		struct proc_map map;
		int err;
	} cases[] = {
		{ "00400000-00452000 r-xp 00000000 08:02 173521      /usr/bin/dbus-daemon",
		  { 0x400000, 0x452000, true },
		  0 },
		{ "7f0000000000-7f0000001000 ---p 00000000 00:00 0 ", { 0x7f0000000000, 0x7f0000001000, false }, 0 },
		{ "1000-2000 ---s", { 0x1000, 0x2000, false }, 0 },
		{ "1000-2000 --xp", { 0x1000, 0x2000, true }, 0 },
		{ "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]",
		  { 0xffffffffff600000, 0xffffffffff601000, true },
		  0 },
		{ "", { 0 }, -EBADMSG },
		{ "1000", { 0 }, -EBADMSG },
		{ "1000-", { 0 }, -EBADMSG },
		{ "1000-2000", { 0 }, -EBADMSG },
		{ "1000-2000 ", { 0 }, -EBADMSG },
		{ "1000-2000 rw-", { 0 }, -EBADMSG },
		{ "1000-2000 rwzp", { 0 }, -EBADMSG },
		{ "2000-1000 rw-p", { 0 }, -EBADMSG },
		{ "1000-1000 rw-p", { 0 }, -EBADMSG },
		{ "-2000 rw-p", { 0 }, -EBADMSG },
		{ "0x1000-2000 rw-p", { 0 }, -EBADMSG },
		{ "1000-2000\trw-p", { 0 }, -EBADMSG },
		{ "10000000000000000-20000000000000000 rw-p", { 0 }, -EBADMSG }, /* 17 digits */
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct proc_map map = { 0 };
		int err = proc_maps_parse_line(cases[i].line, &map);

		check(err == cases[i].err, "'%s': %d", cases[i].line, err);
		check(err || (map.start == cases[i].map.start && map.end == cases[i].map.end &&
			      map.has_access == cases[i].map.has_access),
		      "'%s': %lx-%lx %d", cases[i].line, map.start, map.end, map.has_access);
	}
}

static void counts_pages(void **state)
{
	static const struct {
		const char *line;
		uint64_t kib[3]; /* on nodes 0, 1 and 1023 */
		int err;
	} cases[] = {
		{ "55cabe9ab000 default file=/usr/bin/head mapped=2 N0=2 kernelpagesize_kB=4", { 8 }, 0 },
		{ "7f00 bind:0-1 anon=7 dirty=7 active=0 N0=3 N1=4 kernelpagesize_kB=4", { 12, 16 }, 0 },
		{ "7f00 prefer (many):0,1 huge anon=2 dirty=2 N1=2 kernelpagesize_kB=2048", { 0, 4096 }, 0 },
		{ "7f00 default stack anon=1 dirty=1 N1023=1 kernelpagesize_kB=64", { 0, 0, 64 }, 0 },
		{ "7f00 default", { 0 }, 0 },
		{ "7f00 default file=/a\\040N0\\0755 N0=1 kernelpagesize_kB=4\n", { 4 }, 0 },
		{ "N0=5 default", { 0 }, 0 }, /* the address is no count */
		{ "7f00 default N=5 Nx=1 N0 N0x=1 xN0=5 kernelpagesize_kB=4", { 0 }, 0 },
		{ "7f00 default N0=0 kernelpagesize_kB=4", { 0 }, 0 },
		{ "", { 0 }, 0 },
		{ "7f00 default N0=1", { 0 }, -EBADMSG },
		{ "7f00 default N0=1 kernelpagesize_kB=", { 0 }, -EBADMSG },
		{ "7f00 default N0=1 kernelpagesize_kB=0", { 0 }, -EBADMSG },
		{ "7f00 default N0= kernelpagesize_kB=4", { 0 }, -EBADMSG },
		{ "7f00 default N0=-1 kernelpagesize_kB=4", { 0 }, -EBADMSG },
		{ "7f00 default N1024=1 kernelpagesize_kB=4", { 0 }, -EBADMSG },
		{ "7f00 default N4294967296=1 kernelpagesize_kB=4", { 0 }, -EBADMSG },
		{ "7f00 default N0=18446744073709551615 kernelpagesize_kB=4", { 0 }, -EBADMSG },
		{ "7f00 default N0=1 kernelpagesize_kB=18446744073709551615", { 0 }, -EBADMSG },
		{ "7f00 default N0=2251799813685248 kernelpagesize_kB=4", { 0 }, -EBADMSG }, /* 2^63 bytes */
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct node_bytes *counts = calloc(1, sizeof(*counts));
		int err = numa_maps_add_line(cases[i].line, counts);
		const uint64_t *kib = cases[i].kib;

		check(err == cases[i].err, "'%s': %d", cases[i].line, err);
		check(counts->bytes[0] == kib[0] * 1024 && counts->bytes[1] == kib[1] * 1024 &&
			      counts->bytes[1023] == kib[2] * 1024 && counts->sum == (kib[0] + kib[1] + kib[2]) * 1024,
		      "'%s': %lu %lu %lu", cases[i].line, counts->bytes[0], counts->bytes[1], counts->bytes[1023]);
		free(counts);
	}
}

static void sums_lines_up_to_a_limit(void **state)
{
	struct node_bytes *counts = calloc(1, sizeof(*counts));

	(void)state;
	assert_int_equal(numa_maps_add_line("1 default N0=2251799813685247 kernelpagesize_kB=4", counts), 0);
	assert_int_equal(numa_maps_add_line("2 default N1=1 kernelpagesize_kB=4", counts), -EBADMSG);
	assert_int_equal(numa_maps_add_line("2 default N1=3 kernelpagesize_kB=1", counts), 0);
	assert_int_equal(counts->bytes[1], 3 * 1024);
	assert_int_equal(counts->sum, INT64_MAX - 4095 + 3 * 1024);
	free(counts);
}

static void finds_the_preferred_node(void **state)
{
	static const struct {
		const char *text;
		int32_t node;
		int err;
	} cases[] = {
		{ "a (1, #threads: 1)\nnuma_preferred_nid                           :                   -1\n", -1, 0 },
		{ "a (1, #threads: 1)\nnuma_pages_migrated : 7\nnuma_preferred_nid : 3\ntotal_numa_faults : 5\n", 3,
		  0 },
		{ "numa_preferred_nid : 3\n", 0, -ENODATA }, /* that is a name */
		{ "a\nnuma_preferred_nid :", 0, -ENODATA },
		{ "a\nnuma_preferred_nid  3", 0, -ENODATA },
		{ "a\nnuma_preferred_nid : -2\n", 0, -ENODATA },
		{ "a\nnuma_preferred_nid : 99999999999\n", 0, -ENODATA },
		{ "a\nnuma_preferred_nids : 3\n", 0, -ENODATA },
		{ "a\nx numa_preferred_nid : 3\n", 0, -ENODATA },
		{ "", 0, -ENODATA },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		int32_t node = 4711;
		int err = proc_sched_parse_preferred(cases[i].text, &node);

		check(err == cases[i].err, "'%s': %d", cases[i].text, err);
		check(err || node == cases[i].node, "'%s': %d", cases[i].text, node);
	}
}

/* ------------------------------------------------------------------------------------------------------- lines -- */

static struct line_reader reader_of(const void *bytes, size_t nr)
{
	return lines_of(bytes, nr, LINE_BYTES_MAX);
}

static void cuts_lines(void **state)
{
	static const char *const texts[] = { "a\nbc\n\nd\n", "a\nbc\n\nd" };
	static const char *const lines[] = { "a", "bc", "", "d" };

	(void)state;
	for (size_t i = 0; i < NR(texts); i++) {
		struct line_reader reader = reader_of(texts[i], strlen(texts[i]));
		char *line;

		for (size_t j = 0; j < NR(lines); j++) {
			assert_int_equal(line_reader_next(&reader, &line), 1);
			assert_string_equal(line, lines[j]);
		}
		assert_int_equal(line_reader_next(&reader, &line), 0);
		assert_int_equal(line_reader_next(&reader, &line), 0);
		line_reader_deinit(&reader);
	}
}

static void cuts_many_lines(void **state)
{
	static char text[5 * LINE_BYTES_MAX];
	struct line_reader reader;
	char expected[16];
	char *line;
	size_t length = 0;
	int nr = 0;

	(void)state;
	while (length < sizeof(text) - 16)
		length += (size_t)sprintf(text + length, "line %d\n", nr++);
	reader = reader_of(text, length);
	for (int i = 0; i < nr; i++) {
		sprintf(expected, "line %d", i);
		assert_int_equal(line_reader_next(&reader, &line), 1);
		assert_string_equal(line, expected);
	}
	assert_int_equal(line_reader_next(&reader, &line), 0);
	line_reader_deinit(&reader);
}

static void refuses_what_is_no_text(void **state)
{
	static char text[2 * LINE_BYTES_MAX];
	struct line_reader reader;
	char *line;

	(void)state;
	memset(text, 'x', sizeof(text));
	reader = reader_of(text, sizeof(text));
	assert_int_equal(line_reader_next(&reader, &line), -EBADMSG);
	line_reader_deinit(&reader);
	reader = reader_of(text, LINE_BYTES_MAX - 2);
	assert_int_equal(line_reader_next(&reader, &line), 1);
	assert_int_equal(strlen(line), LINE_BYTES_MAX - 2);
	line_reader_deinit(&reader);
	reader = reader_of("a\0b\n", 4);
	assert_int_equal(line_reader_next(&reader, &line), -EBADMSG);
	line_reader_deinit(&reader);
	reader = reader_of("", 0);
	assert_int_equal(line_reader_next(&reader, &line), 0);
	line_reader_deinit(&reader);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_mappings),
		cmocka_unit_test(finds_the_preferred_node),
		cmocka_unit_test(counts_pages),
		cmocka_unit_test(sums_lines_up_to_a_limit),
		cmocka_unit_test(cuts_lines),
		cmocka_unit_test(cuts_many_lines),
		cmocka_unit_test(refuses_what_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
