/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What interrupts isolated CPUs while an audit watches: shootdowns, and other calls of functions there. */
#ifndef MMCPUS_CLI_SHOOTDOWN_WATCH_H
#define MMCPUS_CLI_SHOOTDOWN_WATCH_H

#include <mmcpus/mmcpus.h>

struct audit;

/* Zero-initialized it watches nothing. */
struct shootdown_watch {
	struct mmcpus_shootdowns *src; /* NULL: nothing is counted */
	struct mmcpus_reason why_no_shootdowns;
	struct mmcpus_reason why_no_calls;
};

/* Begin, as far as rules ask for it, and tell the audit what can't be counted and why. It must outlive the audit. */
void shootdown_watch_open(struct shootdown_watch *watch, struct audit *audit);
void shootdown_watch_close(struct shootdown_watch *watch);

/*
 * Forget what was counted up to now. Hooking the kernel patches its code, and freeing memory of the kernel's flushes it: that
 * calls every CPU.
 */
void shootdown_watch_forget(struct shootdown_watch *watch);

/* Make room in the kernel, where there is less than here. -errno and why. */
int shootdown_watch_collect(struct shootdown_watch *watch, struct mmcpus_reason *why);

/* Give the audit what was counted. -errno and why. */
int shootdown_watch_take(struct shootdown_watch *watch, struct audit *audit, struct mmcpus_reason *why);

#endif
