/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz_cpuset.h"

/* Groups of one to eight digits, whatever blanks stand behind the last. */
static bool is_mask(const char *text)
{
	for (;;) {
		size_t length = strspn(text, "0123456789abcdefABCDEF");

		if (length == 0 || length > 8)
			return false;
		text += length;
		if (*text != ',')
			return text[strspn(text, " \t\n\v\f\r")] == '\0';
		text++;
	}
}

/* As wide as the set: eight digits a group and a comma, of the highest group no more digits than its bits need. */
static size_t printed_length(uint32_t nr_cpus)
{
	uint32_t nr_following = (nr_cpus - 1) / 32;

	return (nr_cpus - nr_following * 32 + 3) / 4 + nr_following * 9;
}

static void fuzz_form(uint32_t nr_cpus, const char *text)
{
	struct mmcpus_cpuset *set = mmcpus_cpuset_create(nr_cpus);
	int err;

	must(set);
	err = mmcpus_cpuset_parse_mask(set, text, NULL);
	must(is_mask(text) ? err != -EINVAL && err != -EOVERFLOW : err != 0);
	must(mmcpus_cpuset_format_mask(set, NULL, 0) == printed_length(nr_cpus));
	mmcpus_cpuset_destroy(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 2)
		return 0;
	text = string_of(data + 2, size - 2);
	fuzz_form(width_of(data), text);
	fuzz_parse(data, size, mmcpus_cpuset_parse_mask, ",");
	free(text);
	return 0;
}
