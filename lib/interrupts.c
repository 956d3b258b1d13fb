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

/* 1 and the fields of the row of that name, 0: there is none. */
static int find_row(struct line_reader *lines, const char *name, const char **ret)
{
	size_t length = strlen(name);
	char *line;
	int got;

	while ((got = line_reader_next(lines, &line)) > 0) {
		line += strspn(line, " \t");
		if (strncmp(line, name, length) == 0 && line[length] == ':') {
			*ret = line + length + 1;
			break;
		}
	}
	return got;
}

static int sum_row(struct line_reader *lines, const char *heading, const char *name, const struct mmcpus_cpuset *cpus,
		   struct interrupts_row *ret)
{
	const char *first = heading;
	const char *fields;
	uint32_t unused;
	int got;

	if (!take_cpu(&first, &unused))
		return -EBADMSG;
	got = find_row(lines, name, &fields);
	if (got <= 0)
		return got < 0 ? got : -ENODATA;
	return sum_fields(heading, fields, cpus, ret);
}

int interrupts_sum(struct line_reader *lines, const char *name, const struct mmcpus_cpuset *cpus,
		   struct interrupts_row *ret)
{
	char *line;
	int got = line_reader_next(lines, &line);
	char *heading;
	int err;

	if (got <= 0)
		return got < 0 ? got : -EBADMSG;
	heading = strdup(line);
	if (!heading)
		return -ENOMEM;
	err = sum_row(lines, heading, name, cpus, ret);
	free(heading);
	return err;
}
