/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who events are about: what is looked up, when it is known again, and how much of it is kept. */
#include "shootdown_scene.h"

#include "event_flows.h"
#include "shootdown_source.h"

static struct scene open_scene(const struct tree *tree, enum mmcpus_shootdowns_by by)
{
	write_tlb_row(tree, 12, 0);
	return scene_open_with(tree, by, MMCPUS_WITH_EVENTS | MMCPUS_WITH_CALLS);
}

static const struct mmcpus_shootdown *look_up(struct scene *scene, uint32_t index)
{
	struct shootdown_row row = { 0 };

	shootdowns_copy_row(scene->src, index, &row);
	return event_flow_of(scene->src, index, &row);
}

static void expect_lookups(const struct scene *scene, size_t expected)
{
	assert_int_equal(scene->src->event_flows.nr, expected);
}

static void expect_pid(const struct mmcpus_shootdown *flow, uint64_t expected)
{
	uint64_t pid = 0;

	assert_int_equal(mmcpus_shootdown_number(flow, MMCPUS_SHOOTDOWN_SENDER_PID, &pid), 0);
	assert_int_equal(pid, expected);
}

/* Also rows of many, and whichever rows take turns. */
static void each_is_looked_up_once(void **state)
{
	struct scene scene = open_scene(*state, MMCPUS_BY_FLOW);

	take_row(3, 30, 28);
	take_row(3 + EVENT_FLOWS_MAX, 31, 28);
	fake.rows[SHOOTDOWN_OTHER_CALLS].key =
		(struct shootdown_key){ .cause = SHOOTDOWN_CAUSE_OTHER, .kind = SHOOTDOWN_KIND_CALL };
	for (int i = 0; i < 3; i++) {
		expect_pid(look_up(&scene, 3), 30);
		expect_pid(look_up(&scene, 3 + EVENT_FLOWS_MAX), 31);
		assert_null(
			mmcpus_shootdown_text(look_up(&scene, SHOOTDOWN_OTHER_CALLS), MMCPUS_SHOOTDOWN_SENDER_COMM));
	}
	expect_lookups(&scene, 3);
	take_row(3, 32, 28);
	expect_pid(look_up(&scene, 3), 32);
	expect_lookups(&scene, 4);
	scene_close(&scene);
}

/* It is about who and why. */
static void it_knows_no_numbers(void **state)
{
	struct scene scene = open_scene(*state, MMCPUS_BY_FLOW);
	const struct mmcpus_shootdown *flow;
	uint64_t unused;

	take_row(3, 30, 28);
	fake.rows[3].key.kind = SHOOTDOWN_KIND_KERNEL;
	flow = look_up(&scene, 3);
	assert_int_equal(mmcpus_shootdown_number(flow, MMCPUS_SHOOTDOWN_SENT, &unused), -ENODATA);
	assert_int_equal(mmcpus_shootdown_number(flow, MMCPUS_SHOOTDOWN_PAGES, &unused), -ENODATA);
	assert_int_equal(mmcpus_shootdown_number(flow, MMCPUS_SHOOTDOWN_HITS, &unused), -ENODATA);
	assert_int_equal(mmcpus_shootdown_number(flow, MMCPUS_SHOOTDOWN_WAIT_NS, &unused), -ENODATA);
	for (int set = 0; set < MMCPUS_NR_SHOOTDOWN_SETS; set++)
		assert_null(mmcpus_shootdown_set(flow, (enum mmcpus_shootdown_set)set));
	scene_close(&scene);
}

static void the_oldest_makes_room(void **state)
{
	struct scene scene = open_scene(*state, MMCPUS_BY_FLOW);

	for (uint32_t i = 0; i <= EVENT_FLOWS_MAX; i++) {
		take_row(1 + i, 100 + (int32_t)i, 28);
		look_up(&scene, 1 + i);
	}
	expect_pid(look_up(&scene, 1 + EVENT_FLOWS_MAX), 100 + EVENT_FLOWS_MAX);
	expect_lookups(&scene, EVENT_FLOWS_MAX + 1);
	expect_pid(look_up(&scene, 1), 100);
	expect_lookups(&scene, EVENT_FLOWS_MAX + 2);
	scene_close(&scene);
}

/* However many places there are, each stack is whole. */
static void stacks_find_room(void **state)
{
	struct scene scene = open_scene(*state, MMCPUS_BY_USER_STACK);
	struct shootdown_stack stack;

	take_row(3, 30, 28);
	for (uint64_t i = 0; i < 3 * USER_FRAMES_MAX / SHOOTDOWN_STACK_FRAMES; i++) {
		const struct mmcpus_shootdown *flow;
		struct mmcpus_user_frame frame;

		for (uint64_t j = 0; j < SHOOTDOWN_STACK_FRAMES; j++)
			stack.frames[j] = 0x1000000 + i * SHOOTDOWN_STACK_FRAMES + j;
		give_stacks(3, 1 + i, &stack, &stack);
		flow = look_up(&scene, 3);
		assert_non_null(mmcpus_shootdown_frame(flow, SHOOTDOWN_STACK_FRAMES - 1));
		assert_int_equal(mmcpus_shootdown_user_frame(flow, SHOOTDOWN_STACK_FRAMES - 1, &frame), 0);
		assert_int_equal(frame.address, stack.frames[SHOOTDOWN_STACK_FRAMES - 1]);
	}
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(each_is_looked_up_once),
		tree_test(it_knows_no_numbers),
		tree_test(stacks_find_room),
		tree_test(the_oldest_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
