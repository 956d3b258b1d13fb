/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an interval of shootdowns takes in memory is bounded, whatever the load. */
#include "shootdown_crowd.h"

#include <malloc.h>

/*
 * Of 16 MiB that the command may take at most, with what it takes idle (some 5), and a table of the rows that cost most.
 */
#define BYTES_MAX ((size_t)10 << 20)

/* What watches over memory in a test (ASan) has an allocator of its own, of which this tells nothing: always 0. */
static size_t bytes_allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void a_full_interval_is_bounded(void **state)
{
	const struct mmcpus_interval *interval;
	size_t before = bytes_allocated();
	struct scene scene;
	size_t bytes;

	crowd_open(&scene, *state);
	count_crowd(&scene);
	interval = read_interval(&scene);
	bytes = bytes_allocated() - before;
	print_message("# %zu rows: %zu bytes\n", mmcpus_interval_count(interval), bytes);
	expect_total(interval, MMCPUS_INTERVAL_SENT, 32 * NR_SENDERS);
	check(bytes <= BYTES_MAX, "%zu rows take %zu bytes", mmcpus_interval_count(interval), bytes);
	scene_close(&scene);
}

/* So that there are not two at a time. */
static void an_interval_that_is_released_makes_room(void **state)
{
	const struct mmcpus_interval *interval;
	size_t before = bytes_allocated();
	struct scene scene;
	size_t bytes;

	crowd_open(&scene, *state);
	for (int i = 0; i < 3; i++) {
		count_crowd(&scene);
		bytes = bytes_allocated() - before;
		check(bytes <= BYTES_MAX, "%zu bytes before read %d", bytes, i);
		interval = read_interval(&scene);
		expect_total(interval, MMCPUS_INTERVAL_SENT, 32 * NR_SENDERS);
		mmcpus_shootdowns_release(scene.src);
		assert_int_equal(mmcpus_interval_count(interval), 0);
	}
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_full_interval_is_bounded),
		tree_test(an_interval_that_is_released_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
