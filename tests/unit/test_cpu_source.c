/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why it is not known what CPUs hold, whether that can't be opened, or can't be read all of a sudden. */
#include "unit.h"

#include "cpu_source.h"
#include "reason.h"

static const struct cpu_record records[1];
static int nr_opened;
static int open_err;
static int read_err;

static int open_fake(const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why)
{
	(void)sys;
	nr_opened++;
	*ret = &nr_opened;
	return open_err ? reason_set(why, open_err, "can't be opened") : 0;
}

static void close_fake(void *state)
{
	assert_ptr_equal(state, &nr_opened);
	nr_opened = -1;
}

static int read_fake(void *state, const struct cpu_record **ret, struct mmcpus_reason *why)
{
	assert_ptr_equal(state, &nr_opened);
	*ret = records;
	return read_err ? reason_set(why, read_err, "can't be read now") : 0;
}

static const struct cpu_reader_ops reader = { open_fake, close_fake, read_fake };
static const struct backend_ops backend = { .name = "fake", .cpu_reader = &reader };
static const struct backend_ops blind = { .name = "blind" };
static const struct mmcpus_system live = { .root = { .is_live = true } };
static const struct mmcpus_system captured;

static int set_up(void **state)
{
	(void)state;
	nr_opened = open_err = read_err = 0;
	return 0;
}

static void tells_why_a_read_failed(void **state)
{
	struct cpu_source cpus = { 0 };
	const struct cpu_record *got;

	(void)state;
	assert_int_equal(cpu_source_open(&cpus, &backend, &live, NULL), 0);
	assert_int_equal(cpu_source_read(&cpus, &backend, &got), 0);
	read_err = -EIO;
	assert_int_equal(cpu_source_read(&cpus, &backend, &got), -EIO);
	assert_int_equal(cpus.err, -EIO);
	assert_string_equal(cpus.why.what, "can't be read now");
	assert_int_equal(cpu_source_open(&cpus, &backend, &live, NULL), 0); /* the next read may do better */
	read_err = 0;
	assert_int_equal(cpu_source_read(&cpus, &backend, &got), 0);
	assert_int_equal(cpus.err, 0);
	assert_ptr_equal(got, records);
	assert_int_equal(nr_opened, 1);
	cpu_source_close(&cpus, &backend);
	assert_int_equal(nr_opened, -1);
}

static void is_tried_once(void **state)
{
	struct cpu_source cpus = { 0 };

	(void)state;
	open_err = -EPERM;
	assert_int_equal(cpu_source_open(&cpus, &backend, &live, NULL), -EPERM);
	assert_int_equal(cpu_source_open(&cpus, &backend, &live, NULL), -EPERM);
	assert_string_equal(cpus.why.what, "can't be opened");
	assert_int_equal(nr_opened, 1);
	cpu_source_close(&cpus, &backend);
	assert_int_equal(nr_opened, 1);
}

static void not_all_look_there(void **state)
{
	struct cpu_source of_blind = { 0 };
	struct cpu_source of_captured = { 0 };

	(void)state;
	assert_int_equal(cpu_source_open(&of_blind, &blind, &live, NULL), -EOPNOTSUPP);
	assert_string_equal(of_blind.why.what, "backend blind does not look at what CPUs hold");
	assert_int_equal(cpu_source_open(&of_captured, &blind, &captured, NULL), -EOPNOTSUPP);
	assert_non_null(strstr(of_captured.why.what, "captured machine"));
}

static void names_what_keeps_the_better_one_away(void **state)
{
	const struct mmcpus_reason rights = { .what = "best: needs root", .remedy = "run with sudo" };
	struct cpu_source wanted = { 0 };
	struct cpu_source next_best = { 0 };

	(void)state;
	assert_int_equal(cpu_source_open(&wanted, &blind, &live, NULL), -EOPNOTSUPP);
	assert_string_equal(wanted.why.remedy, "use backend bpf");
	assert_int_equal(cpu_source_open(&next_best, &blind, &live, &rights), -EOPNOTSUPP);
	assert_string_equal(next_best.why.what, "backend blind does not look at what CPUs hold: best: needs root");
	assert_string_equal(next_best.why.remedy, "run with sudo");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tells_why_a_read_failed, set_up),
		cmocka_unit_test_setup(is_tried_once, set_up),
		cmocka_unit_test_setup(not_all_look_there, set_up),
		cmocka_unit_test_setup(names_what_keeps_the_better_one_away, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
