/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is printed of an event. */
#include "shootdown_scene.h"
#include "said.h"

#include "shootdown_events.h"

#define ALL UINT64_MAX

/* What is printed goes to text. */
static void print(struct scene *scene, char *text, size_t size)
{
	struct said said;
	int status;

	said = said_begin();
	status = shootdown_events_print(scene->src, 0);
	said_end(&said, text, size);
	assert_int_equal(status, 0);
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
	scene = scene_open_with(*state, MMCPUS_BY_FLOW, SHOOTDOWNS_WITH_EVENTS);
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
	scene = scene_open_with(*state, MMCPUS_BY_FLOW, SHOOTDOWNS_WITH_EVENTS);
	take_row(3, 30, 28);
	victim_is(&scene, SHOOTDOWN_EVENT_HIT_IDLE, &idle, "\"victim_pid\": 0, \"victim_tid\": 0,");
	victim_is(&scene, SHOOTDOWN_EVENT_HIT, &idle, "\"victim_pid\": null, \"victim_tid\": null,");
	victim_is(&scene, SHOOTDOWN_EVENT_HIT, &other, "\"victim_pid\": 30, \"victim_tid\": 31,");
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(idle_is_not_known_by_its_name),
		tree_test(the_range_is_told_where_it_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
