/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu_list.h"

#include <errno.h>
#include <string.h>

#include "message.h"
#include "xalloc.h"

static int fail_list(int err, const char *who, const char *text, size_t offset, uint32_t nr_cpus, char **why)
{
	const char *word = text + offset;
	int length = (int)strcspn(word, ", \t\n");

	if (err == -ERANGE)
		return usage_error(why, "%s: '%.*s' is beyond the last CPU, %u", who, length, word, nr_cpus - 1);
	return usage_error(why, "%s: '%.*s' is not a list of CPUs such as 0-3,8", who, length, word);
}

int cpu_list_parse(struct mmcpus_cpuset *set, const char *who, const char *text, char **why)
{
	size_t offset = 0;
	int err = mmcpus_cpuset_parse_list(set, text, &offset);

	if (err)
		return fail_list(err, who, text, offset, mmcpus_cpuset_width(set), why);
	if (mmcpus_cpuset_is_empty(set))
		return usage_error(why, "%s: '%s' names no CPU", who, text);
	return 0;
}

char *cpu_list_text(const struct mmcpus_cpuset *set)
{
	size_t size = mmcpus_cpuset_format_list(set, NULL, 0) + 1;
	char *text = xcalloc(size, 1);

	mmcpus_cpuset_format_list(set, text, size);
	return text;
}
