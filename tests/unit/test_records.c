/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where records lie: dense, in blocks that none of them crosses. */
#include "unit.h"

#include <unistd.h>

#include "records.h"

static const uint32_t widths[] = { 1, 64, 65, 1000, 8192 };

static void new_record_is_empty(void **state)
{
	struct records recs = { 0 };

	(void)state;
	for (size_t i = 0; i < NR(widths); i++) {
		struct mm_record *rec = records_add(&recs, widths[i], MM_RECORD_NR_SETS);

		assert_non_null(rec);
		assert_int_equal(rec->pid, 0);
		assert_int_equal(rec->known, 0);
		assert_int_equal(rec->flags, 0);
		assert_int_equal(rec->running_cpu, MM_RECORD_NONE);
		for (int which = 0; which < MM_RECORD_NR_SETS; which++) {
			assert_int_equal(record_set(rec, which)->nr_cpus, widths[i]);
			assert_true(mmcpus_cpuset_is_empty(record_set(rec, which)));
			memset(record_set(rec, which)->words, 0xff, cpuset_nr_words(widths[i]) * sizeof(uint64_t));
		}
		records_drop_last(&recs, rec); /* the next lies at the same place, full of ones */
	}
	assert_int_equal(recs.used, 0);
	records_deinit(&recs);
	assert_null(recs.base);
	records_deinit(&recs);
}

/* Written by records_add(), found by the walk of whoever reads them; in between everything has moved. */
static void many_records_in_blocks(void **state)
{
	const int nr = 3000;

	(void)state;
	for (size_t i = 0; i < NR(widths); i++) {
		for (uint32_t nr_sets = 1; nr_sets <= MM_RECORD_NR_SETS; nr_sets += 2) {
			uint32_t bytes = record_bytes(widths[i], nr_sets);
			struct records recs = { 0 };
			int found = 0;

			for (int pid = 0; pid < nr; pid++) {
				struct mm_record *rec = records_add(&recs, widths[i], nr_sets);

				assert_non_null(rec);
				rec->pid = pid;
				for (uint32_t which = 0; which < nr_sets; which++)
					mmcpus_cpuset_add(record_set(rec, which), (uint32_t)pid % widths[i]);
			}
			for (uint32_t at = 0; at < recs.used; at = mm_record_place(at + bytes)) {
				struct mm_record *rec = record_at(&recs, at);

				assert_int_equal(rec->pid, found);
				assert_int_equal(at / MM_BLOCK_BYTES, (at + bytes - 1) / MM_BLOCK_BYTES);
				assert_true(
					mmcpus_cpuset_has(record_set(rec, nr_sets - 1), (uint32_t)found % widths[i]));
				assert_int_equal(mmcpus_cpuset_count(record_set(rec, nr_sets - 1)), 1);
				found++;
			}
			assert_int_equal(found, nr);
			records_deinit(&recs);
		}
	}
}

static void dropped_record_is_gone(void **state)
{
	struct records recs = { 0 };
	uint32_t used;

	(void)state;
	records_add(&recs, 8, 1)->pid = 1;
	used = recs.used;
	records_drop_last(&recs, records_add(&recs, 8, 1));
	assert_int_equal(recs.used, used);
	records_add(&recs, 8, 1)->pid = 2;
	assert_int_equal(record_at(&recs, used)->pid, 2);
	records_deinit(&recs);
}

/* A file with records one behind the other, as the kernel's iterator writes them. */
static int make_stream(uint32_t nr_cpus, int nr, size_t cut)
{
	uint32_t bytes = record_bytes(nr_cpus, 1);
	struct mm_record *rec = calloc(1, bytes);
	FILE *file = tmpfile();
	int fd;

	assert_non_null(rec);
	assert_non_null(file);
	rec->set_bytes = (uint32_t)cpuset_bytes(nr_cpus);
	for (rec->pid = 0; rec->pid < nr; rec->pid++)
		assert_int_equal(fwrite(rec, bytes, 1, file), 1);
	assert_int_equal(fflush(file), 0);
	fd = dup(fileno(file));
	assert_int_equal(ftruncate(fd, (off_t)((size_t)nr * bytes - cut)), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	fclose(file);
	free(rec);
	return fd;
}

static int count_in_order(const struct records *recs, uint32_t bytes)
{
	int nr = 0;

	for (uint32_t at = 0; at < recs->used; at = mm_record_place(at + bytes))
		assert_int_equal(record_at(recs, at)->pid, nr++);
	return nr;
}

static void reads_a_stream(void **state)
{
	static const int numbers[] = { 0, 1, 2, 500, 549, 550, 5000 };
	struct records recs = { 0 }; /* one for all: what was read before is forgotten */

	(void)state;
	for (size_t w = 0; w < NR(widths); w++) {
		uint32_t bytes = record_bytes(widths[w], 1);
		int in_a_block = (int)((MM_BLOCK_BYTES - MM_RECORD_MAX) / bytes) + 1;

		for (size_t i = 0; i < NR(numbers) + 2; i++) {
			int nr = i < NR(numbers) ? numbers[i] : i == NR(numbers) ? in_a_block : 2 * in_a_block;
			int fd = make_stream(widths[w], nr, 0);

			assert_int_equal(records_read(&recs, fd, bytes), 0);
			assert_int_equal(count_in_order(&recs, bytes), nr);
			close(fd);
		}
	}
	records_deinit(&recs);
}

/* A pipe delivers what is there at the time, and that may be half a record. */
static void reads_in_small_pieces(void **state)
{
	uint32_t bytes = record_bytes(8, 1);
	struct records recs = { 0 };
	int stream = make_stream(8, 100, 0);
	char *data = malloc(100 * bytes);
	int ends[2];

	(void)state;
	assert_non_null(data);
	assert_int_equal(read(stream, data, 100 * bytes), 100 * bytes);
	assert_int_equal(pipe(ends), 0);
	if (fork() == 0) {
		for (size_t at = 0; at < 100 * bytes; at += 10)
			if (write(ends[1], data + at, at + 10 <= 100 * bytes ? 10 : 100 * bytes - at) < 0)
				break;
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(records_read(&recs, ends[0], bytes), 0);
	assert_int_equal(count_in_order(&recs, bytes), 100);
	close(ends[0]);
	close(stream);
	free(data);
	records_deinit(&recs);
}

static void refuses_half_a_record(void **state)
{
	uint32_t bytes = record_bytes(8, 1);
	const size_t cuts[] = { 1, bytes / 2, bytes - 1 };
	struct records recs = { 0 };

	(void)state;
	for (size_t i = 0; i < NR(cuts); i++) {
		int fd = make_stream(8, 3, cuts[i]);

		check(records_read(&recs, fd, bytes) == -EPROTO, "%zu bytes short", cuts[i]);
		close(fd);
	}
	assert_int_equal(records_read(&recs, -1, bytes), -EBADF);
	records_deinit(&recs);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_record_is_empty),    cmocka_unit_test(many_records_in_blocks),
		cmocka_unit_test(dropped_record_is_gone), cmocka_unit_test(reads_a_stream),
		cmocka_unit_test(reads_in_small_pieces),  cmocka_unit_test(refuses_half_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
