/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine made of files: a temporary directory with proc/ and sys/, written by the test, removed after it. */
#ifndef MMCPUS_TESTS_TREE_H
#define MMCPUS_TESTS_TREE_H

#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree {
	char base[PATH_MAX / 4]; /* what lies outside of the machine: base/outside */
	char root[PATH_MAX / 2]; /* base/root */
};

static inline int tree_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -1;
	*state = tree;
	snprintf(tree->base, sizeof(tree->base), "%s/mmcpus-unit-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(tree->base))
		return -1;
	snprintf(tree->root, sizeof(tree->root), "%s/root", tree->base);
	return mkdir(tree->root, 0700);
}

static inline int tree_remove(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static inline int tree_teardown(void **state)
{
	struct tree *tree = *state;
	int err = nftw(tree->base, tree_remove, 16, FTW_DEPTH | FTW_PHYS);

	free(tree);
	return err;
}

/* A test with a tree of its own. */
#define tree_test(test) cmocka_unit_test_setup_teardown(test, tree_setup, tree_teardown)

static inline char *tree_path(const struct tree *tree, const char *path)
{
	static char buf[PATH_MAX];

	snprintf(buf, sizeof(buf), "%s/%s", tree->root, path);
	return buf;
}

static inline void make_parents(char *path)
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		check(mkdir(path, 0700) == 0 || errno == EEXIST, "mkdir %s: %s", path, strerror(errno));
		*slash = '/';
	}
}

static inline void tree_mkdir(const struct tree *tree, const char *path)
{
	char *full = tree_path(tree, path);

	make_parents(full);
	check(mkdir(full, 0700) == 0 || errno == EEXIST, "mkdir %s: %s", full, strerror(errno));
}

static inline void tree_write_bytes(const struct tree *tree, const char *path, const void *bytes, size_t nr)
{
	char *full = tree_path(tree, path);
	FILE *file;

	make_parents(full);
	file = fopen(full, "w");
	if (!file) {
		fail_msg("%s: %s", full, strerror(errno));
		return; /* never: but not every reader knows cmocka */
	}
	assert_int_equal(fwrite(bytes, 1, nr, file), nr);
	assert_int_equal(fclose(file), 0);
}

static inline void tree_write(const struct tree *tree, const char *path, const char *text)
{
	tree_write_bytes(tree, path, text, strlen(text));
}

static inline void tree_link(const struct tree *tree, const char *path, const char *target)
{
	char *full = tree_path(tree, path);

	make_parents(full);
	assert_int_equal(symlink(target, full), 0);
}

static inline void tree_fifo(const struct tree *tree, const char *path)
{
	char *full = tree_path(tree, path);

	make_parents(full);
	assert_int_equal(mkfifo(full, 0600), 0);
}

#endif
