/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standard streams as a command must treat them: what could not be written is an error, never silence. */
#ifndef MMCPUS_CLI_OUTPUT_H
#define MMCPUS_CLI_OUTPUT_H

/*
 * To be called first. Descriptors 0 to 2 are made to exist, lest a file that is opened later takes the place of a
 * closed stdout; writing to a pipe that nobody reads becomes an error instead of a silent death.
 */
void output_open(void);

/* To be called last: flushes and closes stdout. -1, after a message, if anything that was printed got lost. */
int output_close(void);

#endif
