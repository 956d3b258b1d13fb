/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu_list.h"
#include "escape.h"
#include "xalloc.h"

#define LABEL_WIDTH 20

void report_open(struct report *report, bool is_json)
{
	*report = (struct report){ .is_json = is_json };
	if (!is_json)
		return;
	json_init(&report->json, stdout);
	json_open_object(&report->json, NULL);
}

void report_close(struct report *report)
{
	if (report->is_json)
		json_close(&report->json);
}

void report_open_section(struct report *report, const char *key, const char *title)
{
	if (report->is_json)
		json_open_object(&report->json, key);
	else
		printf("%s%s\n", report->has_sections ? "\n" : "", title);
	report->has_sections = true;
}

void report_close_section(struct report *report)
{
	if (report->is_json)
		json_close(&report->json);
}

void report_open_list(struct report *report, const char *key)
{
	if (report->is_json)
		json_open_array(&report->json, key);
}

void report_close_list(struct report *report)
{
	if (report->is_json)
		json_close(&report->json);
}

static void print_line(const char *label, const char *text)
{
	char *escaped = escape_message(text);

	printf("  %-*s %s\n", LABEL_WIDTH, label, escaped);
	free(escaped);
}

void report_text(struct report *report, const char *key, const char *label, const char *text)
{
	if (report->is_json)
		json_string(&report->json, key, text);
	else if (label)
		print_line(label, text ? text : "?");
}

void report_optional(struct report *report, const char *key, const char *label, const char *text)
{
	if (report->is_json || text)
		report_text(report, key, label, text);
}

void report_number(struct report *report, const char *key, const char *label, uint64_t number)
{
	if (report->is_json)
		json_number(&report->json, key, number);
	else
		printf("  %-*s %" PRIu64 "\n", LABEL_WIDTH, label, number);
}

void report_bool(struct report *report, const char *key, const char *label, bool truth)
{
	if (report->is_json)
		json_bool(&report->json, key, truth);
	else if (label)
		print_line(label, truth ? "yes" : "no");
}

void report_set(struct report *report, const char *key, const char *label, const struct mmcpus_cpuset *set)
{
	char *list;

	if (!set) {
		report_text(report, key, label, NULL);
		return;
	}
	list = cpu_list_text(set);
	report_text(report, key, label, list[0] || report->is_json ? list : "-");
	free(list);
}
