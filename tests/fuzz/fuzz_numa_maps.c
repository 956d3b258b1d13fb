/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text as it is, line after line; then numbers of the input as a line that the kernel could have written. */
#include "fuzz.h"

#include "numa_maps.h"

static void check_sum(const struct node_bytes *counts)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < NUMA_MAPS_NODES; i++) {
		must(counts->bytes[i] <= INT64_MAX && sum <= INT64_MAX - counts->bytes[i]);
		sum += counts->bytes[i];
	}
	must(sum == counts->sum);
}

static void fuzz_text(char *text, struct node_bytes *counts)
{
	char *place;

	memset(counts, 0, sizeof(*counts));
	for (char *line = strtok_r(text, "\n", &place); line; line = strtok_r(NULL, "\n", &place)) {
		int err = numa_maps_add_line(line, counts);

		must(err == 0 || err == -EBADMSG);
		check_sum(counts);
	}
}

static void fuzz_numbers(const uint8_t *data, size_t size, struct node_bytes *counts)
{
	uint32_t pages[2];
	uint16_t node;
	char line[256];

	if (size < sizeof(pages) + sizeof(node))
		return;
	memcpy(pages, data, sizeof(pages));
	memcpy(&node, data + sizeof(pages), sizeof(node));
	node = (uint16_t)(1 + node % (NUMA_MAPS_NODES - 1));
	memset(counts, 0, sizeof(*counts));
	snprintf(line, sizeof(line), "7f0c8a400000 bind:0-1 file=/N1\\0755 anon=7 N0=%u N%u=%u kernelpagesize_kB=4",
		 pages[0], node, pages[1]);
	must(numa_maps_add_line(line, counts) == 0);
	must(counts->bytes[0] == pages[0] * UINT64_C(4096) && counts->bytes[node] == pages[1] * UINT64_C(4096));
	check_sum(counts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct node_bytes *counts = malloc(sizeof(*counts));
	char *text = string_of(data, size);

	must(counts);
	fuzz_text(text, counts);
	fuzz_numbers(data, size, counts);
	free(text);
	free(counts);
	return 0;
}
