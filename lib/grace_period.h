/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MMCPUS_LIB_GRACE_PERIOD_H
#define MMCPUS_LIB_GRACE_PERIOD_H

/*
 * Wait until no BPF program runs that has not seen what was written before, and no flush is under way that was sent before. All
 * CPUs take part in a grace period of RCU, in which both run.
 */
void grace_period_wait(void);

#endif
