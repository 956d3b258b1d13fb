/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report in sections, written once and read as text or as JSON. What is NULL is unknown. */
#ifndef MMCPUS_CLI_REPORT_H
#define MMCPUS_CLI_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include <mmcpus/mmcpus.h>

#include "json.h"

struct report {
	bool is_json;
	struct json json;
	bool has_sections;
};

void report_open(struct report *report, bool is_json);
void report_close(struct report *report);

/* A section is an object in JSON; with key NULL it is the next element of a list. */
void report_open_section(struct report *report, const char *key, const char *title);
void report_close_section(struct report *report);

/* A list of sections, an array in JSON. */
void report_open_list(struct report *report, const char *key);
void report_close_list(struct report *report);

/* A label that is NULL: in JSON only, since the title of the section says it. */
void report_text(struct report *report, const char *key, const char *label, const char *text);
/* The same, with no line in the text if it is NULL. */
void report_optional(struct report *report, const char *key, const char *label, const char *text);
void report_number(struct report *report, const char *key, const char *label, uint64_t number);
void report_bool(struct report *report, const char *key, const char *label, bool truth);
void report_set(struct report *report, const char *key, const char *label, const struct mmcpus_cpuset *set);

#endif
