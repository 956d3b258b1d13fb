/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From hand-made records to address spaces: who is joined with whom, under which name, with which sets. */
#include "unit.h"

#include "snapshot.h"
#include "system.h"

/* The index-th sharer, or -1. */
static int32_t sharer_at(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm, size_t index)
{
	int32_t pids[64] = { 0 };

	return mmcpus_mm_sharers(snap, mm, pids, index + 1) == index + 1 ? pids[index] : -1;
}

#define NR_CPUS       70
#define THREAD_FIELDS (MMCPUS_FIELD_ALLOWED | MMCPUS_FIELD_RUNNING)

struct image {
	struct mmcpus_system sys;
	struct mmcpus_snapshot snap;
	struct mmcpus_cpuset *set;
};

static int image_setup(void **state)
{
	struct image *image = calloc(1, sizeof(*image));

	if (!image)
		return -1;
	image->sys.nr_cpus = NR_CPUS;
	image->set = mmcpus_cpuset_create(NR_CPUS);
	snapshot_init(&image->snap, &image->sys, MMCPUS_EXACT);
	*state = image;
	return 0;
}

static int image_teardown(void **state)
{
	struct image *image = *state;

	snapshot_deinit(&image->snap);
	mmcpus_cpuset_destroy(image->set);
	free(image);
	return 0;
}

#define image_test(test) cmocka_unit_test_setup_teardown(test, image_setup, image_teardown)

/* A record of a process or, with is_per_thread, of a thread. */
struct row {
	int32_t pid;
	uint64_t mm_id;
	uint64_t start_ns;
	uint32_t nr_threads;
	const char *active;
	const char *allowed;
	const char *running;
	uint32_t running_cpu; /* of a thread */
};

static void begin(struct image *image, uint32_t wanted, bool is_per_thread)
{
	snapshot_reset(&image->snap, wanted);
	image->snap.known = wanted;
	image->snap.is_per_thread = is_per_thread;
}

static void add_list(struct mmcpus_cpuset *set, const char *list)
{
	if (list)
		assert_int_equal(mmcpus_cpuset_parse_list(set, list, NULL), 0);
}

static void add_row(struct image *image, const struct row *row)
{
	uint32_t nr_sets = record_nr_sets(image->snap.wanted);
	struct mm_record *rec = records_add(&image->snap.recs, NR_CPUS, nr_sets);

	assert_non_null(rec);
	rec->pid = row->pid;
	rec->mm_id = row->mm_id;
	rec->start_ns = row->start_ns;
	rec->nr_threads = row->nr_threads ? row->nr_threads : 1;
	rec->known = image->snap.wanted;
	rec->flags = MM_RECORD_HAS_ID;
	snprintf(rec->comm, sizeof(rec->comm), "p%d", row->pid);
	add_list(record_set(rec, MM_RECORD_ACTIVE), row->active);
	if (nr_sets == MM_RECORD_NR_SETS) {
		add_list(record_set(rec, MM_RECORD_ALLOWED), row->allowed);
		add_list(record_set(rec, MM_RECORD_RUNNING), row->running);
	}
	if (image->snap.is_per_thread)
		rec->running_cpu = row->running_cpu;
}

static void make_index(struct image *image, const struct row *rows, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		add_row(image, &rows[i]);
	assert_int_equal(snapshot_index(&image->snap), 0);
}

static const struct mmcpus_mm *mm_at(const struct image *image, size_t index)
{
	const struct mmcpus_mm *mm = mmcpus_snapshot_mm(&image->snap, index);

	assert_non_null(mm);
	return mm;
}

static size_t nr_sharers(const struct mmcpus_mm *mm)
{
	size_t nr = 4711;

	assert_int_equal(mmcpus_mm_nr_sharers(mm, &nr), 0);
	return nr;
}

static bool has_sharer(const struct image *image, const struct mmcpus_mm *mm, int32_t pid)
{
	for (size_t i = 0; i < nr_sharers(mm); i++)
		if (sharer_at(&image->snap, mm, i) == pid)
			return true;
	return false;
}

static void assert_mm_set(const struct image *image, const struct mmcpus_mm *mm, enum mmcpus_mm_set which,
			  const char *expected)
{
	assert_int_equal(mmcpus_mm_set(&image->snap, mm, which, image->set), 0);
	assert_set(image->set, expected);
}

static uint32_t nr_threads(const struct mmcpus_mm *mm)
{
	uint32_t nr = 0;

	assert_int_equal(mmcpus_mm_threads(mm, &nr), 0);
	return nr;
}

static void no_records_no_entries(void **state)
{
	struct image *image = *state;

	begin(image, MMCPUS_FIELDS_ALL, false);
	make_index(image, NULL, 0);
	assert_int_equal(mmcpus_snapshot_count(&image->snap), 0);
	assert_null(mmcpus_snapshot_mm(&image->snap, 0));
}

static void joins_sharers(void **state)
{
	static const struct row rows[] = {
		{ .pid = 10,
		  .mm_id = 1,
		  .start_ns = 100,
		  .nr_threads = 2,
		  .active = "1-2",
		  .allowed = "1",
		  .running = "1" },
		{ .pid = 20, .mm_id = 2, .start_ns = 200, .active = "5" },
		{ .pid = 30, .mm_id = 1, .start_ns = 300, .nr_threads = 3, .active = "1-2", .allowed = "69" },
		{ .pid = 40, .mm_id = 1, .start_ns = 400, .active = "1-2", .allowed = "2", .running = "2" },
	};
	struct image *image = *state;
	const struct mmcpus_mm *mm;
	uint64_t id;

	begin(image, MMCPUS_FIELDS_ALL, false);
	make_index(image, rows, NR(rows));
	assert_int_equal(mmcpus_snapshot_count(&image->snap), 2);
	mm = mm_at(image, 0);
	assert_int_equal(mmcpus_mm_pid(mm), 10);
	assert_string_equal(mmcpus_mm_comm(mm), "p10");
	assert_int_equal(nr_sharers(mm), 2);
	assert_true(has_sharer(image, mm, 30) && has_sharer(image, mm, 40));
	assert_int_equal(sharer_at(&image->snap, mm, 2), -1);
	assert_int_equal(nr_threads(mm), 6); /* of all that share it */
	assert_int_equal(mmcpus_mm_id(mm, &id), 0);
	assert_int_equal(id, 1);
	assert_mm_set(image, mm, MMCPUS_SET_ACTIVE, "1-2");
	assert_mm_set(image, mm, MMCPUS_SET_ALLOWED, "1-2,69");
	assert_mm_set(image, mm, MMCPUS_SET_RUNNING, "1-2");
	assert_mm_set(image, mm, MMCPUS_SET_STRAY, "");
	mm = mm_at(image, 1);
	assert_int_equal(mmcpus_mm_pid(mm), 20);
	assert_int_equal(nr_sharers(mm), 0);
	assert_int_equal(sharer_at(&image->snap, mm, 0), -1);
	assert_int_equal(nr_threads(mm), 1);
	assert_mm_set(image, mm, MMCPUS_SET_ALLOWED, "");
	assert_mm_set(image, mm, MMCPUS_SET_STRAY, "5");
}

/* Whatever the order of the records: the oldest names the mm, and the smaller PID of two of one age. */
static void the_oldest_names_the_mm(void **state)
{
	static const struct row rows[] = {
		{ .pid = 50, .mm_id = 7, .start_ns = 500, .allowed = "5" },
		{ .pid = 40, .mm_id = 7, .start_ns = 400, .allowed = "4" },
		{ .pid = 99, .mm_id = 7, .start_ns = 100, .allowed = "9" },
		{ .pid = 98, .mm_id = 7, .start_ns = 100, .allowed = "8" },
	};
	static const int orders[][4] = {
		{ 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 2, 0, 3, 1 }, { 1, 3, 0, 2 }, { 2, 3, 1, 0 }
	};
	struct image *image = *state;

	for (size_t order = 0; order < NR(orders); order++) {
		const struct mmcpus_mm *mm;

		begin(image, MMCPUS_FIELDS_ALL, false);
		for (size_t i = 0; i < NR(rows); i++)
			add_row(image, &rows[orders[order][i]]);
		assert_int_equal(snapshot_index(&image->snap), 0);
		assert_int_equal(mmcpus_snapshot_count(&image->snap), 1);
		mm = mm_at(image, 0);
		assert_int_equal(mmcpus_mm_pid(mm), 98);
		assert_int_equal(nr_sharers(mm), 3);
		assert_true(has_sharer(image, mm, 40) && has_sharer(image, mm, 50) && has_sharer(image, mm, 99));
		assert_int_equal(nr_threads(mm), 4);
		assert_mm_set(image, mm, MMCPUS_SET_ALLOWED, "4-5,8-9");
	}
}

static void without_sharers_each_has_its_own(void **state)
{
	static const struct row rows[] = {
		{ .pid = 10, .mm_id = 1, .allowed = "1" },
		{ .pid = 30, .mm_id = 1, .allowed = "3" },
	};
	struct image *image = *state;
	size_t nr;

	begin(image, THREAD_FIELDS, false);
	make_index(image, rows, NR(rows));
	assert_int_equal(mmcpus_snapshot_count(&image->snap), 2);
	for (size_t i = 0; i < NR(rows); i++) {
		assert_int_equal(mmcpus_mm_pid(mm_at(image, i)), rows[i].pid);
		assert_int_equal(mmcpus_mm_nr_sharers(mm_at(image, i), &nr), -ENODATA);
		assert_mm_set(image, mm_at(image, i), MMCPUS_SET_ALLOWED, rows[i].allowed);
	}
}

/* Without an identity nothing is known to be shared, not even among records with the same number. */
static void without_identity_nothing_is_joined(void **state)
{
	static const struct row rows[] = { { .pid = 10 }, { .pid = 20 }, { .pid = 30 } };
	struct image *image = *state;
	uint64_t id;

	begin(image, MMCPUS_FIELD_SHARERS, false);
	for (size_t i = 0; i < NR(rows); i++) {
		add_row(image, &rows[i]);
		record_at(&image->snap.recs, (uint32_t)i * record_bytes(NR_CPUS, 1))->flags = 0;
	}
	assert_int_equal(snapshot_index(&image->snap), 0);
	assert_int_equal(mmcpus_snapshot_count(&image->snap), 3);
	assert_int_equal(mmcpus_mm_id(mm_at(image, 0), &id), -ENODATA);
}

/* kcmp() tells equal mms, but no number that means anything to others. */
static void groups_join_but_name_nothing(void **state)
{
	static const struct row rows[] = { { .pid = 10, .mm_id = 1 },
					   { .pid = 20, .mm_id = 1 },
					   { .pid = 30, .mm_id = 2 } };
	struct image *image = *state;
	uint64_t id;

	begin(image, MMCPUS_FIELD_SHARERS, false);
	for (size_t i = 0; i < NR(rows); i++) {
		add_row(image, &rows[i]);
		record_at(&image->snap.recs, (uint32_t)i * record_bytes(NR_CPUS, 1))->flags = MM_RECORD_GROUPED;
	}
	assert_int_equal(snapshot_index(&image->snap), 0);
	assert_int_equal(mmcpus_snapshot_count(&image->snap), 2);
	assert_int_equal(nr_sharers(mm_at(image, 0)), 1);
	assert_int_equal(mmcpus_mm_id(mm_at(image, 0), &id), -ENODATA);
}

static const struct row threads[] = {
	{ .pid = 10, .mm_id = 1, .start_ns = 1, .nr_threads = 3, .active = "0-3", .allowed = "0-1", .running_cpu = 1 },
	{ .pid = 20,
	  .mm_id = 2,
	  .start_ns = 2,
	  .nr_threads = 1,
	  .active = "9",
	  .allowed = "9",
	  .running_cpu = MM_RECORD_NONE },
	{ .pid = 10,
	  .mm_id = 1,
	  .start_ns = 1,
	  .nr_threads = 3,
	  .active = "0-3",
	  .allowed = "64",
	  .running_cpu = MM_RECORD_NONE },
	{ .pid = 30, .mm_id = 1, .start_ns = 3, .nr_threads = 2, .active = "0-3", .allowed = "5", .running_cpu = 5 },
	{ .pid = 10, .mm_id = 1, .start_ns = 1, .nr_threads = 3, .active = "0-3", .allowed = "1", .running_cpu = 69 },
	{ .pid = 30, .mm_id = 1, .start_ns = 3, .nr_threads = 2, .active = "0-3", .allowed = "6", .running_cpu = 6 },
};

static void joins_threads(void **state)
{
	struct image *image = *state;

	begin(image, THREAD_FIELDS | MMCPUS_FIELD_THREADS, true);
	make_index(image, threads, NR(threads));
	assert_int_equal(mmcpus_snapshot_count(&image->snap), 3);
	assert_int_equal(mmcpus_mm_pid(mm_at(image, 0)), 10);
	assert_int_equal(nr_threads(mm_at(image, 0)), 3); /* counted once, not with each record */
	assert_mm_set(image, mm_at(image, 0), MMCPUS_SET_ACTIVE, "0-3");
	assert_mm_set(image, mm_at(image, 0), MMCPUS_SET_ALLOWED, "0-1,64");
	assert_mm_set(image, mm_at(image, 0), MMCPUS_SET_RUNNING, "1,69");
	assert_int_equal(mmcpus_mm_pid(mm_at(image, 1)), 20);
	assert_mm_set(image, mm_at(image, 1), MMCPUS_SET_RUNNING, "");
	assert_int_equal(mmcpus_mm_pid(mm_at(image, 2)), 30);
	assert_int_equal(nr_threads(mm_at(image, 2)), 2);
	assert_mm_set(image, mm_at(image, 2), MMCPUS_SET_ALLOWED, "5-6");
	assert_mm_set(image, mm_at(image, 2), MMCPUS_SET_RUNNING, "5-6");
}

static void joins_threads_and_sharers(void **state)
{
	struct image *image = *state;
	const struct mmcpus_mm *mm;

	begin(image, MMCPUS_FIELDS_ALL, true);
	make_index(image, threads, NR(threads));
	assert_int_equal(mmcpus_snapshot_count(&image->snap), 2);
	mm = mm_at(image, 0);
	assert_int_equal(mmcpus_mm_pid(mm), 10);
	assert_int_equal(nr_sharers(mm), 1);
	assert_int_equal(sharer_at(&image->snap, mm, 0), 30);
	assert_int_equal(nr_threads(mm), 5);
	assert_mm_set(image, mm, MMCPUS_SET_ALLOWED, "0-1,5-6,64");
	assert_mm_set(image, mm, MMCPUS_SET_RUNNING, "1,5-6,69");
}

/* The younger process comes first; threads of both follow. */
static void joins_threads_of_a_younger_first(void **state)
{
	struct image *image = *state;
	const struct mmcpus_mm *mm;

	begin(image, MMCPUS_FIELDS_ALL, true);
	for (size_t i = NR(threads); i-- > 0;)
		add_row(image, &threads[i]);
	assert_int_equal(snapshot_index(&image->snap), 0);
	assert_int_equal(mmcpus_snapshot_count(&image->snap), 2);
	mm = mm_at(image, 0);
	assert_int_equal(mmcpus_mm_pid(mm), 10);
	assert_int_equal(nr_sharers(mm), 1);
	assert_int_equal(nr_threads(mm), 5);
	assert_mm_set(image, mm, MMCPUS_SET_ALLOWED, "0-1,5-6,64");
	assert_mm_set(image, mm, MMCPUS_SET_RUNNING, "1,5-6,69");
}

/* Of a record that speaks of one thread only the number counts: nobody has filled the set. */
static void running_of_a_thread_is_a_number(void **state)
{
	static const struct row rows[] = {
		{ .pid = 10, .mm_id = 1, .running = "0-69", .running_cpu = 3 },
		{ .pid = 10, .mm_id = 1, .running = "7", .running_cpu = MM_RECORD_NONE },
	};
	struct image *image = *state;

	begin(image, MMCPUS_FIELD_RUNNING, true);
	make_index(image, rows, NR(rows));
	assert_int_equal(mmcpus_snapshot_count(&image->snap), 1);
	assert_mm_set(image, mm_at(image, 0), MMCPUS_SET_RUNNING, "3");
}

/* A set of which a part is missing is unknown, on whichever side it is missing. */
static void unknown_sets_stay_unknown(void **state)
{
	static const struct row rows[] = {
		{ .pid = 10, .mm_id = 1, .start_ns = 1, .active = "0", .allowed = "1" },
		{ .pid = 20, .mm_id = 1, .start_ns = 2, .active = "0", .allowed = "2" },
	};
	struct image *image = *state;

	for (size_t lacking = 0; lacking < NR(rows); lacking++) {
		uint32_t bytes = record_bytes(NR_CPUS, MM_RECORD_NR_SETS);

		begin(image, MMCPUS_FIELD_SHARERS | MMCPUS_FIELD_ALLOWED, false);
		for (size_t i = 0; i < NR(rows); i++)
			add_row(image, &rows[i]);
		record_at(&image->snap.recs, (uint32_t)lacking * bytes)->known &= ~(uint32_t)MMCPUS_FIELD_ALLOWED;
		assert_int_equal(snapshot_index(&image->snap), 0);
		assert_int_equal(mmcpus_mm_set(&image->snap, mm_at(image, 0), MMCPUS_SET_ALLOWED, image->set),
				 -ENODATA);
		assert_int_equal(mmcpus_mm_set(&image->snap, mm_at(image, 0), MMCPUS_SET_STRAY, image->set), -ENODATA);
		assert_int_equal(mmcpus_mm_quality(&image->snap, mm_at(image, 0)), MMCPUS_PARTIAL);
	}
}

/* Of two thread fields one is missing in one record: the other is known all the same. */
static void each_set_is_unknown_for_itself(void **state)
{
	static const struct row rows[] = {
		{ .pid = 10, .mm_id = 1, .start_ns = 1, .allowed = "1", .running = "1" },
		{ .pid = 20, .mm_id = 1, .start_ns = 2, .allowed = "2", .running = "2" },
	};
	struct image *image = *state;
	uint32_t bytes = record_bytes(NR_CPUS, MM_RECORD_NR_SETS);

	begin(image, MMCPUS_FIELDS_ALL, false);
	for (size_t i = 0; i < NR(rows); i++)
		add_row(image, &rows[i]);
	record_at(&image->snap.recs, bytes)->known &= ~(uint32_t)MMCPUS_FIELD_RUNNING;
	assert_int_equal(snapshot_index(&image->snap), 0);
	assert_mm_set(image, mm_at(image, 0), MMCPUS_SET_ALLOWED, "1-2");
	assert_int_equal(mmcpus_mm_set(&image->snap, mm_at(image, 0), MMCPUS_SET_RUNNING, image->set), -ENODATA);
}

/* Kernel addresses become hashes: equal for equal ones, other than the address, and the address is gone. */
static void addresses_become_hashes(void **state)
{
	static const uint64_t addresses[] = { UINT64_C(0xffff888012340000), UINT64_C(0xffff888012340400),
					      UINT64_C(0xffff888012340000) };
	uint32_t bytes = record_bytes(NR_CPUS, 1);
	struct image *image = *state;
	uint64_t first = 0;
	uint64_t second = 0;

	begin(image, MMCPUS_FIELD_SHARERS, false);
	for (size_t i = 0; i < NR(addresses); i++) {
		add_row(image, &(struct row){ .pid = 10 + (int32_t)i });
		record_at(&image->snap.recs, (uint32_t)i * bytes)->mm_address = addresses[i];
	}
	assert_int_equal(snapshot_index(&image->snap), 0);
	assert_int_equal(mmcpus_snapshot_count(&image->snap), 2);
	assert_int_equal(mmcpus_mm_id(mm_at(image, 0), &first), 0);
	assert_int_equal(mmcpus_mm_id(mm_at(image, 1), &second), 0);
	assert_true(first != second);
	assert_true(first != addresses[0] && second != addresses[1]);
	assert_int_equal(nr_sharers(mm_at(image, 0)), 1);
	assert_int_equal(sharer_at(&image->snap, mm_at(image, 0), 0), 12);
	for (uint32_t i = 0; i < NR(addresses); i++)
		assert_true(record_at(&image->snap.recs, i * bytes)->mm_address == 0);
}

/* 20,000 processes, every third shares the mm of one before, over some fifty blocks. */
static void many_records_over_blocks(void **state)
{
	const int32_t nr = 20001;
	struct image *image = *state;
	size_t nr_joined = 0;

	for (int round = 0; round < 2; round++) {
		begin(image, MMCPUS_FIELDS_ALL, false);
		for (int32_t i = 0; i < nr; i++) {
			int32_t mm = i % 3 == 2 ? i - 2 : i;
			char cpu[16];

			snprintf(cpu, sizeof(cpu), "%d", i % NR_CPUS);
			add_row(image, &(struct row){ .pid = i + 1,
						      .mm_id = (uint64_t)mm + 1,
						      .start_ns = (uint64_t)i + 1,
						      .allowed = cpu });
		}
		assert_true(image->snap.recs.used > 40 * MM_BLOCK_BYTES);
		assert_int_equal(snapshot_index(&image->snap), 0);
		assert_int_equal(mmcpus_snapshot_count(&image->snap), nr / 3 * 2);
	}
	for (size_t i = 0; i < mmcpus_snapshot_count(&image->snap); i++) {
		const struct mmcpus_mm *mm = mm_at(image, i);
		int32_t pid = mmcpus_mm_pid(mm);

		assert_int_equal(pid, (int32_t)(i / 2 * 3 + i % 2) + 1);
		assert_int_equal(nr_sharers(mm), pid % 3 == 1 ? 1 : 0);
		if (pid % 3 != 1)
			continue;
		nr_joined++;
		assert_int_equal(sharer_at(&image->snap, mm, 0), pid + 2);
		assert_int_equal(mmcpus_mm_set(&image->snap, mm, MMCPUS_SET_ALLOWED, image->set), 0);
		assert_int_equal(mmcpus_cpuset_count(image->set), 2);
		assert_true(mmcpus_cpuset_has(image->set, (uint32_t)(pid + 1) % NR_CPUS));
	}
	assert_int_equal(nr_joined, nr / 3);
}

static void estimates_of_sharers_are_united(void **state)
{
	static const struct row rows[] = {
		{ .pid = 10, .mm_id = 1, .start_ns = 1, .active = "1" },
		{ .pid = 20, .mm_id = 1, .start_ns = 2, .active = "5" },
	};
	static const struct {
		enum mmcpus_quality quality;
		const char *active;
	} cases[] = { { MMCPUS_EXACT, "1" }, { MMCPUS_ESTIMATE, "1,5" } };
	struct image *image = *state;

	for (size_t i = 0; i < NR(cases); i++) {
		begin(image, MMCPUS_FIELDS_ALL, false);
		image->snap.quality = cases[i].quality;
		make_index(image, rows, NR(rows));
		assert_int_equal(mmcpus_snapshot_count(&image->snap), 1);
		assert_mm_set(image, mm_at(image, 0), MMCPUS_SET_ACTIVE, cases[i].active);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		image_test(no_records_no_entries),
		image_test(joins_sharers),
		image_test(estimates_of_sharers_are_united),
		image_test(the_oldest_names_the_mm),
		image_test(without_sharers_each_has_its_own),
		image_test(without_identity_nothing_is_joined),
		image_test(groups_join_but_name_nothing),
		image_test(joins_threads),
		image_test(joins_threads_and_sharers),
		image_test(joins_threads_of_a_younger_first),
		image_test(running_of_a_thread_is_a_number),
		image_test(unknown_sets_stay_unknown),
		image_test(each_set_is_unknown_for_itself),
		image_test(addresses_become_hashes),
		image_test(many_records_over_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
