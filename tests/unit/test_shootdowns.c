/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intervals of shootdowns. */
#include "shootdown_scene.h"

static void counts_each_in_one_interval(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	struct shootdown_row *row = take_row(3, 42, 11);
	const struct mmcpus_interval *interval;

	row->counts = (struct shootdown_counts){ .sent = 10,
						 .pages = 12,
						 .hits = 20,
						 .stolen_ns = 100,
						 .stolen_max_ns = 9,
						 .wait_ns = 50,
						 .wait_max_ns = 8 };
	row->counts.stolen_log2[3] = 20;
	fake.sets[3 * SHOOTDOWN_NR_SETS + SHOOTDOWN_SET_HIT] = 2;
	fake.cost = (struct tracer_cost){ .run_ns = 77, .nr_missed = 2 };
	write_tlb_row(*state, 15, 20);
	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_count(interval), 1);
	expect_total(interval, MMCPUS_INTERVAL_SENT, 10);
	expect_total(interval, MMCPUS_INTERVAL_HITS, 20);
	expect_total(interval, MMCPUS_INTERVAL_LOST, 2);
	expect_total(interval, MMCPUS_INTERVAL_COST_NS, 77);
	expect_total(interval, MMCPUS_INTERVAL_TLB_ROW, 23);
	expect_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_WAIT_NS, 50);
	expect_number(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_OWNER_ID, 142);
	assert_string_equal(mmcpus_shootdown_text(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_CAUSE), "munmap");
	assert_set(mmcpus_shootdown_set(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_HIT_CPUS), "1");
	assert_int_equal(mmcpus_shootdown_histogram(mmcpus_interval_row(interval, 0), MMCPUS_SHOOTDOWN_STOLEN_NS)[3],
			 20);

	interval = read_interval(&scene);
	assert_int_equal(mmcpus_interval_count(interval), 0);
	expect_total(interval, MMCPUS_INTERVAL_SENT, 0);
	expect_total(interval, MMCPUS_INTERVAL_TLB_ROW, 0);
	scene_close(&scene);
}

static void end_hit(void)
{
	fake.rows[3].counts.hits++;
}

/* The kernel counts it when it begins. */
static void waits_for_a_hit_that_is_under_way(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	const struct mmcpus_interval *interval;

	take_row(3, 42, 11)->counts = (struct shootdown_counts){ .sent = 2, .hits = 1 };
	write_tlb_row(*state, 14, 0);
	fake.at_poll = end_hit;
	interval = read_interval(&scene);
	expect_total(interval, MMCPUS_INTERVAL_HITS, 2);
	expect_total(interval, MMCPUS_INTERVAL_TLB_ROW, 2);
	scene_close(&scene);
}

static void collecting_does_not_end_an_interval(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_FLOW);
	struct shootdown_row *row = take_row(3, 42, 11);

	row->counts.sent = 10;
	assert_int_equal(mmcpus_shootdowns_collect(scene.src), 0);
	row->counts.sent = 5;
	expect_total(read_interval(&scene), MMCPUS_INTERVAL_SENT, 15);
	scene_close(&scene);
}

/* The kernel counts in 32 bits for each CPU. */
static void the_row_of_the_kernel_may_wrap(void **state)
{
	struct scene scene;

	write_tlb_row(*state, UINT32_MAX - 4, 7);
	scene = scene_open_with(*state, MMCPUS_BY_FLOW, 0);
	write_tlb_row(*state, 5, 8);
	expect_total(read_interval(&scene), MMCPUS_INTERVAL_TLB_ROW, 11);
	scene_close(&scene);
}

static void count_event(void *arg, const struct mmcpus_event *event)
{
	assert_int_equal(event->type, MMCPUS_EVENT_SENT);
	++*(int *)arg;
}

/* Nothing may be counted, or told, between the look at the ones and at the others. */
static void a_restart_forgets_events_and_counts_at_once(void **state)
{
	const struct mmcpus_interval *interval;
	struct scene scene;
	int nr_taken = 0;

	write_tlb_row(*state, 12, 0);
	scene = scene_open_with(*state, MMCPUS_BY_FLOW, MMCPUS_WITH_EVENTS);
	assert_false(fake_is_paused());
	take_row(3, 42, 11)->counts.sent = 10;
	fake.nr_events = 10;
	fake.control.nr_dropped = 5;
	assert_int_equal(mmcpus_shootdowns_restart(scene.src), 0);
	assert_true(fake.polled_in_a_pause);
	assert_false(fake_is_paused());
	fake.rows[3].counts.sent = 3;
	fake.nr_events = 2;
	fake.control.nr_dropped = 6;

	mmcpus_shootdowns_stop(scene.src);
	assert_true(fake_is_paused());
	while (mmcpus_shootdowns_poll(scene.src, 0, count_event, &nr_taken) > 0)
		;
	assert_int_equal(nr_taken, 2);
	interval = read_interval(&scene);
	expect_total(interval, MMCPUS_INTERVAL_SENT, 3);
	expect_total(interval, MMCPUS_INTERVAL_DROPPED, 1);
	assert_true(fake_is_paused());
	scene_close(&scene);
}

static void a_captured_machine_has_none(void **state)
{
	struct mmcpus_shootdowns *src;
	struct mmcpus_system *sys;
	struct mmcpus_reason why;
	struct mmcpus_hook hook;

	tree_write(*state, "proc/interrupts", "");
	tree_write(*state, "sys/devices/system/cpu/possible", "0-1\n");
	assert_int_equal(mmcpus_system_open(((struct tree *)*state)->root, &sys, NULL), 0);
	assert_int_equal(mmcpus_shootdowns_open(sys, MMCPUS_BY_FLOW, NULL, &src, &why), -EOPNOTSUPP);
	assert_non_null(strstr(why.what, "captured"));
	assert_int_equal(mmcpus_shootdowns_probe_hook(sys, &why, 0, &hook), -ERANGE);
	mmcpus_system_close(sys);
}

/* Those that were asked are not those that were hit: the lazy ones are left out. */
static void tells_the_requested_cpus_where_all_are_known(void **state)
{
	struct scene scene = scene_open(*state, MMCPUS_BY_SENDER);
	const struct mmcpus_cpuset *set;

	take_row(1, 42, 11)->counts.sent = 1;
	take_row(2, 42, 25)->counts.sent = 1;
	fake.sets[1 * SHOOTDOWN_NR_SETS + SHOOTDOWN_SET_REQUESTED] = 2;
	fake.sets[2 * SHOOTDOWN_NR_SETS + SHOOTDOWN_SET_REQUESTED] = ~UINT64_C(0) << 2;
	set = mmcpus_shootdown_set(mmcpus_interval_row(read_interval(&scene), 0), MMCPUS_SHOOTDOWN_REQUESTED_CPUS);
	assert_non_null(set);
	assert_int_equal(mmcpus_cpuset_count(set), 1);
	assert_true(mmcpus_cpuset_has(set, 1));

	fake.rows[1].counts.sent = fake.rows[2].counts.sent = 1;
	fake.sets[1 * SHOOTDOWN_NR_SETS + SHOOTDOWN_SET_REQUESTED] = 2;
	fake.rows[2].flags |= SHOOTDOWN_ROW_REQUESTED_UNKNOWN;
	assert_null(
		mmcpus_shootdown_set(mmcpus_interval_row(read_interval(&scene), 0), MMCPUS_SHOOTDOWN_REQUESTED_CPUS));
	scene_close(&scene);
}

static void take_requested(void *arg, const struct mmcpus_event *event)
{
	*(size_t *)arg = event->requested ? mmcpus_cpuset_count(event->requested) : SIZE_MAX;
}

static void an_event_tells_the_requested_cpus_if_they_are_known(void **state)
{
	struct scene scene;
	size_t nr = 0;

	write_tlb_row(*state, 12, 0);
	scene = scene_open_with(*state, MMCPUS_BY_FLOW, MMCPUS_WITH_EVENTS);
	take_row(3, 42, 11);
	fake.nr_events = 1;
	fake.event_words = 0;
	assert_int_equal(mmcpus_shootdowns_poll(scene.src, 0, take_requested, &nr), 1);
	assert_int_equal(nr, SIZE_MAX);
	fake.nr_events = 1;
	fake.event_words = 1;
	assert_int_equal(mmcpus_shootdowns_poll(scene.src, 0, take_requested, &nr), 1);
	assert_int_equal(nr, 1);
	scene_close(&scene);
}

static void a_hook_tells_why_it_is_not_there_or_why_nothing_opens(void **state)
{
	const struct mmcpus_reason rights = { .what = "needs root", .remedy = "run with sudo" };
	struct mmcpus_hook hook;

	(void)state;
	assert_int_equal(shootdowns_probe_hook_with(&fake_tracer, NULL, &rights, 0, &hook), 0);
	assert_int_equal(hook.state, MMCPUS_HOOK_UNUSABLE);
	assert_string_equal(hook.why.what, "needs root");
	assert_string_equal(hook.why.remedy, "run with sudo");
	assert_int_equal(shootdowns_probe_hook_with(&fake_tracer, NULL, &rights, 1, &hook), 0);
	assert_int_equal(hook.state, MMCPUS_HOOK_UNUSABLE);
	assert_string_equal(hook.why.what, "not in this kernel");
	assert_string_equal(hook.why.remedy, "");
	assert_int_equal(shootdowns_probe_hook_with(&fake_tracer, NULL, &rights, 2, &hook), -ERANGE);
}

/* What the tracer says of the hook of that name, where the kernel's types are only these names. */
static const char *probe(const struct tree *tree, const char *types, size_t size, const char *name)
{
	static struct mmcpus_hook hook;
	struct mmcpus_system *sys;

	tree_write(tree, "sys/devices/system/cpu/possible", "0-1\n");
	tree_mkdir(tree, "proc");
	tree_write_bytes(tree, "sys/kernel/btf/vmlinux", types, size);
	assert_int_equal(mmcpus_system_open(tree->root, &sys, NULL), 0);
	for (size_t i = 0; default_tracer->probe_hook(sys, i, &hook) == 0; i++)
		if (strcmp(hook.name, name) == 0)
			break;
	mmcpus_system_close(sys);
	assert_string_equal(hook.name, name);
	assert_int_equal(hook.state == MMCPUS_HOOK_UNUSABLE, hook.why.what[0] != '\0');
	return hook.why.what;
}

static void the_types_tell_which_hooks_there_are(void **state)
{
	static const char before_6_4[] = "\0native_flush_tlb_multi\0smp_call_function_many_cond_of_another_kind";
	static const char since_6_5[] =
		"\0btf_trace_csd_function_entry\0btf_trace_csd_queue_cpu\0btf_trace_ipi_send_cpu"
		"\0btf_trace_reschedule_entry\0btf_trace_reschedule_exit";
	static const char without_irq_vectors[] =
		"\0btf_trace_csd_function_entry\0btf_trace_csd_queue_cpu\0btf_trace_ipi_send_cpu";
	static const char without_csd_function[] = "\0btf_trace_csd_queue_cpu";
	static const char csd[] = "csd:csd_function_entry, csd:csd_function_exit";
	static const char queue[] = "csd:csd_queue_cpu";
	static const char send_cpu[] = "ipi:ipi_send_cpu";
	static const char reschedules[] = "irq_vectors:reschedule_entry, irq_vectors:reschedule_exit";

	assert_non_null(strstr(probe(*state, before_6_4, sizeof(before_6_4), csd), "6.5"));
	assert_non_null(strstr(probe(*state, before_6_4, sizeof(before_6_4), queue), "6.5"));
	assert_non_null(strstr(probe(*state, before_6_4, sizeof(before_6_4), send_cpu), "6.4"));
	assert_non_null(strstr(probe(*state, without_csd_function, sizeof(without_csd_function), queue), "useless"));
	assert_non_null(strstr(probe(*state, without_csd_function, sizeof(without_csd_function), send_cpu), "6.4"));
	assert_string_equal(probe(*state, before_6_4, sizeof(before_6_4), "fentry of smp_call_function_many_cond()"),
			    "the kernel's BTF has no smp_call_function_many_cond()");
	assert_string_equal(probe(*state, before_6_4, sizeof(before_6_4), "fentry of native_flush_tlb_multi()"), "");
	assert_string_equal(probe(*state, since_6_5, sizeof(since_6_5), csd), "");
	assert_string_equal(probe(*state, since_6_5, sizeof(since_6_5), queue), "");
	assert_string_equal(probe(*state, since_6_5, sizeof(since_6_5), send_cpu), "");
	assert_non_null(strstr(probe(*state, before_6_4, sizeof(before_6_4), reschedules), "useless"));
	assert_string_equal(probe(*state, since_6_5, sizeof(since_6_5), reschedules), "");
	assert_string_equal(probe(*state, without_irq_vectors, sizeof(without_irq_vectors), reschedules),
			    "the kernel has no such tracepoints");
	assert_string_equal(probe(*state, since_6_5, sizeof(since_6_5), "tlb:tlb_flush"), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(counts_each_in_one_interval),
		tree_test(waits_for_a_hit_that_is_under_way),
		tree_test(collecting_does_not_end_an_interval),
		tree_test(the_row_of_the_kernel_may_wrap),
		tree_test(tells_the_requested_cpus_where_all_are_known),
		tree_test(an_event_tells_the_requested_cpus_if_they_are_known),
		tree_test(a_restart_forgets_events_and_counts_at_once),
		tree_test(a_captured_machine_has_none),
		cmocka_unit_test(a_hook_tells_why_it_is_not_there_or_why_nothing_opens),
		tree_test(the_types_tell_which_hooks_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
