// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The first line names the CPUs of the columns, "CPU0 CPU2", for those that are offline have none. The other lines begin
 * with the name of the row and a colon. Blanks differ from kernel to kernel, so that only fields count.
 */
#include "interrupts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "siphash.h"

/* The number of "CPU12"; skips it. */
static bool take_cpu(const char **heading, uint32_t *ret)
{
	const char *word = *heading + strspn(*heading, " \t");

	if (strncmp(word, "CPU", 3) != 0 || !parse_u32(word + 3, ret))
		return false;
	*heading = skip_number(word + 3);
	return true;
}

static int sum_fields(const char *heading, const char *fields, const struct mmcpus_cpuset *cpus,
		      struct interrupts_row *ret)
{
	static const uint64_t no_secret[2];
	uint32_t cpu;

	*ret = (struct interrupts_row){ 0 };
	while (take_cpu(&heading, &cpu)) {
		uint64_t count;

		if (!parse_u64(fields, &count))
			return -EBADMSG;
		fields = skip_number(fields);
		if (cpus && !mmcpus_cpuset_has(cpus, cpu))
			continue;
		ret->sum += count;
		ret->columns ^= siphash(no_secret, cpu);
	}
	return 0;
}

int interrupts_sum(char *text, const char *name, const struct mmcpus_cpuset *cpus, struct interrupts_row *ret)
{
	size_t length = strlen(name);
	char *rest = text;
	char *heading = strsep(&rest, "\n");
	const char *first = heading;
	uint32_t unused;

	if (!take_cpu(&first, &unused))
		return -EBADMSG;
	for (char *line; (line = strsep(&rest, "\n"));) {
		line += strspn(line, " \t");
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			return sum_fields(heading, line + length + 1, cpus, ret);
	}
	return -ENODATA;
}
