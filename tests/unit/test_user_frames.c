/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Places in user space, each kept once. */
#include "unit.h"

#include "user_frames.h"

static struct user_frames *make(void)
{
	struct user_frames *frames = calloc(1, sizeof(*frames));

	assert_non_null(frames);
	return frames;
}

static void the_same_is_kept_once(void **state)
{
	struct user_frames *frames = make();
	struct user_frame frame = { .address = 0x1000 };
	uint16_t first;
	uint16_t second;
	uint16_t again;

	(void)state;
	assert_true(user_frames_keep(frames, &frame, &first));
	frame.module = text_pool_keep(&frames->texts, "libc.so.6");
	assert_true(user_frames_keep(frames, &frame, &second));
	assert_true(user_frames_keep(frames, &frame, &again));
	assert_int_not_equal(first, second);
	assert_int_equal(again, second);
	assert_int_equal(frames->nr, 2);
	assert_null(frames->frames[first].module);
	assert_string_equal(frames->frames[second].module, "libc.so.6");
	user_frames_destroy(frames);
	user_frames_destroy(NULL);
}

/* Then what is there is still found. */
static void they_may_be_full(void **state)
{
	struct user_frames *frames = make();
	struct user_frame frame = { 0 };
	uint16_t index;

	(void)state;
	for (uint64_t i = 0; i < USER_FRAMES_MAX; i++) {
		frame.address = i * 0x1000;
		assert_true(user_frames_keep(frames, &frame, &index));
		assert_int_equal(index, i);
	}
	frame.address = 1;
	assert_false(user_frames_keep(frames, &frame, &index));
	for (uint64_t i = 0; i < USER_FRAMES_MAX; i++) {
		frame.address = i * 0x1000;
		assert_true(user_frames_keep(frames, &frame, &index));
		assert_int_equal(index, i);
	}
	user_frames_destroy(frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_kept_once),
		cmocka_unit_test(they_may_be_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
