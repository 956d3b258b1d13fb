/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading small files of a captured machine, which may come from anybody. */
#include "tree.h"

#include "root.h"

static const struct tree *tree_of(void **state)
{
	return *state;
}

/* The root of a tree that holds at least proc/. */
static struct root open_tree(const struct tree *tree)
{
	struct root root;

	tree_mkdir(tree, "proc");
	assert_int_equal(root_init(&root, tree->root, NULL), 0);
	return root;
}

static void refuses_a_missing_directory(void **state)
{
	struct mmcpus_reason why = { 0 };
	char *path = tree_path(tree_of(state), "nowhere");
	struct root root;

	assert_int_equal(root_init(&root, path, &why), -ENOENT);
	assert_non_null(strstr(why.what, path));
	assert_int_equal(root_init(&root, path, NULL), -ENOENT);
}

static void refuses_a_directory_without_proc(void **state)
{
	struct mmcpus_reason why = { 0 };
	struct root root;

	tree_mkdir(tree_of(state), "sys");
	assert_int_equal(root_init(&root, tree_of(state)->root, &why), -ENOENT);
	assert_non_null(strstr(why.what, tree_of(state)->root));
	assert_true(why.remedy[0]);
}

static void refuses_a_file(void **state)
{
	struct root root;

	tree_write(tree_of(state), "proc", "a file");
	assert_true(root_init(&root, tree_path(tree_of(state), "proc"), NULL) < 0);
}

static void knows_this_machine(void **state)
{
	static const char *const names[] = { NULL, "/" };

	(void)state;
	for (size_t i = 0; i < NR(names); i++) {
		struct root root;

		assert_int_equal(root_init(&root, names[i], NULL), 0);
		assert_true(root.is_live);
		root_deinit(&root);
	}
}

static void reads_a_file(void **state)
{
	struct root root = open_tree(tree_of(state));
	struct text text = { 0 };

	assert_false(root.is_live);
	tree_write(tree_of(state), "proc/1/status", "Name:\tinit\n");
	assert_int_equal(root_read(&root, "proc/1/status", &text), 0);
	assert_string_equal(text.data, "Name:\tinit\n");
	assert_int_equal(text.length, 11);
	tree_write(tree_of(state), "proc/1/status", "x"); /* a shorter one into the same buffer */
	assert_int_equal(root_read(&root, "proc/1/status", &text), 0);
	assert_string_equal(text.data, "x");
	tree_write(tree_of(state), "proc/1/status", "");
	assert_int_equal(root_read(&root, "proc/1/status", &text), 0);
	assert_string_equal(text.data, "");
	assert_int_equal(text.length, 0);
	text_deinit(&text);
	root_deinit(&root);
}

static void says_what_is_missing(void **state)
{
	struct root root = open_tree(tree_of(state));
	struct text text = { 0 };
	struct root sub;

	assert_int_equal(root_read(&root, "proc/none", &text), -ENOENT);
	assert_int_equal(root_read(&root, "proc", &text), -EISDIR);
	assert_int_equal(root_enter(&root, "proc/1", &sub), -ENOENT);
	tree_write(tree_of(state), "proc/file", "");
	assert_int_equal(root_enter(&root, "proc/file", &sub), -ENOTDIR);
	errno = 0;
	assert_null(root_open_dir(&root, "proc/1"));
	assert_int_equal(errno, ENOENT);
	text_deinit(&text);
	root_deinit(&root);
}

static void reads_up_to_its_limit(void **state)
{
	static const struct {
		size_t bytes;
		int err;
	} cases[] = {
		{ 4095, 0 },
		{ 4096, 0 },
		{ 4097, 0 },
		{ 720 * 1024, 0 },
		{ 1000000, 0 },
		{ TEXT_MAX + 1, -EFBIG },
		{ 3 * TEXT_MAX, -EFBIG },
	};
	struct root root = open_tree(tree_of(state));
	struct text text = { 0 };
	char *bytes = malloc(3 * TEXT_MAX);

	assert_non_null(bytes);
	memset(bytes, 'x', 3 * TEXT_MAX);
	for (size_t i = 0; i < NR(cases); i++) {
		int err;

		tree_write_bytes(tree_of(state), "proc/large", bytes, cases[i].bytes);
		err = root_read(&root, "proc/large", &text);
		check(err == cases[i].err, "%zu bytes: %d", cases[i].bytes, err);
		if (err)
			continue;
		assert_int_equal(text.length, cases[i].bytes);
		assert_int_equal(strlen(text.data), cases[i].bytes);
	}
	free(bytes);
	text_deinit(&text);
	root_deinit(&root);
}

static void refuses_nul_bytes(void **state)
{
	static const struct {
		const char *bytes;
		size_t nr;
	} cases[] = { { "", 1 }, { "a\0b", 3 }, { "ab\0", 3 }, { "\0ab", 3 } };
	struct root root = open_tree(tree_of(state));
	struct text text = { 0 };

	for (size_t i = 0; i < NR(cases); i++) {
		tree_write_bytes(tree_of(state), "proc/nul", cases[i].bytes, cases[i].nr);
		assert_int_equal(root_read(&root, "proc/nul", &text), -EBADMSG);
	}
	tree_write(tree_of(state), "proc/nul", "fine"); /* the buffer is of use still */
	assert_int_equal(root_read(&root, "proc/nul", &text), 0);
	assert_string_equal(text.data, "fine");
	text_deinit(&text);
	root_deinit(&root);
}

/* Links in a capture are made for the machine it was taken on: "/" is the root of the tree. */
static void follows_links_within(void **state)
{
	static const struct {
		const char *link;
		const char *target;
	} cases[] = {
		{ "proc/relative", "1/status" },
		{ "proc/absolute", "/proc/1/status" },
		{ "proc/above", "../../../../proc/1/status" },
	};
	struct root root = open_tree(tree_of(state));
	struct text text = { 0 };

	tree_write(tree_of(state), "proc/1/status", "inside");
	for (size_t i = 0; i < NR(cases); i++) {
		tree_link(tree_of(state), cases[i].link, cases[i].target);
		check(root_read(&root, cases[i].link, &text) == 0, "%s", cases[i].link);
		assert_string_equal(text.data, "inside");
	}
	text_deinit(&text);
	root_deinit(&root);
}

/* Outside lies base/outside/status, which each of these links names. */
static void follows_no_link_out(void **state)
{
	const struct tree *tree = tree_of(state);
	struct root root = open_tree(tree);
	struct text text = { 0 };
	struct root sub;
	char outside[PATH_MAX];

	tree_write(tree, "../outside/status", "secret");
	snprintf(outside, sizeof(outside), "%s/outside", tree->base);
	tree_link(tree, "proc/dir-absolute", outside);
	tree_link(tree, "proc/dir-relative", "../../outside");
	strcat(outside, "/status");
	tree_link(tree, "proc/absolute", outside);
	tree_link(tree, "proc/relative", "../../outside/status");
	tree_link(tree, "proc/chain", "relative");
	assert_int_equal(root_read(&root, "proc/absolute", &text), -ENOENT);
	assert_int_equal(root_read(&root, "proc/relative", &text), -ENOENT);
	assert_int_equal(root_read(&root, "proc/chain", &text), -ENOENT);
	assert_int_equal(root_read(&root, "proc/dir-absolute/status", &text), -ENOENT);
	assert_int_equal(root_read(&root, "proc/dir-relative/status", &text), -ENOENT);
	assert_int_equal(root_read(&root, "../outside/status", &text), -ENOENT);
	assert_int_equal(root_enter(&root, "proc/dir-absolute", &sub), -ENOENT);
	assert_int_equal(root_enter(&root, "proc/dir-relative", &sub), -ENOENT);
	assert_null(root_open_dir(&root, "proc/dir-absolute"));
	assert_null(root_open_dir(&root, "proc/dir-relative"));
	text_deinit(&text);
	root_deinit(&root);
}

/* The directory of a process is a root of its own: nothing leads out of it, not even to the rest of the tree. */
static void entered_directory_is_a_root(void **state)
{
	const struct tree *tree = tree_of(state);
	struct root root = open_tree(tree);
	struct text text = { 0 };
	struct root process;

	tree_write(tree, "proc/1/status", "one");
	tree_write(tree, "proc/2/status", "two");
	tree_link(tree, "proc/1/neighbour", "../2/status");
	assert_int_equal(root_enter(&root, "proc/1", &process), 0);
	assert_false(process.is_live);
	assert_int_equal(root_read(&process, "status", &text), 0);
	assert_string_equal(text.data, "one");
	assert_int_equal(root_read(&process, "neighbour", &text), -ENOENT);
	assert_int_equal(root_read(&process, "../2/status", &text), -ENOENT);
	/* and it stays the same directory, whatever is at that path now */
	assert_int_equal(renameat(AT_FDCWD, tree_path(tree, "proc/1"), root.fd, "proc/3"), 0);
	assert_int_equal(root_read(&process, "status", &text), 0);
	assert_string_equal(text.data, "one");
	text_deinit(&text);
	root_deinit(&process);
	root_deinit(&root);
}

static void links_in_circles_end(void **state)
{
	struct root root = open_tree(tree_of(state));
	struct text text = { 0 };

	tree_link(tree_of(state), "proc/a", "b");
	tree_link(tree_of(state), "proc/b", "a");
	assert_int_equal(root_read(&root, "proc/a", &text), -ELOOP);
	text_deinit(&text);
	root_deinit(&root);
}

/* Were it to wait for a writer, the alarm would end the test. */
static void fifo_does_not_hang(void **state)
{
	struct root root = open_tree(tree_of(state));
	struct text text = { 0 };
	char line[16];

	tree_fifo(tree_of(state), "proc/fifo");
	alarm(20);
	if (root_read(&root, "proc/fifo", &text) == 0)
		assert_string_equal(text.data, "");
	root_read_line(&root, "proc/fifo", line, sizeof(line));
	alarm(0);
	text_deinit(&text);
	root_deinit(&root);
}

static void reads_one_line(void **state)
{
	static const struct {
		const char *content;
		int err; /* with room for 8 bytes */
		const char *line;
	} cases[] = {
		{ "", 0, "" },
		{ "\n", 0, "" },
		{ "abc", 0, "abc" },
		{ "abc\n", 0, "abc" },
		{ "abc\ndefghijkl\n", 0, "abc" },
		{ "1234567\n", 0, "1234567" },
		{ "12345678\n", -EFBIG, NULL },
		{ "12345678", -EFBIG, NULL },
	};
	struct root root = open_tree(tree_of(state));

	for (size_t i = 0; i < NR(cases); i++) {
		char line[9] = "########";
		int err;

		tree_write(tree_of(state), "proc/line", cases[i].content);
		err = root_read_line(&root, "proc/line", line, 8);
		check(err == cases[i].err, "'%s': %d", cases[i].content, err);
		if (!err)
			assert_string_equal(line, cases[i].line);
	}
	assert_int_equal(root_read_line(&root, "proc/none", (char[8]){ 0 }, 8), -ENOENT);
	root_deinit(&root);
}

static void lists_a_directory(void **state)
{
	struct root root = open_tree(tree_of(state));
	unsigned int nr = 0;
	struct dirent *entry;
	DIR *dir;

	tree_mkdir(tree_of(state), "proc/1");
	tree_mkdir(tree_of(state), "proc/22");
	dir = root_open_dir(&root, "proc");
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	assert_int_equal(nr, 2);
	closedir(dir);
	root_deinit(&root);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(refuses_a_missing_directory),
		tree_test(refuses_a_directory_without_proc),
		tree_test(refuses_a_file),
		cmocka_unit_test(knows_this_machine),
		tree_test(reads_a_file),
		tree_test(says_what_is_missing),
		tree_test(reads_up_to_its_limit),
		tree_test(refuses_nul_bytes),
		tree_test(follows_links_within),
		tree_test(follows_no_link_out),
		tree_test(entered_directory_is_a_root),
		tree_test(links_in_circles_end),
		tree_test(fifo_does_not_hang),
		tree_test(reads_one_line),
		tree_test(lists_a_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
