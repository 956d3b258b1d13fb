/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be said about a finding, and about a rule. */
#ifndef MMCPUS_CLI_FINDING_COLUMNS_H
#define MMCPUS_CLI_FINDING_COLUMNS_H

#include <stdint.h>

#include "columns.h"

struct finding_view {
	int64_t boot_s;  /* seconds since the epoch; 0: a captured machine, whose time is not ours */
	int64_t today_s; /* the same, of now, if times are to be short: that of today without its date; 0: in full */
};

/* Of rows that are struct finding, seen through a struct finding_view. */
extern const struct column_set finding_columns;

/* Of rows that are struct rule; the view is not looked at. */
extern const struct column_set rule_columns;

#endif
