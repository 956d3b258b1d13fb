/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A grid, printed in the way that the options ask for, and what is to be said beside it. */
#ifndef MMCPUS_CLI_GRID_OUTPUT_H
#define MMCPUS_CLI_GRID_OUTPUT_H

struct column_set;
struct grid;
struct options;
struct session;

/* The exit status. name: of the array in JSON. */
int grid_output(const struct grid *grid, const struct options *opts, const char *name);

/* Remarks on stderr that name the columns which tell nothing at all, if there are any, and why if that is known. */
void grid_remark_unknown(const struct grid *grid, const struct column_set *set, const struct session *session);

#endif
