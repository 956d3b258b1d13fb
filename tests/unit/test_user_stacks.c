/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks of a process that is made of files. Its program is this test itself, whose functions are known. */
#include "tree.h"

#include <malloc.h>

#include "code_maps.h"
#include "shootdown_groups.h"
#include "user_stacks.h"

#define PID          7
#define MM_ID        300
#define CODE         0x400000ul /* where its program is mapped */
#define NS_PER_S     1000000000ul
#define FIELDS_23_38 " 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0" /* of stat; the next is the CPU */
#define PROGRAM      "proc/7/root/bin/program"

static struct shootdown_stack stack;
static const uint64_t *const addresses = stack.frames;
static const struct row_stacks the_stack = { .user = &stack };

/* ------------------------------------------------------------------------------------------------------ the process -- */

static __attribute__((noinline)) int some_function(int number)
{
	return number ^ 0x5a;
}

/* Where this test's code is. */
struct code {
	uint64_t offset; /* in its file */
	uint64_t bytes;
	uint64_t function; /* as an address of the process */
};

static struct code find_code(void)
{
	uint64_t address = (uint64_t)(uintptr_t)some_function;
	const struct code_map *map;
	struct code_maps maps;
	struct code code;
	struct root root;

	assert_int_equal(some_function(0), 0x5a);
	assert_int_equal(root_init(&root, NULL, NULL), 0);
	assert_int_equal(code_maps_read(&maps, &root, getpid()), 0);
	map = code_maps_find(&maps, address);
	assert_non_null(map);
	code = (struct code){ map->offset, map->end - map->start, CODE + address - map->start };
	code_maps_deinit(&maps);
	root_deinit(&root);
	return code;
}

static void copy_program(const struct tree *tree)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *bytes;

	assert_int_equal(fstat(fd, &st), 0);
	bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	tree_write_bytes(tree, PROGRAM, bytes, (size_t)st.st_size);
	free(bytes);
	close(fd);
}

static uint64_t inode_of(const struct tree *tree, const char *path)
{
	struct stat st;

	assert_int_equal(stat(tree_path(tree, path), &st), 0);
	return st.st_ino;
}

static void write_maps(const struct tree *tree, const struct code *code, uint64_t inode)
{
	char text[256];

	snprintf(text, sizeof(text), "%lx-%lx r-xp %08lx fe:00 %lu /bin/program\n700000-701000 r-xp 0 00:00 0 [vdso]\n",
		 CODE, CODE + code->bytes, code->offset, inode);
	tree_write(tree, "proc/7/maps", text);
}

static void write_stat(const struct tree *tree, uint64_t start_s)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "7 (program) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 %lu" FIELDS_23_38 " 1\n",
		 start_s * (uint64_t)sysconf(_SC_CLK_TCK));
	tree_write(tree, "proc/7/stat", text);
}

/* It began after 10 s. */
static struct code make_process(const struct tree *tree)
{
	struct code code = find_code();

	copy_program(tree);
	write_maps(tree, &code, inode_of(tree, PROGRAM));
	write_stat(tree, 10);
	tree_write(tree, "proc/7/comm", "program\n");
	return code;
}

/* --------------------------------------------------------------------------------------------------------- the stack -- */

struct named {
	struct shootdown_groups groups;
	const struct mmcpus_shootdown *row;
};

/* Of a thread that began after 11 s. */
static const struct shootdown_row plain_row = {
	.flags = SHOOTDOWN_ROW_OWNER_NAMED,
	.key = { .start_ns = 11 * NS_PER_S, .owner_id = MM_ID, .tid = PID, .kind = SHOOTDOWN_KIND_RANGE, .stack = 5 },
	.sender = { .pid = PID, .tid = PID, .comm = "program" },
	.owner_pid = PID,
	.counts.sent = 1,
};

static void add_with(struct shootdown_groups *groups, const struct shootdown_row *row, const struct row_stacks *stacks)
{
	static const uint64_t no_cpus[1];
	static const uint64_t *const sets[SHOOTDOWN_NR_SETS] = { no_cpus, no_cpus, no_cpus };

	assert_int_equal(groups_add(groups, row, sets, stacks), 0);
}

static void add(struct shootdown_groups *groups, const struct shootdown_row *row)
{
	add_with(groups, row, &the_stack);
}

static struct named name_row(const struct tree *tree, struct user_stacks *stacks, const struct shootdown_row *row)
{
	struct named named;
	struct root root;

	assert_int_equal(root_init(&root, tree->root, NULL), 0);
	groups_init(&named.groups, MMCPUS_BY_USER_STACK, 2);
	add(&named.groups, row);
	user_stacks_name(stacks, &named.groups, &root);
	assert_int_equal(named.groups.nr_groups, 1);
	named.row = named.groups.groups[0];
	root_deinit(&root);
	return named;
}

static struct named name(const struct tree *tree, struct user_stacks *stacks)
{
	return name_row(tree, stacks, &plain_row);
}

static void take_stack(int nr, uint64_t innermost, uint64_t caller, uint64_t next)
{
	stack = (struct shootdown_stack){ { innermost, caller, next } };
	stack.frames[nr] = 0;
}

static struct mmcpus_user_frame frame_of(const struct mmcpus_shootdown *row, size_t index)
{
	struct mmcpus_user_frame ret;

	assert_int_equal(mmcpus_shootdown_user_frame(row, index, &ret), 0);
	return ret;
}

/* symbol: NULL if none is known. */
static void expect_frame(const struct named *named, size_t index, const char *module, const char *symbol,
			 uint64_t behind)
{
	const struct mmcpus_user_frame got = frame_of(named->row, index);
	const struct mmcpus_user_frame *frame = &got;

	assert_int_equal(frame->address, addresses[index]);
	check(strcmp(frame->module ? frame->module : "?", module ? module : "?") == 0, "module %s", frame->module);
	check(strcmp(frame->symbol ? frame->symbol : "?", symbol ? symbol : "?") == 0, "symbol %s", frame->symbol);
	if (symbol)
		assert_int_equal(frame->symbol_offset, behind);
}

/* What is mapped is named, but not what is in it. */
static void expect_no_symbol(const struct tree *tree, const char *module)
{
	struct user_stacks stacks = { 0 };
	struct named named = name(tree, &stacks);

	expect_frame(&named, 0, module, NULL, 0);
	groups_deinit(&named.groups);
	user_stacks_deinit(&stacks);
}

/* ---------------------------------------------------------------------------------------------------------- the tests -- */

static void names_functions_and_modules(void **state)
{
	struct code code = make_process(*state);
	struct user_stacks stacks = { 0 };
	struct named named;

	/* The caller's address is that of the byte behind the call: that call is in the function. */
	take_stack(3, code.function, code.function + 1, 0x700010);
	named = name(*state, &stacks);
	assert_int_equal(named.row->nr_user_frames, 3);
	expect_frame(&named, 0, "/bin/program", "some_function", 0);
	expect_frame(&named, 1, "/bin/program", "some_function", 1);
	expect_frame(&named, 2, "[vdso]", NULL, 0);
	assert_int_equal(frame_of(named.row, 0).offset, code.function - CODE + code.offset);
	groups_deinit(&named.groups);
	user_stacks_deinit(&stacks);
}

/* The innermost is where the process is, the others where it returns to. */
static void a_return_belongs_to_the_call_before_it(void **state)
{
	struct code code = make_process(*state);
	struct user_stacks stacks = { 0 };
	struct named named;

	take_stack(2, code.function, code.function, 0);
	named = name(*state, &stacks);
	expect_frame(&named, 0, "/bin/program", "some_function", 0);
	assert_true(!frame_of(named.row, 1).symbol || strcmp(frame_of(named.row, 1).symbol, "some_function") != 0);
	groups_deinit(&named.groups);
	user_stacks_deinit(&stacks);
}

static void symbols_are_kept(void **state)
{
	struct code code = make_process(*state);
	struct user_stacks stacks = { 0 };
	struct named named;

	take_stack(1, code.function, 0, 0);
	named = name(*state, &stacks);
	groups_deinit(&named.groups);
	assert_int_equal(stacks.nr_modules, 1);
	assert_int_equal(unlink(tree_path(*state, PROGRAM)), 0);
	named = name(*state, &stacks);
	expect_frame(&named, 0, "/bin/program", "some_function", 0);
	assert_int_equal(stacks.nr_modules, 1);
	groups_deinit(&named.groups);
	user_stacks_deinit(&stacks);
}

static void files_that_are_kept_are_bounded(void **state)
{
	struct code code = make_process(*state);
	struct user_stacks stacks = { 0 };
	uint64_t inode = inode_of(*state, PROGRAM);

	take_stack(1, code.function, 0, 0);
	for (uint64_t i = 0; i < USER_MODULES_MAX + 6; i++) {
		struct named named;

		write_maps(*state, &code, inode + 1 + i);
		named = name(*state, &stacks);
		groups_deinit(&named.groups);
	}
	assert_int_equal(stacks.nr_modules, USER_MODULES_MAX);
	assert_int_equal(stacks.modules[5].inode, inode + 1 + USER_MODULES_MAX + 5);
	assert_int_equal(stacks.modules[6].inode, inode + 1 + 6);
	user_stacks_deinit(&stacks);
}

static void another_file_of_that_name_has_no_say(void **state)
{
	struct code code = make_process(*state);

	take_stack(1, code.function, 0, 0);
	write_maps(*state, &code, inode_of(*state, PROGRAM) + 1);
	expect_no_symbol(*state, "/bin/program");
}

/* A process may have anything below its root. */
static void no_link_leads_out_of_its_root(void **state)
{
	struct code code = make_process(*state);
	char *outside;

	take_stack(1, code.function, 0, 0);
	outside = strdup(tree_path(*state, "outside"));
	assert_non_null(outside);
	assert_int_equal(rename(tree_path(*state, PROGRAM), outside), 0);
	assert_int_equal(symlink("../../../../outside", tree_path(*state, PROGRAM)), 0);
	free(outside);
	expect_no_symbol(*state, "/bin/program");
}

static void who_has_the_number_by_now_has_no_say(void **state)
{
	struct code code = make_process(*state);

	take_stack(1, code.function, 0, 0);
	write_stat(*state, 12);
	expect_no_symbol(*state, NULL);
}

static int mm_id_of(void *arg, pid_t pid, uint64_t *ret)
{
	const uint64_t *id = arg;

	assert_int_equal(pid, PID);
	*ret = *id;
	return *id ? 0 : -ENODATA;
}

/* The process has that mm by now (0: nobody knows), and that name. */
static void expect_symbol_after(const struct tree *tree, const struct shootdown_row *row, uint64_t mm_id,
				const char *comm, bool is_expected)
{
	struct user_stacks stacks = { .read_mm_id = mm_id_of, .arg = &mm_id };
	struct named named;

	tree_write(tree, "proc/7/comm", comm);
	named = name_row(tree, &stacks, row);
	expect_frame(&named, 0, is_expected ? "/bin/program" : NULL, is_expected ? "some_function" : NULL, 0);
	assert_int_equal(named.row->nr_user_frames, 2);
	groups_deinit(&named.groups);
	user_stacks_deinit(&stacks);
}

/* Its maps are those of another program, or of the same at other addresses. */
static void an_exec_takes_the_names_away(void **state)
{
	struct code code = make_process(*state);

	take_stack(2, code.function, code.function + 1, 0);
	expect_symbol_after(*state, &plain_row, MM_ID, "program\n", true);
	expect_symbol_after(*state, &plain_row, MM_ID, "renamed\n", true);
	expect_symbol_after(*state, &plain_row, MM_ID + 1, "program\n", false);
}

static void an_exec_may_show_in_the_name_alone(void **state)
{
	struct code code = make_process(*state);
	struct shootdown_row foreign = plain_row;
	struct shootdown_row unnamed = plain_row;
	struct shootdown_row kernel = plain_row;

	foreign.owner_pid = PID + 1;
	unnamed.flags = 0;
	kernel.key.kind = SHOOTDOWN_KIND_KERNEL;
	take_stack(2, code.function, code.function + 1, 0);
	expect_symbol_after(*state, &plain_row, 0, "program\n", true);
	expect_symbol_after(*state, &plain_row, 0, "other\n", false);
	expect_symbol_after(*state, &plain_row, 0, "", false);
	expect_symbol_after(*state, &foreign, MM_ID + 1, "program\n", true);
	expect_symbol_after(*state, &foreign, MM_ID, "other\n", false);
	expect_symbol_after(*state, &unnamed, MM_ID + 1, "program\n", true);
	expect_symbol_after(*state, &kernel, MM_ID + 1, "program\n", true);
}

static int count_looks(void *arg, pid_t pid, uint64_t *ret)
{
	size_t *nr_looks = arg;

	assert_int_equal(pid, PID);
	*ret = MM_ID;
	(*nr_looks)++;
	return 0;
}

/* Whatever the order in which stacks come: each look at a process is one at all of the machine. */
static void a_process_is_looked_at_once(void **state)
{
	size_t nr_looks = 0;
	struct user_stacks stacks = { .read_mm_id = count_looks, .arg = &nr_looks };
	struct code code = make_process(*state);
	struct shootdown_groups groups;
	struct root root;

	take_stack(1, code.function, 0, 0);
	assert_int_equal(root_init(&root, ((const struct tree *)*state)->root, NULL), 0);
	groups_init(&groups, MMCPUS_BY_USER_STACK, 2);
	for (int32_t i = 0; i < 6; i++) {
		struct shootdown_row row = plain_row;

		row.key.cause = i;
		row.sender.pid = i % 2 ? PID + 1 : PID;
		row.key.start_ns = i ? row.key.start_ns : NS_PER_S; /* before it began: of another with its number */
		add(&groups, &row);
	}
	user_stacks_name(&stacks, &groups, &root);
	assert_int_equal(nr_looks, 1);
	assert_int_equal(groups.nr_groups, 6);
	for (size_t i = 0; i < groups.nr_groups; i++) {
		const struct mmcpus_shootdown *row = groups.groups[i];

		assert_int_equal(row->nr_user_frames, 1);
		check((frame_of(row, 0).symbol != NULL) == (i && i % 2 == 0), "row %zu", i);
	}
	groups_deinit(&groups);
	user_stacks_deinit(&stacks);
	root_deinit(&root);
}

static void who_is_gone_has_addresses(void **state)
{
	struct user_stacks stacks = { 0 };
	struct named named;

	tree_mkdir(*state, "proc");
	take_stack(3, 1, 2, 3);
	named = name(*state, &stacks);
	assert_int_equal(named.row->nr_user_frames, 3);
	expect_frame(&named, 2, NULL, NULL, 0);
	groups_deinit(&named.groups);
	user_stacks_deinit(&stacks);
}

static void what_is_no_code_ends_the_stack(void **state)
{
	struct code code = make_process(*state);
	struct user_stacks stacks = { 0 };
	struct named named;

	take_stack(3, code.function, 0x100000, code.function);
	named = name(*state, &stacks);
	assert_int_equal(named.row->nr_user_frames, 1);
	groups_deinit(&named.groups);
	user_stacks_deinit(&stacks);
}

static void a_stack_that_is_not_there_is_none(void **state)
{
	struct user_stacks stacks = { 0 };
	struct named named;

	make_process(*state);
	take_stack(0, 0, 0, 0);
	named = name(*state, &stacks);
	assert_null(named.row->user_frames);
	groups_deinit(&named.groups);
	user_stacks_deinit(&stacks);
}

/* Those behind what ends the stack. */
static void stacks_that_look_the_same_are_one(void **state)
{
	struct code code = make_process(*state);
	struct user_stacks stacks = { 0 };
	struct shootdown_groups groups;
	struct root root;

	assert_int_equal(root_init(&root, ((const struct tree *)*state)->root, NULL), 0);
	groups_init(&groups, MMCPUS_BY_USER_STACK, 2);
	for (uint64_t i = 0; i < 6; i++) {
		struct shootdown_row row = plain_row;

		row.key.stack = i + 1;
		if (i == 4)
			row.key.cause = 11;
		take_stack(3, code.function + i / 5, 0x100000 + i, code.function);
		add(&groups, &row);
	}
	assert_int_equal(groups.nr_groups, 6);
	user_stacks_name(&stacks, &groups, &root);
	groups_unite(&groups);
	groups_sort(&groups, true);
	assert_int_equal(groups.nr_groups, 3);
	assert_int_equal(groups.groups[0]->sums.sent, 4);
	assert_int_equal(groups.groups[1]->sums.sent, 1);
	assert_int_equal(groups.groups[2]->sums.sent, 1);
	groups_deinit(&groups);
	user_stacks_deinit(&stacks);
	root_deinit(&root);
}

/* As many as there is room for, which differ in their causes, some from each look. */
static void add_crowd(struct shootdown_groups *groups, const struct row_stacks *row_stacks, struct user_stacks *stacks,
		      const struct root *root)
{
	for (int32_t i = 0; i < GROUPS_MAX; i++) {
		struct shootdown_row row = plain_row;

		row.key.cause = i;
		add_with(groups, &row, row_stacks);
		if (i % SHOOTDOWN_NR_ROWS == SHOOTDOWN_NR_ROWS - 1)
			user_stacks_name(stacks, groups, root);
	}
}

/* What many stacks have in common is kept once. ASan's allocator grows by 0. */
static void stacks_take_little_memory(void **state)
{
	struct code code = make_process(*state);
	struct user_stacks stacks = { 0 };
	struct shootdown_groups groups;
	struct root root;
	static const struct row_stacks no_stacks = { NULL, NULL };
	size_t before;
	size_t bytes;

	for (size_t i = 0; i < SHOOTDOWN_STACK_FRAMES; i++)
		stack.frames[i] = code.function;
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	assert_int_equal(root_init(&root, ((const struct tree *)*state)->root, NULL), 0);
	groups_init(&groups, MMCPUS_BY_USER_STACK, 2);
	add_crowd(&groups, &no_stacks, &stacks, &root);
	groups_clear(&groups);
	before = mallinfo2().arena;
	add_crowd(&groups, &the_stack, &stacks, &root);
	bytes = mallinfo2().arena - before;
	print_message("# %zu stacks: %zu bytes at most\n", groups.nr_groups, bytes);
	check(bytes <= 3 << 20, "%zu stacks take %zu bytes", groups.nr_groups, bytes);
	assert_string_equal(frame_of(groups.groups[GROUPS_MAX - 1], 0).symbol, "some_function");
	assert_string_equal(frame_of(groups.groups[0], SHOOTDOWN_STACK_FRAMES - 1).module, "/bin/program");
	groups_deinit(&groups);
	user_stacks_deinit(&stacks);
	root_deinit(&root);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(names_functions_and_modules),
		tree_test(a_return_belongs_to_the_call_before_it),
		tree_test(symbols_are_kept),
		tree_test(files_that_are_kept_are_bounded),
		tree_test(another_file_of_that_name_has_no_say),
		tree_test(no_link_leads_out_of_its_root),
		tree_test(who_has_the_number_by_now_has_no_say),
		tree_test(an_exec_takes_the_names_away),
		tree_test(an_exec_may_show_in_the_name_alone),
		tree_test(a_process_is_looked_at_once),
		tree_test(who_is_gone_has_addresses),
		tree_test(what_is_no_code_ends_the_stack),
		tree_test(a_stack_that_is_not_there_is_none),
		tree_test(stacks_that_look_the_same_are_one),
		tree_test(stacks_take_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
