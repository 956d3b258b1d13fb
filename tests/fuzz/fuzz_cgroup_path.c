/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The path that is found is one of a line of the text; and that of v2 is found wherever its line stands. */
#include "fuzz.h"

#include "cgroup.h"

static void fuzz_text(const char *original)
{
	char *text = strdup(original);
	char *path;
	size_t end;

	must(text);
	path = cgroup_path_in(text);
	if (path) {
		end = (size_t)(path - text) + strlen(path);
		must(path > text + 1 && end <= strlen(original));
		must(path[0] == '/' && original[path - text - 1] == ':');
		must(!strchr(path, '\n') && (original[end] == '\n' || original[end] == '\0'));
		must(strncmp(path, original + (path - text), strlen(path)) == 0);
	}
	free(text);
}

/* Lines before it must not hide it, unless one of them is a line of v2 itself. */
static void fuzz_v2(const char *before)
{
	size_t size = strlen(before) + 64;
	char *text = malloc(size);
	const char *path;

	must(text);
	snprintf(text, size, "%s\n0::/expected\n", before);
	path = cgroup_path_in(text);
	must(path);
	must(strstr(before, "::/") || strcmp(path, "/expected") == 0);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	with_string(data, size, fuzz_text);
	with_string(data, size, fuzz_v2);
	return 0;
}
