// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pauses of a source, so that what is counted and what is told are the same. */
#include "shootdown_source.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Where the kernel does not tell when it is so, as with CPUs without a tick: much longer than a flush takes. */
#define QUIET_NS 20000000

/*
 * Until no program runs that has seen no pause yet, and no flush is under way that was sent before. All CPUs take part in
 * a grace period of RCU, in which both run.
 */
static void wait_for_quiet(void)
{
	const struct timespec quiet = { .tv_nsec = QUIET_NS };

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		nanosleep(&quiet, NULL);
}

static void set_paused(struct mmcpus_shootdowns *src, bool is_paused)
{
	__atomic_store_n(&src->shared.control->is_paused, is_paused, __ATOMIC_SEQ_CST);
}

int mmcpus_shootdowns_restart(struct mmcpus_shootdowns *src)
{
	int err;

	src->has_stopped = false;
	if (src->with_events) {
		set_paused(src, true);
		wait_for_quiet();
		while (src->ops->poll(src->state, 0, shootdowns_ignore_event, NULL) > 0)
			;
	}
	err = shootdowns_begin_interval(src);
	set_paused(src, false);
	return err;
}

void mmcpus_shootdowns_stop(struct mmcpus_shootdowns *src)
{
	set_paused(src, true);
	shootdowns_read_totals(src, &src->at_stop);
	wait_for_quiet();
	src->at_stop.nr_dropped = shootdowns_nr_dropped(src);
	src->has_stopped = true;
}
