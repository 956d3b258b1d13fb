/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text as it is; then the input as the name of a process, written as the kernel does, among well-formed lines. */
#include "fuzz.h"

#include "proc_status.h"

static void check_mask(const struct proc_status *status, enum proc_status_line line, const char *mask, const char *text,
		       size_t size)
{
	must(!(status->lines & line) == !mask);
	if (mask)
		must(mask > text && mask <= text + size && !strchr(mask, '\n'));
}

static void fuzz_text(char *text)
{
	size_t size = strlen(text);
	struct proc_status status;

	proc_status_parse(text, &status);
	must(memchr(status.name, '\0', sizeof(status.name)));
	must(status.lines & STATUS_NAME || status.name[0] == '\0');
	must(!(status.lines & STATUS_TGID) || status.tgid > 0);
	must(!(status.lines & STATUS_PPID) || status.ppid >= 0);
	check_mask(&status, STATUS_ALLOWED, status.allowed_mask, text, size);
	check_mask(&status, STATUS_ACTIVE, status.active_mask, text, size);
}

/* fs/proc/array.c, proc_task_name(): line feed and backslash are escaped, nothing else is. */
static char *escape_name(const char *name, char *to)
{
	for (; *name; name++) {
		if (*name == '\n' || *name == '\\')
			*to++ = '\\';
		*to++ = *name == '\n' ? 'n' : *name;
	}
	*to = '\0';
	return to;
}

static void fuzz_name(const uint8_t *data, size_t size)
{
	char *name = string_of(data, size < 15 ? size : 15);
	struct proc_status status;
	char text[512] = "Name:\t";
	char *end = escape_name(name, text + strlen(text));

	strcpy(end, "\nTgid:\t71\nPPid:\t72\nUid:\t73\t74\t75\t76\nVmRSS:\t      77 kB\nThreads:\t78\n"
		    "Cpus_allowed:\t79\nCpus_active_mm:\t80\n");
	proc_status_parse(text, &status);
	must(status.lines == (1 << 8) - 1);
	must(strcmp(status.name, name) == 0);
	must(status.tgid == 71 && status.ppid == 72 && status.uid == 74 && status.rss_kib == 77 &&
	     status.threads == 78);
	must(strcmp(status.allowed_mask, "79") == 0 && strcmp(status.active_mask, "80") == 0);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = string_of(data, size);

	fuzz_name(data, size);
	fuzz_text(text);
	free(text);
	return 0;
}
