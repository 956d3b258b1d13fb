/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an interval of shootdowns takes in memory is bounded, whatever the load. */
#include "shootdown_scene.h"

#include <malloc.h>

/*
 * Of 16 MiB that the command may take at most, with what it takes idle (some 5), and a table of the rows that cost most.
 */
#define BYTES_MAX ((size_t)10 << 20)

#define NR_SENDERS 20000
#define NR_A_LOOK  2000 /* as many as the kernel has room for, about */

static size_t bytes_allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* What watches over memory in a test (ASan) has an allocator of its own, which does not tell. */
static bool is_told(void)
{
	size_t before = bytes_allocated();
	void *volatile block = malloc(1 << 20); /* not to be left out by the compiler */
	bool is_told = bytes_allocated() > before;

	free(block);
	return is_told;
}

/* A thread with a cause and names of its own, which has sent from, and hit, all CPUs, in all kinds of time. */
static void count_for(uint32_t index, int32_t pid)
{
	struct shootdown_row *row = take_row(index, pid, SHOOTDOWN_CAUSE_KTHREAD);
	uint64_t *sets = &fake.sets[index * SHOOTDOWN_NR_SETS];

	snprintf(row->sender.thread_comm, sizeof(row->sender.thread_comm), "worker-%d", pid);
	row->counts = (struct shootdown_counts){ .sent = 32, .hits = 32, .stolen_ns = 1, .wait_ns = 1 };
	for (size_t i = 0; i < SHOOTDOWN_NR_BUCKETS; i++)
		row->counts.stolen_log2[i] = row->counts.wait_log2[i] = 1;
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++)
		sets[i] = UINT64_MAX;
}

static void count_for_all(struct scene *scene)
{
	for (int32_t pid = 1; pid <= NR_SENDERS; pid += NR_A_LOOK) {
		for (int32_t i = 0; i < NR_A_LOOK; i++)
			count_for((uint32_t)i + 1, pid + i);
		assert_int_equal(mmcpus_shootdowns_collect(scene->src), 0);
	}
}

static void open_wide(struct scene *ret, const struct tree *tree)
{
	write_tlb_row(tree, 12, 0);
	tree_write(tree, "sys/devices/system/cpu/possible", "0-63\n");
	assert_int_equal(mmcpus_system_open(tree->root, &ret->sys, NULL), 0);
	assert_int_equal(
		shootdowns_open_with(&fake_tracer, ret->sys, MMCPUS_BY_FLOW, SHOOTDOWNS_PLAIN, NULL, &ret->src, NULL),
		0);
}

static void a_full_interval_is_bounded(void **state)
{
	const struct mmcpus_interval *interval;
	size_t before = bytes_allocated();
	struct scene scene;
	size_t bytes;

	if (!is_told())
		skip();
	open_wide(&scene, *state);
	count_for_all(&scene);
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

	if (!is_told())
		skip();
	open_wide(&scene, *state);
	for (int i = 0; i < 3; i++) {
		count_for_all(&scene);
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
