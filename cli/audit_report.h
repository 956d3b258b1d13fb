/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an audit says in the end: the verdict, the findings, what could not be checked. */
#ifndef MMCPUS_CLI_AUDIT_REPORT_H
#define MMCPUS_CLI_AUDIT_REPORT_H

#include <stdbool.h>

#include "audit.h"
#include "column_list.h"

struct audit_report {
	struct audit *audit;
	const char *isolated_by;  /* who says so: "option", "policy", "machine" */
	const char *remote_below; /* as the user has written it; NULL: as usual */
	struct column_list columns;
	bool has_short_times; /* in the table */
	bool is_json;
};

/* The findings are sorted for it. Returns the exit status. */
int audit_report_print(const struct audit_report *report);

#endif
