/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text as it is; then the input as the name of a thread in a file as the kernel writes it. */
#include "fuzz.h"

#include "proc_sched.h"

static void fuzz_text(const char *text)
{
	int32_t node = -2;

	if (proc_sched_parse_preferred(text, &node) == 0)
		must(node >= -1 && strstr(text, "numa_preferred_nid"));
}

/* Too few to forge the line. */
#define NAME_BYTES 15

static void fuzz_name(const char *name)
{
	char text[256];
	int32_t node;

	snprintf(text, sizeof(text),
		 "%s (4711, #threads: 1)\n---\nnuma_pages_migrated : 5\nnuma_preferred_nid   :  3\n", name);
	must(proc_sched_parse_preferred(text, &node) == 0 && node == 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	with_string(data, size, fuzz_text);
	with_string(data, size < NAME_BYTES ? size : NAME_BYTES, fuzz_name);
	return 0;
}
