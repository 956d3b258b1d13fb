// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * "7f0c8a400000 bind:0 anon=512 dirty=512 N0=512 kernelpagesize_kB=4": a mapping, its policy, and pages by node. The
 * kernel escapes blanks and "=" in file names. Pages are counted in units of kernelpagesize: 4 KiB also where a
 * transparent huge page is mapped, 2 MiB or 1 GiB in hugetlbfs.
 */
#include "numa_maps.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "number.h"

#define PAGE_SIZE_WORD " kernelpagesize_kB="

/* 0 if the line does not tell. */
static uint64_t page_bytes_of(const char *line)
{
	const char *word = strstr(line, PAGE_SIZE_WORD);
	uint64_t kib;

	return word && parse_u64(word + strlen(PAGE_SIZE_WORD), &kib) && kib <= UINT64_MAX / 1024 ? kib * 1024 : 0;
}

/* Is it "N12=345"? The first word of a line is an address, and no count. */
static bool is_count(const char *word)
{
	size_t digits = strspn(word + (*word == 'N'), "0123456789");

	return *word == 'N' && digits > 0 && word[1 + digits] == '=';
}

static int add_count(const char *word, uint64_t page_bytes, struct node_bytes *ret)
{
	uint64_t bytes;
	uint64_t pages;
	uint64_t sum;
	uint32_t node;

	if (!parse_u32(word + 1, &node) || !parse_u64(strchr(word, '=') + 1, &pages) || node >= NUMA_MAPS_NODES ||
	    !page_bytes || __builtin_mul_overflow(pages, page_bytes, &bytes) ||
	    __builtin_add_overflow(ret->sum, bytes, &sum) || sum > INT64_MAX)
		return -EBADMSG;
	ret->bytes[node] += bytes;
	ret->sum = sum;
	return 0;
}

int numa_maps_add_line(const char *line, struct node_bytes *ret)
{
	uint64_t page_bytes = page_bytes_of(line);
	int err = 0;

	for (const char *word = strchr(line, ' '); word && !err; word = strchr(word, ' ')) {
		word += strspn(word, " ");
		if (is_count(word))
			err = add_count(word, page_bytes, ret);
	}
	return err;
}
