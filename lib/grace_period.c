// SPDX-License-Identifier: LGPL-2.1-or-later
#include "grace_period.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Where the kernel does not tell when it is over, as with CPUs without a tick: much longer than a flush takes. */
#define QUIET_NS 20000000

void grace_period_wait(void)
{
	const struct timespec quiet = { .tv_nsec = QUIET_NS };

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		nanosleep(&quiet, NULL);
}
