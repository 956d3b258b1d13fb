/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shootdown_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_list.h"
#include "json.h"
#include "message.h"
#include "shootdown_columns.h"
#include "shootdown_report.h"
#include "xalloc.h"

static void write_number(struct json *json, const char *key, uint64_t number, bool is_known)
{
	if (is_known)
		json_number(json, key, number);
	else
		json_null(json, key);
}

/* 64 bits do not fit a number of JSON. */
static void write_address(struct json *json, const char *key, uint64_t address)
{
	char *text = xasprintf("%#" PRIx64, address);

	json_string(json, key, text);
	free(text);
}

/* 0: unknown. */
static void write_id(struct json *json, const char *key, uint64_t id)
{
	if (id)
		write_address(json, key, id);
	else
		json_null(json, key);
}

/* A task that is not seen in our pid namespace has no number. */
static void write_pid(struct json *json, const char *key, int32_t pid, bool is_known)
{
	write_number(json, key, (uint64_t)pid, is_known);
}

/* As the list of a column. NULL: unknown. */
static void write_cpus(struct json *json, const char *key, const struct mmcpus_cpuset *cpus)
{
	char *text = cpus ? cpu_list_text(cpus) : NULL;

	json_string(json, key, text);
	free(text);
}

static void write_sent(struct json *json, const struct mmcpus_event *event)
{
	write_pid(json, "pid", event->pid, event->pid > 0);
	write_pid(json, "tid", event->tid, event->tid > 0);
	json_string(json, "command", event->command);
	json_string(json, "thread", event->thread);
	json_string(json, "cgroup", event->cgroup);
	json_string(json, "cause", event->cause);
	json_string(json, "kind", event->kind);
	json_string(json, "callback", event->callback);
	write_pid(json, "owner_pid", event->owner_pid, event->owner_pid > 0);
	json_string(json, "owner_command", event->owner_command);
	write_id(json, "owner_mm", event->owner_id);
	write_cpus(json, "requested_cpus", event->requested);
	write_number(json, "pages", event->pages, event->pages > 0);
	if (!event->kind || event->end == UINT64_MAX)
		return;
	write_address(json, "start", event->start);
	write_address(json, "end", event->end);
}

static void write_hit(struct json *json, const struct mmcpus_event *event)
{
	json_number(json, "stolen_ns", event->stolen_ns);
	write_number(json, "wait_ns", event->wait_ns, event->wait_ns != UINT64_MAX);
	write_pid(json, "victim_pid", event->victim_pid, event->victim_is_idle || event->victim_pid > 0);
	write_pid(json, "victim_tid", event->victim_tid, event->victim_is_idle || event->victim_tid > 0);
	json_string(json, "victim_command", event->victim_command);
	json_string(json, "victim_thread", event->victim_thread);
}

/* arg: bool, with stacks? */
static void print_event(void *arg, const struct mmcpus_event *event)
{
	const bool *with_stacks = arg;
	bool is_hit = event->type == MMCPUS_EVENT_HIT;
	struct json json;

	json_init_line(&json, stdout);
	json_open_object(&json, NULL);
	json_string(&json, "event", is_hit ? "hit" : "sent");
	write_id(&json, "id", event->id);
	json_number(&json, "time_ns", event->time_ns);
	write_number(&json, "cpu", event->cpu, event->cpu != UINT32_MAX);
	if (is_hit)
		write_hit(&json, event);
	else
		write_sent(&json, event);
	if (!is_hit && *with_stacks)
		shootdown_write_stacks(&json, event->flow);
	json_close(&json);
}

/* How many, or -1, and it has been said why; of stdout, main() says so. */
static int print_some(struct mmcpus_shootdowns *src, int timeout_ms, bool with_stacks)
{
	int nr = mmcpus_shootdowns_poll(src, timeout_ms, print_event, &with_stacks);

	if (nr < 0) {
		complain("cannot take events: %s", strerror(-nr));
		return -1;
	}
	return fflush(stdout) || ferror(stdout) ? -1 : nr;
}

int shootdown_events_print(struct mmcpus_shootdowns *src, int timeout_ms, bool with_stacks)
{
	return print_some(src, timeout_ms, with_stacks) < 0 ? STATUS_FAILED : STATUS_OK;
}

static void print_sums(const struct mmcpus_shootdowns *src, const struct mmcpus_interval *interval,
		       const char *why_no_hits)
{
	uint64_t nr_dropped = 0;
	struct json json;

	mmcpus_interval_number(interval, MMCPUS_INTERVAL_DROPPED, &nr_dropped);
	json_init_line(&json, stdout);
	json_open_object(&json, NULL);
	json_string(&json, "event", "end");
	json_number(&json, "dropped", nr_dropped);
	shootdown_report_write_sums(src, interval, why_no_hits, &json);
	json_close(&json);
}

int shootdown_events_end(struct mmcpus_shootdowns *src, bool with_stacks)
{
	const struct mmcpus_interval *interval;
	struct mmcpus_reason why;
	int nr;

	mmcpus_shootdowns_stop(src);
	do
		nr = print_some(src, 0, with_stacks);
	while (nr > 0);
	if (nr < 0)
		return STATUS_FAILED;
	if (mmcpus_shootdowns_read(src, &interval, &why)) {
		complain_reason(&why);
		return STATUS_FAILED;
	}
	print_sums(src, interval, mmcpus_shootdowns_check_hits(src, &why) ? why.what : NULL);
	return STATUS_OK;
}
