/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is printed of an event. */
#include "shootdown_scene.h"
#include "said.h"

#include "shootdown_events.h"

#define ALL UINT64_MAX

/* What is printed goes to text. */
static void print_either(struct scene *scene, bool with_stacks, char *text, size_t size)
{
	struct said said;
	int status;

	said = said_begin();
	status = shootdown_events_print(scene->src, 0, with_stacks);
	said_end(&said, text, size);
	assert_int_equal(status, 0);
}

static void print(struct scene *scene, char *text, size_t size)
{
	print_either(scene, false, text, size);
}

static void print_with_stacks(struct scene *scene, char *text, size_t size)
{
	print_either(scene, true, text, size);
}

/* range: as it is printed; NULL: it is not. */
static void range_is(struct scene *scene, uint32_t kind, uint64_t end, const char *range)
{
	char text[1024];

	fake.nr_events = 1;
	fake.event_kind = kind;
	fake.event_start = 0x1000;
	fake.event_end = end;
	print(scene, text, sizeof(text));
	check(strstr(text, "\"event\": \"sent\"") != NULL, "no event: %s", text);
	check(strstr(text, range ? range : "\"start\"") ? range != NULL : !range, "kind %u: %s", kind, text);
}

static void the_range_is_told_where_it_is_known(void **state)
{
	static const char range[] = "\"start\": \"0x1000\", \"end\": \"0x3000\"";
	struct scene scene;

	write_tlb_row(*state, 12, 0);
	scene = scene_open_with(*state, MMCPUS_BY_FLOW, MMCPUS_WITH_EVENTS);
	take_row(3, 30, 28);
	range_is(&scene, SHOOTDOWN_KIND_RANGE, 0x3000, range);
	range_is(&scene, SHOOTDOWN_KIND_TABLES, 0x3000, range);
	range_is(&scene, SHOOTDOWN_KIND_TABLES, ALL, NULL);
	range_is(&scene, SHOOTDOWN_KIND_WHOLE, ALL, NULL);
	range_is(&scene, SHOOTDOWN_KIND_BATCH, ALL, NULL);
	range_is(&scene, SHOOTDOWN_KIND_KERNEL, 0x3000, range);
	range_is(&scene, SHOOTDOWN_KIND_KERNEL, ALL, NULL);
	range_is(&scene, SHOOTDOWN_KIND_UNKNOWN, 0x3000, NULL);
	scene_close(&scene);
}

/* expected: as the victim's numbers are printed. */
static void victim_is(struct scene *scene, uint32_t type, const struct shootdown_task *victim, const char *expected)
{
	char text[1024];

	fake.nr_events = 1;
	fake.event_type = type;
	fake.event_victim = *victim;
	print(scene, text, sizeof(text));
	check(strstr(text, "\"event\": \"hit\"") != NULL, "no hit: %s", text);
	check(strstr(text, expected) != NULL, "%s has no %s", text, expected);
}

/* Any process may have the name of the idle task, and none that is outside of our pid namespace has a number. */
static void idle_is_not_known_by_its_name(void **state)
{
	const struct shootdown_task idle = { .comm = "swapper/0", .thread_comm = "swapper/0" };
	const struct shootdown_task other = { .pid = 30, .tid = 31, .comm = "swapper/0", .thread_comm = "swapper/0" };
	struct scene scene;

	write_tlb_row(*state, 12, 0);
	scene = scene_open_with(*state, MMCPUS_BY_FLOW, MMCPUS_WITH_EVENTS);
	take_row(3, 30, 28);
	victim_is(&scene, SHOOTDOWN_EVENT_HIT_IDLE, &idle, "\"victim_pid\": 0, \"victim_tid\": 0,");
	victim_is(&scene, SHOOTDOWN_EVENT_HIT, &idle, "\"victim_pid\": null, \"victim_tid\": null,");
	victim_is(&scene, SHOOTDOWN_EVENT_HIT, &other, "\"victim_pid\": 30, \"victim_tid\": 31,");
	scene_close(&scene);
}

/* expected: what is printed of an event. */
static void event_has(struct scene *scene, uint32_t type, const char *expected)
{
	char text[2048];

	fake.nr_events = 1;
	fake.event_type = type;
	print(scene, text, sizeof(text));
	check(strstr(text, expected) != NULL, "%s has no %s", text, expected);
}

/* A call that was not seen when it was sent has no sender, and what it is called by tells where it went. */
static void what_is_not_known_of_a_call_is_null(void **state)
{
	struct scene scene;

	write_tlb_row(*state, 12, 0);
	scene = scene_open_with(*state, MMCPUS_BY_FLOW, MMCPUS_WITH_EVENTS | MMCPUS_WITH_CALLS);
	take_row(3, 0, SHOOTDOWN_CAUSE_UNKNOWN)->sender = (struct shootdown_task){ 0 };
	fake.rows[3].key = (struct shootdown_key){ .kind = SHOOTDOWN_KIND_CALL,
						   .owner_id = 0xffffffff81000100,
						   .cause = SHOOTDOWN_CAUSE_UNKNOWN };
	fake.rows[3].flags = SHOOTDOWN_ROW_SENDERS_UNKNOWN;
	fake.event_kind = SHOOTDOWN_KIND_CALL;
	fake.event_end = ALL;
	fake.event_cpu = SHOOTDOWN_CPU_UNKNOWN;
	event_has(&scene, SHOOTDOWN_EVENT_SENT,
		  "\"id\": null, \"time_ns\": 0, \"cpu\": null, \"pid\": null, \"tid\": null, "
		  "\"command\": null, \"thread\": null, \"cgroup\": null, \"cause\": null, "
		  "\"kind\": \"call\", \"callback\": \"ipi_mb\", \"owner_pid\": null, "
		  "\"owner_command\": null, \"owner_mm\": null, \"requested_cpus\": null, "
		  "\"pages\": null}");
	fake.event_cpu = 1;
	fake.event_id = 0x1000;
	fake.event_wait_ns = SHOOTDOWN_WAIT_UNKNOWN;
	event_has(&scene, SHOOTDOWN_EVENT_HIT,
		  "\"id\": \"0x1000\", \"time_ns\": 0, \"cpu\": 1, \"stolen_ns\": 0, "
		  "\"wait_ns\": null,");
	fake.event_wait_ns = 700;
	event_has(&scene, SHOOTDOWN_EVENT_HIT, "\"wait_ns\": 700,");
	scene_close(&scene);
}

/* Each time that the row is another's, and no other. */
static void the_stacks_are_those_of_the_row(void **state)
{
	static const struct shootdown_stack first = { { 0x1010 } };
	static const struct shootdown_stack second = { { 0x510, 0x2020 } };
	char text[2048];
	struct scene scene;

	write_tlb_row(*state, 12, 0);
	scene = scene_open_with(*state, MMCPUS_BY_CAUSE, MMCPUS_WITH_EVENTS | MMCPUS_WITH_STACKS);
	for (size_t i = 0; i < 3; i++) {
		take_row(3, 30, 28);
		give_stacks(3, 1 + i % 2, i % 2 ? &second : &first, &first);
		fake.nr_events = 1;
		print_with_stacks(&scene, text, sizeof(text));
		check(strstr(text, i % 2 ? "\"stack\": \"second+0x20\", \"user_stack\": [{\"address\": \"0x1010\","
					 : "\"stack\": \"first+0x10\", \"user_stack\": [{\"address\": \"0x1010\",") !=
			      NULL,
		      "event %zu: %s", i, text);
	}
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(idle_is_not_known_by_its_name),
		tree_test(the_range_is_told_where_it_is_known),
		tree_test(the_stacks_are_those_of_the_row),
		tree_test(what_is_not_known_of_a_call_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
