/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line as it is; then the input as the name in a well-formed line, which must not move any other field. */
#include "fuzz.h"

#include "proc_stat.h"

static void fuzz_line(const char *text)
{
	struct proc_stat stat = { 0 };
	int err = proc_stat_parse(text, &stat);

	must(err == 0 || err == -EBADMSG);
	must(err || (stat.state != '\0' && strchr(text, ')')));
}

/* A name has at most 15 bytes, but what does the parser care. */
static void fuzz_name(const char *name)
{
	size_t size = strlen(name) + 256;
	char *line = malloc(size);
	struct proc_stat stat;

	must(line);
	snprintf(line, size,
		 "7 (%s) D 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 222222 23 24 25 26 27 28 29 30 31 32 33 34 "
		 "35 36 37 38 3939 40 41 42 43 44 45 46 47 48 49 50 51 52\n",
		 name);
	must(proc_stat_parse(line, &stat) == 0);
	must(stat.state == 'D' && stat.start_ticks == 222222 && stat.last_cpu == 3939);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = string_of(data, size);

	fuzz_line(text);
	fuzz_name(text);
	free(text);
	return 0;
}
