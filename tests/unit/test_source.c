/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which backend answers for a captured machine, and why not another. */
#include "machine.h"

static const struct task patched = { .tgid = 1, .rss_kib = 4, .allowed = "ff", .active = "0f", .last_cpu = 5 };
static const struct task unpatched = { .tgid = 1, .rss_kib = 4, .allowed = "ff", .last_cpu = 5 };

static void prefers_exact_masks(void **state)
{
	struct mmcpus_reason why = { 0 };
	struct machine machine;

	write_machine(*state);
	write_task(*state, &patched);
	machine = machine_open(*state, NULL);
	assert_string_equal(mmcpus_source_backend(machine.src), "procfs");
	take_snapshot(&machine, 0);
	assert_mm_set(&machine, find_mm(&machine, 1), MMCPUS_SET_ACTIVE, "0-3");
	/* bpf, which reads the running kernel, was no choice: there is nothing to remark */
	assert_int_equal(mmcpus_source_fallback(machine.src, &why), 0);
	assert_int_equal(mmcpus_source_is_restricted(machine.src, &why), 0);
	machine_close(&machine);
}

static void falls_back_to_an_estimate(void **state)
{
	struct mmcpus_reason why = { 0 };
	struct machine machine;

	write_machine(*state);
	write_task(*state, &unpatched);
	machine = machine_open(*state, NULL);
	assert_string_equal(mmcpus_source_backend(machine.src), "sched");
	assert_int_equal(mmcpus_source_quality(machine.src), MMCPUS_ESTIMATE);
	take_snapshot(&machine, 0);
	assert_mm_set(&machine, find_mm(&machine, 1), MMCPUS_SET_ACTIVE, "5");
	assert_int_equal(mmcpus_source_fallback(machine.src, &why), 1);
	assert_int_equal(strncmp(why.what, "procfs: ", 8), 0);
	assert_true(why.remedy[0]);
	assert_int_equal(mmcpus_source_fallback(machine.src, NULL), 1);
	machine_close(&machine);
}

static void a_named_backend_is_no_fallback(void **state)
{
	struct machine machine;

	write_machine(*state);
	write_task(*state, &patched);
	machine = machine_open(*state, "sched");
	assert_string_equal(mmcpus_source_backend(machine.src), "sched");
	assert_int_equal(mmcpus_source_fallback(machine.src, NULL), 0);
	machine_close(&machine);
}

static void refuses_backends(void **state)
{
	static const struct {
		const char *backend;
		int err;
	} cases[] = {
		{ "procfs", -EOPNOTSUPP }, { "bpf", -EOPNOTSUPP }, { "bpf:iter", -EOPNOTSUPP },
		{ "nope", -ENOENT },       { "", -ENOENT },        { "sched ", -ENOENT },
	};
	struct mmcpus_source *src = NULL;
	struct mmcpus_system *sys;

	write_machine(*state);
	write_task(*state, &unpatched);
	assert_int_equal(mmcpus_system_open(((struct tree *)*state)->root, &sys, NULL), 0);
	for (size_t i = 0; i < NR(cases); i++) {
		struct mmcpus_reason why = { 0 };
		int err = mmcpus_source_open(sys, cases[i].backend, &src, &why);

		check(err == cases[i].err, "'%s': %d", cases[i].backend, err);
		check(strncmp(why.what, cases[i].backend, strlen(cases[i].backend)) == 0, "'%s'", why.what);
		assert_int_equal(mmcpus_source_open(sys, cases[i].backend, &src, NULL), cases[i].err);
		assert_int_equal(mmcpus_backend_probe(sys, cases[i].backend, NULL), cases[i].err);
		memset(&why, 0, sizeof(why));
		assert_int_equal(mmcpus_backend_probe(sys, cases[i].backend, &why), cases[i].err);
		check(why.what[0] && !strchr(why.what, '\n'), "'%s'", why.what);
		check(err == -ENOENT || why.remedy[0], "'%s' has no remedy", cases[i].backend);
	}
	assert_null(src);
	assert_int_equal(mmcpus_backend_probe(sys, "sched", NULL), 0);
	mmcpus_source_close(NULL);
	mmcpus_system_close(sys);
}

/* One process in sight with the line is enough: those of others may hide it. */
static void finds_the_line_anywhere(void **state)
{
	static const struct task later = { .tgid = 500, .rss_kib = 4, .allowed = "ff", .active = "01" };
	struct machine machine;

	write_machine(*state);
	write_task(*state, &unpatched);
	tree_mkdir(*state, "proc/7");
	write_task(*state, &later);
	machine = machine_open(*state, NULL);
	assert_string_equal(mmcpus_source_backend(machine.src), "procfs");
	machine_close(&machine);
}

static void refuses_unknown_fields(void **state)
{
	const struct mmcpus_snapshot *snap = NULL;
	struct mmcpus_reason why = { 0 };
	struct machine machine;

	write_machine(*state);
	write_task(*state, &patched);
	machine = machine_open(*state, NULL);
	assert_int_equal(mmcpus_source_snapshot(machine.src, MMCPUS_FIELDS_ALL + 1, &snap, &why), -EINVAL);
	assert_true(why.what[0]);
	assert_null(snap);
	assert_int_equal(mmcpus_source_snapshot_pid(machine.src, 1, 1u << 31, &snap, &why), -EINVAL);
	assert_null(snap);
	machine_close(&machine);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(prefers_exact_masks),
		tree_test(falls_back_to_an_estimate),
		tree_test(a_named_backend_is_no_fallback),
		tree_test(refuses_backends),
		tree_test(finds_the_line_anywhere),
		tree_test(refuses_unknown_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
