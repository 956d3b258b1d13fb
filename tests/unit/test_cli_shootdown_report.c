/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An interval with as many rows as there can be, as the command prints it. */
#include "shootdown_crowd.h"

#include <malloc.h>

#include "shootdown_columns.h"
#include "shootdown_groups.h"
#include "shootdown_report.h"

/* What is printed takes on top of the interval. */
#define BYTES_MAX (1 << 20)

/* All that is resident, with the library's and this test's own, and rows as large as those that are shared with the kernel. */
#define RESIDENT_KIB_MAX (16 << 10)

/* So that what was taken at most is what the heap has grown to. ASan has an allocator that tells nothing: it grows by 0. */
static void never_shrink(void)
{
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
}

/* What was resident at most. What watches over memory in a test (ASan) takes some itself: then it says nothing, 0. */
static unsigned long resident_kib(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long kib = 0;
	char line[256];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) && sscanf(line, "VmHWM: %lu kB", &kib) != 1)
		;
	fclose(file);
	return mallinfo2().arena ? kib : 0;
}

/* Returns how much the heap has grown. */
static size_t print_to(const char *path, const struct shootdown_report *report, const struct mmcpus_interval *interval)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t before = mallinfo2().arena;
	size_t after;
	int kept;

	fflush(stdout);
	kept = dup(STDOUT_FILENO);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(shootdown_report_print(report, interval), 0);
	fflush(stdout);
	after = mallinfo2().arena;
	assert_int_equal(dup2(kept, STDOUT_FILENO), STDOUT_FILENO);
	close(kept);
	close(fd);
	return after - before;
}

/* Each once, and one without a number, of all others. */
static void expect_pids(const char *path, size_t nr_expected)
{
	static bool is_seen[NR_SENDERS + 1];
	FILE *file = fopen(path, "re");
	size_t nr_others = 0;
	size_t nr_seen = 0;
	char line[4096];
	unsigned pid;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		nr_others += strstr(line, "\"pid\": null") != NULL;
		if (sscanf(line, " \"pid\": %u", &pid) != 1)
			continue;
		check(pid <= NR_SENDERS && !is_seen[pid], "%u is not expected, or not again", pid);
		is_seen[pid] = true;
		nr_seen++;
	}
	fclose(file);
	assert_int_equal(nr_seen, nr_expected);
	assert_int_equal(nr_others, 1);
}

static void json_has_all_rows_and_takes_little_memory(void **state)
{
	struct shootdown_report report = { .by = shootdown_by_find("flow"), .is_json = true };
	const struct mmcpus_interval *interval;
	char printed[PATH_MAX];
	struct scene scene;
	size_t bytes;

	snprintf(printed, sizeof(printed), "%s", tree_path(*state, "printed"));
	assert_int_equal(column_list_parse(&report.columns, &shootdown_columns, report.by->json, NULL), 0);
	never_shrink();
	crowd_open(&scene, *state);
	count_crowd(&scene);
	report.src = scene.src;
	interval = read_interval(&scene);
	bytes = print_to(printed, &report, interval);
	expect_pids(printed, GROUPS_MAX);
	check(bytes <= BYTES_MAX, "to print takes %zu bytes", bytes);
	print_message("# %zu rows: %lu KiB resident at most\n", mmcpus_interval_count(interval), resident_kib());
	check(resident_kib() <= RESIDENT_KIB_MAX, "%lu KiB are resident", resident_kib());
	column_list_deinit(&report.columns);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(json_has_all_rows_and_takes_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
