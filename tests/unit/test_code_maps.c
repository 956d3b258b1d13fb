/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where code is in a process, from a file made here. */
#include "tree.h"

#include "code_maps.h"

static int read_maps(const struct tree *tree, const char *text, struct code_maps *ret)
{
	struct root root;
	int err;

	tree_write(tree, "proc/7/maps", text);
	assert_int_equal(root_init(&root, tree->root, NULL), 0);
	err = code_maps_read(ret, &root, 7);
	root_deinit(&root);
	return err;
}

static void finds_code_by_its_address(void **state)
{
	struct code_maps maps;

	assert_int_equal(read_maps(*state,
				   "1000-2000 r--p 00000000 fe:00 17                         /bin/a\n"
				   "2000-4000 r-xp 00001000 fe:00 17                         /bin/a\n"
				   "5000-6000 rwxp 00000000 00:00 0 \n"
				   "7000-8000 r-xp 00000000 00:00 0                          [vdso]\n",
				   &maps),
			 0);
	assert_int_equal(maps.nr_maps, 3);
	assert_null(code_maps_find(&maps, 0x1fff));
	assert_null(code_maps_find(&maps, 0x4000));
	assert_string_equal(code_maps_find(&maps, 0x2000)->path, "/bin/a");
	assert_int_equal(code_maps_find(&maps, 0x3fff)->offset, 0x1000);
	assert_int_equal(code_maps_find(&maps, 0x3fff)->inode, 17);
	assert_string_equal(code_maps_find(&maps, 0x5000)->path, "");
	assert_string_equal(code_maps_find(&maps, 0x7abc)->path, "[vdso]");
	code_maps_deinit(&maps);
}

static void a_path_may_hold_anything(void **state)
{
	struct code_maps maps;

	assert_int_equal(read_maps(*state, "2000-4000 r-xp 00001000 fe:00 17    /a b\\012 \x1b[1m(deleted)\n", &maps),
			 0);
	assert_string_equal(code_maps_find(&maps, 0x2000)->path, "/a b\n \x1b[1m(deleted)");
	code_maps_deinit(&maps);
}

static void what_is_no_line_is_left_out(void **state)
{
	struct code_maps maps;

	assert_int_equal(read_maps(*state,
				   "\nx\n2000\n2000-1000 r-xp 0 0:0 1 /a\n2000-3000 r-x 0 0:0 1 /a\n2000-3000\n"
				   "8000-9000 r-xp 0 0:0 1 /b",
				   &maps),
			 0);
	assert_int_equal(maps.nr_maps, 1);
	assert_string_equal(maps.maps[0].path, "/b");
	code_maps_deinit(&maps);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(finds_code_by_its_address),
		tree_test(a_path_may_hold_anything),
		tree_test(what_is_no_line_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
