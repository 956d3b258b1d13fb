/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz_cpuset.h"

/* Also the reader that makes a set as wide as its text asks for. */
static void fuzz_from_list(const char *text)
{
	struct mmcpus_cpuset *set = cpuset_from_list(text);
	struct mmcpus_cpuset *wide = mmcpus_cpuset_create(MMCPUS_CPUS_MAX);

	must(wide);
	if (set) {
		check_members(set);
		if (!strpbrk(text, "NaA")) { /* these depend on the width */
			must(mmcpus_cpuset_parse_list(wide, text, NULL) == 0);
			must(mmcpus_cpuset_is_equal(set, wide));
		}
	}
	mmcpus_cpuset_destroy(set);
	mmcpus_cpuset_destroy(wide);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = string_of(data, size);

	fuzz_parse(data, size, mmcpus_cpuset_parse_list, ", \t\n\v\f\r");
	fuzz_from_list(text);
	free(text);
	return 0;
}
