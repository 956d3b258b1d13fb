/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stacks of the kernel: their functions by name, and what that takes in memory. */
#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>

#include "shootdown_groups.h"
#include "shootdown_stacks.h"

#define TEXT       0xffffffff81000000ul /* where functions begin, one each 256 bytes */
#define NR_SYMBOLS 2000

/* The tracer's own program, which has no name, is called by the kernel on its behalf. */
static const struct shootdown_stack short_stack = { { 0x500, TEXT + 0x10, TEXT + 0x110, 0x600, TEXT + 0x220 } };

static struct shootdown_stack make_stack(uint64_t number)
{
	struct shootdown_stack stack;

	for (uint32_t i = 0; i < SHOOTDOWN_STACK_FRAMES; i++)
		stack.frames[i] = TEXT + (number * 7 + i * 61) % NR_SYMBOLS * 0x100 + 0x42;
	return stack;
}

/* Each function is 256 bytes long. */
static int symbol(void *unused, uint64_t address, char *buf, size_t size)
{
	uint64_t number = (address - TEXT) / 0x100;

	(void)unused;
	if (address < TEXT || number >= NR_SYMBOLS)
		return -ENOENT;
	snprintf(buf, size, "%s_%u+0x%x", number == 0 ? "bpf_trace_run" : "function", (unsigned)number,
		 (unsigned)(address % 0x100));
	return 0;
}

static int no_symbol(void *unused, uint64_t address, char *buf, size_t size)
{
	(void)unused;
	(void)address;
	(void)buf;
	(void)size;
	return -ENOENT;
}

static void add(struct shootdown_groups *groups, uint64_t number, const struct shootdown_stack *stack)
{
	static const uint64_t no_cpus[1];
	static const uint64_t *const sets[SHOOTDOWN_NR_SETS] = { no_cpus, no_cpus, no_cpus };
	const struct shootdown_row row = { .key = { .cause = 28, .stack = number }, .counts.sent = 1 };
	const struct row_stacks stacks = { .kernel = stack };

	assert_int_equal(groups_add(groups, &row, sets, &stacks), 0);
}

static void add_made(struct shootdown_groups *groups, uint64_t number)
{
	const struct shootdown_stack stack = make_stack(number);

	add(groups, number, &stack);
}

static void name(struct shootdown_groups *groups)
{
	stacks_name(groups, &(struct kernel_symbolizer){ symbol, NULL });
}

static void expect_frame(const struct mmcpus_shootdown *row, size_t index, const char *expected)
{
	const char *frame = mmcpus_shootdown_frame(row, index);

	check(frame && strcmp(frame, expected) == 0, "frame %zu is %s, should be %s", index, frame, expected);
}

/* What comes before the kernel's own business is left out. */
static void functions_have_names(void **unused __attribute__((unused)))
{
	struct shootdown_groups groups;

	groups_init(&groups, MMCPUS_BY_STACK, 2);
	add(&groups, 1, &short_stack);
	add_made(&groups, 8);
	add(&groups, 0, NULL);
	name(&groups);
	expect_frame(groups.groups[0], 0, "function_1+0x10");
	expect_frame(groups.groups[0], 1, "?");
	expect_frame(groups.groups[0], 2, "function_2+0x20");
	assert_null(mmcpus_shootdown_frame(groups.groups[0], 3));
	for (uint32_t i = 0; i < SHOOTDOWN_STACK_FRAMES; i++) {
		char expected[64];

		snprintf(expected, sizeof(expected), "function_%u+0x42", (56 + i * 61) % NR_SYMBOLS);
		expect_frame(groups.groups[1], i, expected);
	}
	assert_null(mmcpus_shootdown_frame(groups.groups[1], SHOOTDOWN_STACK_FRAMES));
	assert_null(mmcpus_shootdown_frame(groups.groups[2], 0));
	groups_deinit(&groups);
}

static void without_names_there_are_frames(void **unused __attribute__((unused)))
{
	struct shootdown_groups groups;

	groups_init(&groups, MMCPUS_BY_STACK, 2);
	add_made(&groups, 8);
	stacks_name(&groups, &(struct kernel_symbolizer){ no_symbol, NULL });
	expect_frame(groups.groups[0], 0, "?");
	expect_frame(groups.groups[0], SHOOTDOWN_STACK_FRAMES - 1, "?");
	groups_deinit(&groups);
}

/* How the tracer's program got to run is not shown. What is shown, and what is counted for other causes, stays apart. */
static void stacks_that_look_the_same_are_one(void **unused __attribute__((unused)))
{
	static const struct shootdown_stack otherwise = { { 0x700, TEXT + 0x20, TEXT + 0x110, 0x600, TEXT + 0x220 } };
	static const struct shootdown_stack elsewhere = { { 0x500, TEXT + 0x10, TEXT + 0x111, 0x600, TEXT + 0x220 } };
	static const struct shootdown_stack shorter = { { 0x500, TEXT + 0x10, TEXT + 0x110, 0x600 } };
	static const struct shootdown_stack prologue = { { 0x500, TEXT + 0x10 } };
	static const uint64_t expected[] = { 2, 2, 1, 1 };
	struct shootdown_groups groups;

	groups_init(&groups, MMCPUS_BY_STACK, 2);
	add(&groups, 1, &short_stack);
	add(&groups, 2, &elsewhere);
	add(&groups, 0, NULL);
	add(&groups, 3, &shorter);
	add(&groups, 4, &otherwise);
	add(&groups, 5, &prologue);
	assert_int_equal(groups.nr_groups, 6);
	name(&groups);
	groups_unite(&groups);
	groups_sort(&groups, true);
	assert_int_equal(groups.nr_groups, NR(expected));
	for (size_t i = 0; i < NR(expected); i++)
		assert_int_equal(groups.groups[i]->sums.sent, expected[i]);
	groups_deinit(&groups);
}

/* What is further out than the first address that finds none is left out. */
static void addresses_have_so_much_room(void **unused __attribute__((unused)))
{
	struct shootdown_groups groups;
	struct shootdown_stack stack = { { 0 } };

	groups_init(&groups, MMCPUS_BY_STACK, 2);
	for (uint64_t i = 0; i <= KERNEL_FRAMES_MAX; i += 2) {
		stack.frames[0] = TEXT + i;
		stack.frames[1] = i + 1 < KERNEL_FRAMES_MAX - 1 ? TEXT + i + 1 : 0;
		add(&groups, i + 1, &stack);
	}
	assert_int_equal(groups.kernel_frames->nr, KERNEL_FRAMES_MAX);
	stack = make_stack(KERNEL_FRAMES_MAX);
	stack.frames[1] = TEXT;
	add(&groups, 2, &stack);
	name(&groups);
	expect_frame(groups.groups[groups.nr_groups - 3], 0, "function_31+0xfe");
	assert_null(mmcpus_shootdown_frame(groups.groups[groups.nr_groups - 1], 0));
	groups_deinit(&groups);
}

/* It grows with the addresses that are different, and by two bytes for a frame. ASan's allocator grows by 0. */
static void stacks_take_little_memory(void **unused __attribute__((unused)))
{
	struct shootdown_groups groups;
	size_t before;
	size_t peak;

	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	groups_init(&groups, MMCPUS_BY_STACK, 2);
	for (uint64_t i = 2; i < GROUPS_MAX + 2; i++) /* what the rows themselves take */
		add(&groups, i, NULL);
	groups_clear(&groups);
	before = mallinfo2().arena;
	for (uint64_t i = 2; i < GROUPS_MAX + 2; i++)
		add_made(&groups, i);
	name(&groups);
	peak = mallinfo2().arena - before;
	print_message("# %zu stacks: %zu bytes at most\n", groups.nr_groups, peak);
	check(peak <= 2 << 20, "%zu stacks take %zu bytes", groups.nr_groups, peak);
	expect_frame(groups.groups[GROUPS_MAX - 1], SHOOTDOWN_STACK_FRAMES - 1, "function_1242+0x42");
	groups_deinit(&groups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_have_names),
		cmocka_unit_test(without_names_there_are_frames),
		cmocka_unit_test(stacks_that_look_the_same_are_one),
		cmocka_unit_test(addresses_have_so_much_room),
		cmocka_unit_test(stacks_take_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
