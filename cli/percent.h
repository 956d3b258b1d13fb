/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A percentage that the user gives. */
#ifndef MMCPUS_CLI_PERCENT_H
#define MMCPUS_CLI_PERCENT_H

/* "5" or "0.25" as a part of 1: more than 0, at most 1. -EINVAL and why for anything else. */
int percent_parse(const char *text, double *ret, char **why);

#endif
