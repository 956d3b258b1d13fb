/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each shootdown and each hit as a line of JSON, and a last line with their sums. */
#ifndef MMCPUS_CLI_SHOOTDOWN_EVENTS_H
#define MMCPUS_CLI_SHOOTDOWN_EVENTS_H

#include <mmcpus/mmcpus.h>

/* Wait for events, for so long at most, and print those that are there, with their stacks or without. The exit status. */
int shootdown_events_print(struct mmcpus_shootdowns *src, int timeout_ms, bool with_stacks);

/* Count no more, and print what is left, and the sums. */
int shootdown_events_end(struct mmcpus_shootdowns *src, bool with_stacks);

#endif
