/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was counted in an interval: its rows, and a last line that reconciles it with what the kernel counts itself. */
#ifndef MMCPUS_CLI_SHOOTDOWN_REPORT_H
#define MMCPUS_CLI_SHOOTDOWN_REPORT_H

#include <stdbool.h>

#include <mmcpus/mmcpus.h>

#include "column_list.h"

struct shootdown_by;

struct shootdown_report {
	const struct shootdown_by *by;
	struct column_list columns;
	bool is_json;
	size_t top;                          /* so many rows, and one that sums up the others; 0: all */
	const struct mmcpus_shootdowns *src; /* that counted, and says what it can't tell */
	const char *why_no_hits;             /* why hits are unknown; NULL: they are known */
};

/* The exit status. */
int shootdown_report_print(const struct shootdown_report *report, const struct mmcpus_interval *interval);

/* The sums, as members of an object that is open. */
struct json;
void shootdown_report_write_sums(const struct mmcpus_shootdowns *src, const struct mmcpus_interval *interval,
				 const char *why_no_hits, struct json *json);

#endif
