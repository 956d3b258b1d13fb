/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of functions, from a kallsyms made here. */
#include "tree.h"

#include "kernel_symbols.h"

static int find(const struct tree *tree, const char *text, struct kernel_symbol *symbols, size_t nr)
{
	struct root root;
	int err;

	tree_write(tree, "proc/kallsyms", text);
	assert_int_equal(root_init(&root, tree->root, NULL), 0);
	err = kernel_symbols_find(&root, symbols, nr);
	root_deinit(&root);
	return err;
}

static void finds_the_function_around_an_address(void **state)
{
	struct kernel_symbol symbols[] = { { .address = 0x2010 },
					   { .address = 0x1000 },
					   { .address = 0x1fff },
					   { .address = 0x10 },
					   { .address = 0x90000000 } };

	assert_int_equal(find(*state,
			      "0000000000001000 T first\n0000000000002000 t second\n0000000000002008 d data\n"
			      "0000000000001800 t of_module\t[module]\n",
			      symbols, NR(symbols)),
			 0);
	assert_int_equal(symbols[0].address, 0x10);
	assert_int_equal(symbols[0].start, 0);
	assert_string_equal(symbols[1].name, "first");
	assert_int_equal(symbols[1].start, 0x1000);
	assert_string_equal(symbols[2].name, "of_module");
	assert_int_equal(symbols[2].start, 0x1800);
	assert_string_equal(symbols[3].name, "second");
	assert_int_equal(symbols[3].start, 0x2000);
	assert_int_equal(symbols[4].start, 0); /* much too far behind the last */
}

static void knows_hidden_addresses(void **state)
{
	struct kernel_symbol symbol = { .address = 0x1000 };

	assert_int_equal(find(*state, "0000000000000000 T first\n0000000000000000 t second\n", &symbol, 1), -EPERM);
	assert_int_equal(symbol.start, 0);
}

static void bears_lines_that_are_none(void **state)
{
	struct kernel_symbol symbol = { .address = 0x1000 };

	assert_int_equal(find(*state, "\nx\n1000\n1000 T\n0000000000001000 T good\nffff", &symbol, 1), 0);
	assert_string_equal(symbol.name, "good");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(finds_the_function_around_an_address),
		tree_test(knows_hidden_addresses),
		tree_test(bears_lines_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
