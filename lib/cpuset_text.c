// SPDX-License-Identifier: LGPL-2.1-or-later
/* CPU sets as text, in the two formats of the kernel (lib/bitmap-str.c, lib/vsprintf.c). */
#include "cpuset.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* -------------------------------------------------------------------------------------------------- parsing -- */

/* One element of a list: every CPU of first … last whose distance from first, modulo group, is below used. */
struct region {
	uint32_t first;
	uint32_t last;
	uint32_t used;
	uint32_t group;
};

static int parse_number(const char **text, uint32_t nr_cpus, uint32_t *ret)
{
	uint64_t number = 0;

	if (**text == 'N') { /* the highest number of the set */
		(*text)++;
		*ret = nr_cpus - 1;
		return 0;
	}
	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		number = number * 10 + (uint64_t)(**text - '0');
		if (number > INT32_MAX)
			return -EOVERFLOW;
	}
	*ret = (uint32_t)number;
	return 0;
}

static bool is_region_end(char c)
{
	return c == '\0' || c == ',' || isspace((unsigned char)c);
}

/* "all", or "FIRST[-LAST][:USED/GROUP]"; *text is moved to what follows. */
static int parse_region(const char **text, uint32_t nr_cpus, struct region *ret)
{
	int err = 0;

	*ret = (struct region){ .last = nr_cpus - 1, .used = 1, .group = 1 };
	if (strncasecmp(*text, "all", 3) == 0) {
		*text += 3;
	} else {
		err = parse_number(text, nr_cpus, &ret->first);
		ret->last = ret->first;
		if (!err && **text == '-') {
			(*text)++;
			err = parse_number(text, nr_cpus, &ret->last);
		} else if (!err) {
			return is_region_end(**text) ? 0 : -EINVAL;
		}
	}
	if (err || **text != ':')
		return err ? err : is_region_end(**text) ? 0 : -EINVAL;
	(*text)++;
	err = parse_number(text, nr_cpus, &ret->used);
	if (err || **text != '/')
		return err ? err : -EINVAL;
	(*text)++;
	err = parse_number(text, nr_cpus, &ret->group);
	return err ? err : is_region_end(**text) ? 0 : -EINVAL;
}

static int add_region(struct mmcpus_cpuset *set, const struct region *region)
{
	if (region->first > region->last || region->group == 0 || region->used > region->group)
		return -EINVAL;
	if (region->last >= set->nr_cpus)
		return -ERANGE;
	for (uint32_t cpu = region->first; cpu <= region->last; cpu++)
		if ((cpu - region->first) % region->group < region->used)
			mmcpus_cpuset_add(set, cpu);
	return 0;
}

static int fail_parse(struct mmcpus_cpuset *set, int err, size_t offset, size_t *ret_offset)
{
	mmcpus_cpuset_clear(set);
	if (ret_offset)
		*ret_offset = offset;
	return err;
}

int mmcpus_cpuset_parse_list(struct mmcpus_cpuset *set, const char *text, size_t *ret_offset)
{
	const char *next = text;

	mmcpus_cpuset_clear(set);
	for (;;) {
		const char *word;
		struct region region;
		int err;

		while (*next == ',' || isspace((unsigned char)*next))
			next++;
		if (*next == '\0')
			return 0;
		word = next;
		err = parse_region(&next, set->nr_cpus, &region);
		if (!err)
			err = add_region(set, &region);
		if (err)
			return fail_parse(set, err, (size_t)(word - text), ret_offset);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A group of one to eight hexadecimal digits in text[0 … length-1]. */
static int parse_group(const char *text, size_t length, uint32_t *ret)
{
	uint32_t value = 0;

	if (length == 0)
		return -EINVAL;
	if (length > 8)
		return -EOVERFLOW;
	for (size_t i = 0; i < length; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return -EINVAL;
		value = value << 4 | (uint32_t)digit;
	}
	*ret = value;
	return 0;
}

/* Put a 32-bit group at its place, lowest group 0. Zeros above the width are harmless. */
static int add_group(struct mmcpus_cpuset *set, size_t index, uint32_t value)
{
	for (uint32_t bit = 0; bit < 32; bit++)
		if (value >> bit & 1 &&
		    (index > MMCPUS_CPUS_MAX / 32 || mmcpus_cpuset_add(set, (uint32_t)index * 32 + bit)))
			return -ERANGE;
	return 0;
}

int mmcpus_cpuset_parse_mask(struct mmcpus_cpuset *set, const char *text, size_t *ret_offset)
{
	size_t end = strlen(text);

	mmcpus_cpuset_clear(set);
	while (end > 0 && isspace((unsigned char)text[end - 1]))
		end--;
	for (size_t index = 0;; index++) {
		size_t start = end;
		uint32_t value;
		int err;

		while (start > 0 && text[start - 1] != ',')
			start--;
		err = parse_group(text + start, end - start, &value);
		if (!err)
			err = add_group(set, index, value);
		if (err)
			return fail_parse(set, err, start, ret_offset);
		if (start == 0)
			return 0;
		end = start - 1;
	}
}

static uint32_t highest_number(const char *list)
{
	uint64_t highest = 0;

	while (*list) {
		uint64_t number = 0;

		for (; isdigit((unsigned char)*list) && number < MMCPUS_CPUS_MAX; list++)
			number = number * 10 + (uint64_t)(*list - '0');
		if (number > highest)
			highest = number;
		if (*list)
			list++;
	}
	return highest < MMCPUS_CPUS_MAX ? (uint32_t)highest : MMCPUS_CPUS_MAX - 1;
}

struct mmcpus_cpuset *cpuset_from_list(const char *list)
{
	struct mmcpus_cpuset *set = mmcpus_cpuset_create(highest_number(list) + 1);

	if (set && mmcpus_cpuset_parse_list(set, list, NULL)) {
		mmcpus_cpuset_destroy(set);
		return NULL;
	}
	return set;
}

/* -------------------------------------------------------------------------------------------------- printing -- */

/* As snprintf: counts what does not fit any more. */
struct printer {
	char *buf;
	size_t size;
	size_t length;
};

static void print_string(struct printer *out, const char *text)
{
	for (; *text; text++, out->length++)
		if (out->length + 1 < out->size)
			out->buf[out->length] = *text;
}

static size_t print_finish(struct printer *out)
{
	if (out->size)
		out->buf[out->length < out->size ? out->length : out->size - 1] = '\0';
	return out->length;
}

size_t mmcpus_cpuset_format_list(const struct mmcpus_cpuset *set, char *buf, size_t size)
{
	struct printer out = { .buf = buf, .size = size };
	char text[32];
	uint32_t first;

	for (uint32_t from = 0; mmcpus_cpuset_next(set, from, &first);) {
		uint32_t last = first;

		while (mmcpus_cpuset_has(set, last + 1))
			last++;
		if (last > first)
			snprintf(text, sizeof(text), "%s%u-%u", out.length ? "," : "", first, last);
		else
			snprintf(text, sizeof(text), "%s%u", out.length ? "," : "", first);
		print_string(&out, text);
		from = last + 1;
	}
	return print_finish(&out);
}

size_t mmcpus_cpuset_format_mask(const struct mmcpus_cpuset *set, char *buf, size_t size)
{
	struct printer out = { .buf = buf, .size = size };
	uint32_t nr_groups = (set->nr_cpus + 31) / 32;
	uint32_t top_bits = set->nr_cpus - (nr_groups - 1) * 32;
	char text[16];

	for (uint32_t group = nr_groups; group-- > 0;) {
		uint32_t value = (uint32_t)(set->words[group / 2] >> group % 2 * 32);
		bool is_top = group == nr_groups - 1;

		snprintf(text, sizeof(text), "%s%0*x", is_top ? "" : ",", is_top ? (int)(top_bits + 3) / 4 : 8, value);
		print_string(&out, text);
	}
	return print_finish(&out);
}
