/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a snapshot keeps, and forgets. */
#include "unit.h"

#include "snapshot.h"
#include "system.h"

static void keeps_strings(void **state)
{
	struct mmcpus_system sys = { .nr_cpus = 8 };
	struct mmcpus_snapshot snap;
	int64_t offsets[1000];
	char string[64];

	(void)state;
	snapshot_init(&snap, &sys, MMCPUS_EXACT);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < NR(offsets); i++) {
			snprintf(string, sizeof(string), "/slice %zu%.*s", i, (int)(i % 20), "////////////////////");
			offsets[i] = snapshot_add_string(&snap, i % 3 ? string : "");
			assert_true(offsets[i] >= 0);
		}
		for (size_t i = 0; i < NR(offsets); i++) {
			snprintf(string, sizeof(string), "/slice %zu%.*s", i, (int)(i % 20), "////////////////////");
			assert_string_equal(snap.strings.data + offsets[i], i % 3 ? string : "");
		}
		snapshot_reset(&snap, 0);
		assert_int_equal(snap.strings.length, 0);
	}
	snapshot_deinit(&snap);
}

/* Two sources must not give the same numbers to the same addresses. */
static void keys_differ(void **state)
{
	struct mmcpus_system sys = { .nr_cpus = 8 };
	struct mmcpus_snapshot a, b;

	(void)state;
	snapshot_init(&a, &sys, MMCPUS_EXACT);
	snapshot_init(&b, &sys, MMCPUS_EXACT);
	assert_memory_not_equal(a.key, b.key, sizeof(a.key));
	snapshot_deinit(&a);
	snapshot_deinit(&b);
}

static void reset_forgets(void **state)
{
	struct mmcpus_system sys = { .nr_cpus = 8 };
	struct mmcpus_snapshot snap;

	(void)state;
	snapshot_init(&snap, &sys, MMCPUS_EXACT);
	snap.known = MMCPUS_FIELDS_ALL;
	snap.wanted = MMCPUS_FIELD_COMM | MMCPUS_FIELD_UID;
	snap.dropped = 3;
	snap.is_per_thread = true;
	assert_non_null(records_add(&snap.recs, 8, 1));
	assert_int_equal(snapshot_index(&snap), 0);
	assert_int_equal(mmcpus_snapshot_fields(&snap), MMCPUS_FIELD_COMM | MMCPUS_FIELD_UID);
	snapshot_reset(&snap, MMCPUS_FIELD_RSS);
	assert_int_equal(mmcpus_snapshot_count(&snap), 0);
	assert_int_equal(mmcpus_snapshot_dropped(&snap), 0);
	assert_int_equal(mmcpus_snapshot_fields(&snap), 0);
	assert_false(snap.is_per_thread);
	assert_int_equal(snapshot_index(&snap), 0);
	assert_int_equal(mmcpus_snapshot_count(&snap), 0);
	snapshot_deinit(&snap);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_strings),
		cmocka_unit_test(keys_differ),
		cmocka_unit_test(reset_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
