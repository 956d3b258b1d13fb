// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pauses of a source, so that what is counted and what is told are the same. */
#include "shootdown_source.h"

#include "grace_period.h"
#include "shootdown_tallies.h"

static void set_paused(struct mmcpus_shootdowns *src, bool is_paused)
{
	shootdown_tallies_set_counting(src->shared.cpus, src->sys->nr_cpus, !is_paused);
}

int mmcpus_shootdowns_restart(struct mmcpus_shootdowns *src)
{
	int err;

	src->has_stopped = false;
	if (src->with_events) {
		set_paused(src, true);
		grace_period_wait();
		src->shared.control->nr_restarts++;
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
	src->at_stop.is_still = true; /* what was under way is in the row alone, and lets it be behind in nothing */
	grace_period_wait();
	src->at_stop.nr_dropped = shootdowns_nr_dropped(src);
	src->has_stopped = true;
}
