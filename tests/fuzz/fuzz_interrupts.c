/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text as it is; then numbers of the input as a table that the kernel could have written, below names of other rows. */
#include "input_file.h"

#include "cpuset.h"
#include "interrupts.h"

#define NR_CPUS 64

static int sum(const char *text, const struct mmcpus_cpuset *cpus, struct interrupts_row *ret)
{
	struct line_reader lines;
	int err;

	must(line_reader_init(&lines, input_file((const uint8_t *)text, strlen(text)), INTERRUPTS_LINE_MAX) == 0);
	err = interrupts_sum(&lines, "TLB", cpus, ret);
	line_reader_deinit(&lines);
	must(err == 0 || err == -EBADMSG || err == -ENODATA);
	return err;
}

/* Each column is of one CPU, of this set or of all others; those that the set has no room for are not in it. */
static void fuzz_text(const char *text)
{
	struct mmcpus_cpuset *some = mmcpus_cpuset_create(NR_CPUS);
	struct mmcpus_cpuset *none = mmcpus_cpuset_create(NR_CPUS);
	struct interrupts_row all, row;
	int err = sum(text, NULL, &all);

	must(some && none);
	for (uint32_t cpu = 0; cpu < NR_CPUS; cpu += 2)
		mmcpus_cpuset_add(some, cpu);
	must(sum(text, some, &row) == err);
	must(sum(text, none, &row) == err);
	must(err || (row.sum == 0 && row.columns == 0));
	must(err || strstr(text, "TLB:"));
	mmcpus_cpuset_destroy(some);
	mmcpus_cpuset_destroy(none);
}

static void fuzz_numbers(const uint8_t *data, size_t size)
{
	uint32_t numbers[3];
	struct interrupts_row row;
	struct mmcpus_cpuset *second;
	char text[512];
	char *name;

	if (size < sizeof(numbers))
		return;
	memcpy(numbers, data, sizeof(numbers));
	name = string_of(data + sizeof(numbers), size - sizeof(numbers));
	name[strcspn(name, ":\n")] = '\0';
	second = mmcpus_cpuset_create(NR_CPUS);
	must(second);
	mmcpus_cpuset_add(second, 5);
	snprintf(text, sizeof(text), "     CPU0   CPU5 CPU63\nx%.100s: 7 8 9\n TLB: %u %u %u TLB shootdowns\n", name,
		 numbers[0], numbers[1], numbers[2]);
	must(sum(text, NULL, &row) == 0 && row.sum == (uint64_t)numbers[0] + numbers[1] + numbers[2]);
	must(sum(text, second, &row) == 0 && row.sum == numbers[1]);
	mmcpus_cpuset_destroy(second);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	with_string(data, size, fuzz_text);
	fuzz_numbers(data, size);
	return 0;
}
