/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to hold for a set however it was parsed. Input: two bytes of width, then the text. */
#ifndef MMCPUS_TESTS_FUZZ_CPUSET_H
#define MMCPUS_TESTS_FUZZ_CPUSET_H

#include "fuzz.h"

#include "cpuset.h"

typedef int parse_function(struct mmcpus_cpuset *set, const char *text, size_t *ret_offset);
typedef size_t format_function(const struct mmcpus_cpuset *set, char *buf, size_t size);

/* Half of the widths are small, where most borders are. */
static inline uint32_t width_of(const uint8_t data[2])
{
	uint32_t width = data[0] | (uint32_t)data[1] << 8;

	return 1 + (width & 0x8000 ? width % MMCPUS_CPUS_MAX : width % 140);
}

/* Members found one by one, counted at once, and all below the width, as the words have no stray bits. */
static inline void check_members(const struct mmcpus_cpuset *set)
{
	uint32_t width = mmcpus_cpuset_width(set);
	uint32_t nr = 0;

	for (uint32_t cpu = 0; mmcpus_cpuset_next(set, cpu, &cpu); cpu++) {
		must(cpu < width);
		must(mmcpus_cpuset_has(set, cpu));
		nr++;
	}
	must(nr == mmcpus_cpuset_count(set));
	must(mmcpus_cpuset_is_empty(set) == (nr == 0));
	must((set->words[cpuset_nr_words(width) - 1] & ~cpuset_last_word(width)) == 0);
}

/* Print, read again: the same set. Print again: the same text. Print with less room: the start of it. */
static inline void check_round_trip(const struct mmcpus_cpuset *set, format_function *format, parse_function *parse,
				    size_t room)
{
	size_t length = format(set, NULL, 0);
	char *text = malloc(length + 1);
	char *cut = malloc(room + 1);
	struct mmcpus_cpuset *back = mmcpus_cpuset_create(mmcpus_cpuset_width(set));

	must(text && cut && back);
	must(format(set, text, length + 1) == length && strlen(text) == length);
	must(parse(back, text, NULL) == 0);
	must(mmcpus_cpuset_is_equal(set, back));
	must(format(set, cut, room) == length);
	must(room == 0 || strlen(cut) == (length < room ? length : room - 1));
	must(room == 0 || strncmp(cut, text, strlen(cut)) == 0);
	mmcpus_cpuset_destroy(back);
	free(text);
	free(cut);
}

/* The offending word starts at offset: there is one, and nothing of a word before it. */
static inline void check_error(int err, const char *text, size_t offset, const char *separators)
{
	must(err == -EINVAL || err == -ERANGE || err == -EOVERFLOW);
	must(offset <= strlen(text));
	must(offset == 0 || strchr(separators, text[offset - 1]));
}

static inline void fuzz_parse(const uint8_t *data, size_t size, parse_function *parse, const char *separators)
{
	struct mmcpus_cpuset *set;
	size_t offset = SIZE_MAX;
	char *text;
	int err;

	if (size < 2)
		return;
	set = mmcpus_cpuset_create(width_of(data));
	text = string_of(data + 2, size - 2);
	must(set);
	mmcpus_cpuset_add(set, 0); /* what was there does not count */
	err = parse(set, text, &offset);
	check_members(set);
	if (err) {
		check_error(err, text, offset, separators);
		must(mmcpus_cpuset_is_empty(set));
	} else {
		check_round_trip(set, mmcpus_cpuset_format_list, mmcpus_cpuset_parse_list, data[0] % 32);
		check_round_trip(set, mmcpus_cpuset_format_mask, mmcpus_cpuset_parse_mask, data[0] % 32);
	}
	free(text);
	mmcpus_cpuset_destroy(set);
}

#endif
