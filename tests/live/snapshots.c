// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Take snapshots with all fields, one after the other, and check that each is plausible.
 *
 *	snapshots BACKEND SECONDS PID=CPUS...
 *
 * Each of these processes must be in every snapshot. With PID=CPUS it is bound to these CPUs and has been on all of
 * them: they are ACTIVE and ALLOWED, and RUNNING is within. With PID=~CPU it executes one program after the other: it
 * may be left out as dropped, and ACTIVE may be empty, but holds no other CPU. Prints what it saw; exit status 1 and a
 * message at the first snapshot that cannot be.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mmcpus/mmcpus.h>

#define WATCHED_MAX 16

/* A loaded machine gets more time. */
#define SNAPSHOTS_MIN    20
#define PATIENCE_SECONDS 10

struct watched {
	int32_t pid;
	bool is_changing;
	struct mmcpus_cpuset *cpus;
};

struct watch {
	struct mmcpus_system *sys;
	struct mmcpus_source *src;
	bool keeps_masks; /* as long as nothing is flushed; the eager rule takes a bit away when others run there */
	struct watched watched[WATCHED_MAX];
	size_t nr_watched;
	struct mmcpus_cpuset *set; /* for any use */
	uint64_t *numbers;         /* the same */
	size_t nr_numbers;
	uint64_t nr_snapshots;
	uint64_t nr_rows;
	uint64_t nr_dropped;
	uint64_t nr_refused;
	uint64_t nr_running; /* times that a watched process was */
};

static void *check_memory(void *memory)
{
	if (!memory)
		err(EXIT_FAILURE, "memory");
	return memory;
}

/* ----------------------------------------------------------------------------------------------------- one row -- */

static void check_set(const struct watch *watch, const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm,
		      enum mmcpus_mm_set which, const char *name)
{
	int ret = mmcpus_mm_set(snap, mm, which, watch->set);

	if (ret == -ENODATA && which != MMCPUS_SET_ACTIVE)
		return;
	if (ret)
		errx(EXIT_FAILURE, "process %d: %s: %s", mmcpus_mm_pid(mm), name, strerror(-ret));
	if (!mmcpus_cpuset_is_subset(watch->set, mmcpus_system_set(watch->sys, MMCPUS_SYSTEM_POSSIBLE)))
		errx(EXIT_FAILURE, "process %d: %s holds CPUs that do not exist", mmcpus_mm_pid(mm), name);
	if (which == MMCPUS_SET_ALLOWED && mmcpus_cpuset_is_empty(watch->set))
		errx(EXIT_FAILURE, "process %d: %s is empty", mmcpus_mm_pid(mm), name);
}

static void check_row(const struct watch *watch, const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm)
{
	uint32_t nr_threads;
	int32_t ppid;

	check_set(watch, snap, mm, MMCPUS_SET_ACTIVE, "ACTIVE");
	check_set(watch, snap, mm, MMCPUS_SET_ALLOWED, "ALLOWED");
	check_set(watch, snap, mm, MMCPUS_SET_RUNNING, "RUNNING");
	if (mmcpus_mm_pid(mm) <= 0)
		errx(EXIT_FAILURE, "a row with PID %d", mmcpus_mm_pid(mm));
	if (mmcpus_mm_ppid(mm, &ppid) == 0 && ppid < 0)
		errx(EXIT_FAILURE, "process %d: parent %d", mmcpus_mm_pid(mm), ppid);
	if (mmcpus_mm_threads(mm, &nr_threads) == 0 && nr_threads > 1 << 22)
		errx(EXIT_FAILURE, "process %d: %u threads", mmcpus_mm_pid(mm), nr_threads);
	if (mmcpus_mm_comm(mm) && strlen(mmcpus_mm_comm(mm)) > 15)
		errx(EXIT_FAILURE, "process %d: the name '%s' is too long", mmcpus_mm_pid(mm), mmcpus_mm_comm(mm));
	if (mmcpus_mm_quality(snap, mm) == MMCPUS_ESTIMATE && mmcpus_source_quality(watch->src) != MMCPUS_ESTIMATE)
		errx(EXIT_FAILURE, "process %d: an estimate", mmcpus_mm_pid(mm));
}

/* ---------------------------------------------------------------------------------------------------- all rows -- */

static void add_number(struct watch *watch, size_t *nr, uint64_t number)
{
	if (*nr == watch->nr_numbers) {
		watch->nr_numbers = watch->nr_numbers ? watch->nr_numbers * 2 : 1024;
		watch->numbers = check_memory(realloc(watch->numbers, watch->nr_numbers * sizeof(number)));
	}
	watch->numbers[(*nr)++] = number;
}

static int compare_numbers(const void *first, const void *second)
{
	const uint64_t *a = first;
	const uint64_t *b = second;

	return (*a > *b) - (*a < *b);
}

static void check_unique(struct watch *watch, size_t nr, const char *what)
{
	qsort(watch->numbers, nr, sizeof(watch->numbers[0]), compare_numbers);
	for (size_t i = 1; i < nr; i++)
		if (watch->numbers[i] == watch->numbers[i - 1])
			errx(EXIT_FAILURE, "%s %" PRIu64 " is there twice", what, watch->numbers[i]);
}

static void check_pids(struct watch *watch, const struct mmcpus_snapshot *snap)
{
	size_t nr = 0;

	for (size_t i = 0; i < mmcpus_snapshot_count(snap); i++) {
		const struct mmcpus_mm *mm = mmcpus_snapshot_mm(snap, i);
		int32_t sharers[1024];
		size_t nr_sharers = mmcpus_mm_sharers(snap, mm, sharers, sizeof(sharers) / sizeof(sharers[0]));

		add_number(watch, &nr, (uint64_t)mmcpus_mm_pid(mm));
		for (size_t j = 0; j < nr_sharers; j++)
			add_number(watch, &nr, (uint64_t)sharers[j]);
	}
	check_unique(watch, nr, "PID");
}

static void check_ids(struct watch *watch, const struct mmcpus_snapshot *snap)
{
	size_t nr = 0;
	uint64_t id;

	for (size_t i = 0; i < mmcpus_snapshot_count(snap); i++)
		if (mmcpus_mm_id(mmcpus_snapshot_mm(snap, i), &id) == 0)
			add_number(watch, &nr, id);
	check_unique(watch, nr, "address space");
}

/* --------------------------------------------------------------------------------------------------- processes -- */

static const struct mmcpus_mm *find_pid(const struct mmcpus_snapshot *snap, int32_t pid)
{
	for (size_t i = 0; i < mmcpus_snapshot_count(snap); i++)
		if (mmcpus_mm_pid(mmcpus_snapshot_mm(snap, i)) == pid)
			return mmcpus_snapshot_mm(snap, i);
	return NULL;
}

static void fail_set(const struct watch *watch, const struct watched *watched, const char *name)
{
	char text[256];

	mmcpus_cpuset_format_list(watch->set, text, sizeof(text));
	errx(EXIT_FAILURE, "snapshot %" PRIu64 ": process %d has %s '%s'", watch->nr_snapshots, watched->pid, name,
	     text);
}

static void check_cpus(struct watch *watch, const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm,
		       const struct watched *watched)
{
	mmcpus_mm_set(snap, mm, MMCPUS_SET_ACTIVE, watch->set);
	if (!mmcpus_cpuset_is_subset(watch->set, watched->cpus) ||
	    (watch->keeps_masks && !watched->is_changing && !mmcpus_cpuset_is_equal(watch->set, watched->cpus)))
		fail_set(watch, watched, "ACTIVE");
	if (mmcpus_mm_set(snap, mm, MMCPUS_SET_ALLOWED, watch->set) == 0 &&
	    !mmcpus_cpuset_is_equal(watch->set, watched->cpus))
		fail_set(watch, watched, "ALLOWED");
	if (mmcpus_mm_set(snap, mm, MMCPUS_SET_RUNNING, watch->set))
		return;
	if (!mmcpus_cpuset_is_subset(watch->set, watched->cpus))
		fail_set(watch, watched, "RUNNING");
	watch->nr_running += !mmcpus_cpuset_is_empty(watch->set);
}

static void check_watched(struct watch *watch, const struct mmcpus_snapshot *snap)
{
	for (size_t i = 0; i < watch->nr_watched; i++) {
		const struct watched *watched = &watch->watched[i];
		const struct mmcpus_mm *mm = find_pid(snap, watched->pid);

		if (mm)
			check_cpus(watch, snap, mm, watched);
		else if (!watched->is_changing || !mmcpus_snapshot_dropped(snap))
			errx(EXIT_FAILURE, "snapshot %" PRIu64 ": process %d is missing", watch->nr_snapshots,
			     watched->pid);
	}
}

/* --------------------------------------------------------------------------------------------------- snapshots -- */

static void look_at_all(struct watch *watch)
{
	const struct mmcpus_snapshot *snap;
	struct mmcpus_reason why;

	if (mmcpus_source_snapshot(watch->src, MMCPUS_FIELDS_ALL, &snap, &why))
		errx(EXIT_FAILURE, "snapshot %" PRIu64 ": %s", watch->nr_snapshots, why.what);
	for (size_t i = 0; i < mmcpus_snapshot_count(snap); i++)
		check_row(watch, snap, mmcpus_snapshot_mm(snap, i));
	check_pids(watch, snap);
	check_ids(watch, snap);
	check_watched(watch, snap);
	watch->nr_snapshots++;
	watch->nr_rows += mmcpus_snapshot_count(snap);
	watch->nr_dropped += mmcpus_snapshot_dropped(snap);
}

/* One by one, as `mmcpus status` asks. All of them live and have an address space, at every moment. */
static void look_at_each(struct watch *watch)
{
	for (size_t i = 0; i < watch->nr_watched; i++) {
		const struct watched *watched = &watch->watched[i];
		const struct mmcpus_snapshot *snap;
		struct mmcpus_reason why;
		int ret = mmcpus_source_snapshot_pid(watch->src, watched->pid, MMCPUS_FIELD_ALLOWED, &snap, &why);

		if (ret == 0)
			check_cpus(watch, snap, mmcpus_snapshot_mm(snap, 0), watched);
		else if (!watched->is_changing || ret == -ENODATA || ret == -ESRCH)
			errx(EXIT_FAILURE, "snapshot %" PRIu64 " of process %d: %s", watch->nr_snapshots, watched->pid,
			     why.what);
		else
			watch->nr_refused++;
	}
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* ---------------------------------------------------------------------------------------------------- begin, end -- */

static void add_watched(struct watch *watch, const char *word)
{
	struct watched *watched = &watch->watched[watch->nr_watched++];
	const char *cpus = strchr(word, '=');

	if (!cpus || watch->nr_watched == WATCHED_MAX)
		errx(2, "'%s': give PID=CPUS, and less than %d of them", word, WATCHED_MAX);
	watched->pid = atoi(word);
	watched->is_changing = cpus[1] == '~';
	watched->cpus = check_memory(mmcpus_cpuset_create(mmcpus_system_nr_cpus(watch->sys)));
	if (mmcpus_cpuset_parse_list(watched->cpus, cpus + 1 + watched->is_changing, NULL))
		errx(2, "'%s': not a list of CPUs", word);
}

static void watch_init(struct watch *watch, const char *backend)
{
	struct mmcpus_reason why;

	*watch = (struct watch){ 0 };
	if (mmcpus_system_open(NULL, &watch->sys, &why) || mmcpus_source_open(watch->sys, backend, &watch->src, &why))
		errx(EXIT_FAILURE, "%s", why.what);
	watch->keeps_masks = mmcpus_system_mask_rule(watch->sys) == MMCPUS_RULE_LAZY;
	watch->set = check_memory(mmcpus_cpuset_create(mmcpus_system_nr_cpus(watch->sys)));
}

static void watch_deinit(struct watch *watch)
{
	for (size_t i = 0; i < watch->nr_watched; i++)
		mmcpus_cpuset_destroy(watch->watched[i].cpus);
	free(watch->numbers);
	mmcpus_cpuset_destroy(watch->set);
	mmcpus_source_close(watch->src);
	mmcpus_system_close(watch->sys);
}

int main(int argc, char **argv)
{
	struct watch watch;
	time_t end;

	if (argc < 3)
		errx(2, "usage: snapshots BACKEND SECONDS PID=CPUS...");
	watch_init(&watch, argv[1]);
	for (int i = 3; i < argc; i++)
		add_watched(&watch, argv[i]);
	end = now() + atoi(argv[2]);
	do {
		look_at_all(&watch);
		look_at_each(&watch);
	} while (now() < end || (watch.nr_snapshots < SNAPSHOTS_MIN && now() < end + PATIENCE_SECONDS));
	printf("snapshots=%" PRIu64 " rows=%" PRIu64 " dropped=%" PRIu64 " refused=%" PRIu64 " running=%" PRIu64 "\n",
	       watch.nr_snapshots, watch.nr_rows, watch.nr_dropped, watch.nr_refused, watch.nr_running);
	watch_deinit(&watch);
	return EXIT_SUCCESS;
}
