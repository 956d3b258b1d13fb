// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the kernel does to the memory of processes on its own: NUMA balancing, collapse into huge pages, merging. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "system.h"

#define MM_DIR  "sys/kernel/mm"
#define THP_DIR MM_DIR "/transparent_hugepage"

/* A directory that is there, but has no such file, tells that the kernel was built without the feature. */
static bool has_dir(const struct root *root, const char *path)
{
	struct root dir;

	if (root_enter(root, path, &dir))
		return false;
	root_deinit(&dir);
	return true;
}

/* "always [madvise] never": the one in brackets, cut out in place. NULL if there is none. */
static char *chosen_word(char *line)
{
	char *start = strchr(line, '[');
	char *end = start ? strchr(start, ']') : NULL;

	if (!end)
		return NULL;
	*end = '\0';
	return start + 1;
}

/* ---------------------------------------------------------------------------------------------------- collapse -- */

/* How much of what is there khugepaged may collapse, from nothing to everything. */
enum collapse {
	COLLAPSE_UNKNOWN,
	COLLAPSE_NEVER,
	COLLAPSE_MADVISE,
	COLLAPSE_ALWAYS,
	COLLAPSE_INHERIT, /* as the file for all sizes says */
};

static enum collapse collapse_of_word(const char *word)
{
	static const struct {
		const char *word;
		enum collapse meaning;
	} words[] = {
		{ "never", COLLAPSE_NEVER },    { "deny", COLLAPSE_NEVER },         { "madvise", COLLAPSE_MADVISE },
		{ "advise", COLLAPSE_MADVISE }, { "within_size", COLLAPSE_ALWAYS }, { "always", COLLAPSE_ALWAYS },
		{ "force", COLLAPSE_ALWAYS },   { "inherit", COLLAPSE_INHERIT },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].meaning;
	return COLLAPSE_UNKNOWN;
}

static enum collapse read_collapse(const struct root *root, const char *path)
{
	char line[128];
	char *word;

	if (root_read_line(root, path, line, sizeof(line)))
		return COLLAPSE_UNKNOWN;
	word = chosen_word(line);
	return word ? collapse_of_word(word) : COLLAPSE_UNKNOWN;
}

/* khugepaged makes pages of the size of a PMD, for which newer kernels have files of their own. */
static enum collapse read_collapse_of_size(const struct root *root, const char *file, enum collapse of_all)
{
	enum collapse of_size;
	uint64_t bytes;
	char line[32];
	char path[128];

	if (root_read_line(root, THP_DIR "/hpage_pmd_size", line, sizeof(line)) || !parse_u64(line, &bytes))
		return of_all;
	snprintf(path, sizeof(path), THP_DIR "/hugepages-%llukB/%s", (unsigned long long)(bytes / 1024), file);
	of_size = read_collapse(root, path);
	return of_size == COLLAPSE_UNKNOWN || of_size == COLLAPSE_INHERIT ? of_all : of_size;
}

static enum collapse read_collapse_of(const struct root *root, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), THP_DIR "/%s", file);
	return read_collapse_of_size(root, file, read_collapse(root, path));
}

/* NULL: unknown, for what is anonymous or for what is shared. */
static const char *khugepaged_word(const struct root *root)
{
	static const char *const names[] = {
		[COLLAPSE_NEVER] = "never",
		[COLLAPSE_MADVISE] = "madvise",
		[COLLAPSE_ALWAYS] = "always",
	};
	enum collapse anonymous = read_collapse_of(root, "enabled");
	enum collapse shared = read_collapse_of(root, "shmem_enabled");

	if (anonymous == COLLAPSE_UNKNOWN)
		return has_dir(root, MM_DIR) && !has_dir(root, THP_DIR) ? names[COLLAPSE_NEVER] : NULL;
	return names[shared > anonymous ? shared : anonymous]; /* a kernel without shmem has no file for it */
}

/* ------------------------------------------------------------------------------------------------ the other two -- */

/* A file that holds a small number. 0 and a copy of it, NULL without memory; -EBADMSG if it is none. */
static int read_switch(const struct root *root, const char *path, char **ret)
{
	uint32_t number;
	char line[32];
	int err = root_read_line(root, path, line, sizeof(line));

	*ret = NULL;
	if (err)
		return err;
	if (!parse_u32(line, &number))
		return -EBADMSG;
	*ret = strdup(line);
	return 0;
}

static char *read_ksm(const struct root *root)
{
	char *run;
	int err = read_switch(root, MM_DIR "/ksm/run", &run);

	return err == -ENOENT && has_dir(root, MM_DIR) ? strdup("0") : run;
}

/* A capture may be older than the wish for this file: only of a running kernel its lack tells something. */
static char *read_numa_balancing(const struct root *root)
{
	char *balancing;
	int err = read_switch(root, "proc/sys/kernel/numa_balancing", &balancing);

	return err == -ENOENT && root->is_live && has_dir(root, "proc/sys/kernel") ? strdup("0") : balancing;
}

void system_read_background(struct mmcpus_system *sys)
{
	const char *collapse = khugepaged_word(&sys->root);

	sys->texts[MMCPUS_SYSTEM_NUMA_BALANCING] = read_numa_balancing(&sys->root);
	sys->texts[MMCPUS_SYSTEM_KHUGEPAGED] = collapse ? strdup(collapse) : NULL;
	sys->texts[MMCPUS_SYSTEM_KSM] = read_ksm(&sys->root);
}
