/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shootdown_watch.h"

#include <errno.h>
#include <stddef.h>

#include "audit.h"
#include "rule_checks.h"

/* Is there a rule that wants to know? */
static bool is_wanted(const struct audit *audit, int (*prepare)(const struct scene *scene, char **why))
{
	for (size_t i = 0; i < nr_rules; i++)
		if (rules[i].prepare == prepare)
			return audit->results[i].state != RULE_IGNORED;
	return false;
}

static int open_shootdowns(struct shootdown_watch *watch, const struct scene *scene)
{
	int err = mmcpus_shootdowns_open(scene->sys, MMCPUS_BY_FLOW, scene->isolated, &watch->src,
					 &watch->why_no_shootdowns);

	if (err)
		watch->src = NULL;
	return err;
}

/* One source counts both. Where it can't, shootdowns are counted alone. */
static int open_calls(struct shootdown_watch *watch, const struct scene *scene)
{
	int err = mmcpus_shootdowns_open_with(scene->sys, MMCPUS_BY_FLOW, MMCPUS_WITH_CALLS, scene->isolated,
					      &watch->src, &watch->why_no_calls);

	if (err)
		watch->src = NULL;
	return err;
}

void shootdown_watch_forget(struct shootdown_watch *watch)
{
	const struct mmcpus_interval *interval;

	if (!watch->src)
		return;
	mmcpus_shootdowns_read(watch->src, &interval, NULL);
	mmcpus_shootdowns_release(watch->src);
}

void shootdown_watch_open(struct shootdown_watch *watch, struct audit *audit)
{
	const struct scene *scene = &audit->scene;
	bool has_isolated = scene->isolated && !mmcpus_cpuset_is_empty(scene->isolated);
	bool wants_shootdowns = is_wanted(audit, prepare_shootdown);
	const struct mmcpus_reason *why_no_shootdowns = NULL;
	const struct mmcpus_reason *why_no_calls = NULL;

	if (has_isolated && is_wanted(audit, prepare_cross_call) && open_calls(watch, scene))
		why_no_calls = &watch->why_no_calls;
	if (has_isolated && wants_shootdowns && !watch->src && open_shootdowns(watch, scene))
		why_no_shootdowns = &watch->why_no_shootdowns;
	audit_watch(audit, why_no_shootdowns, why_no_calls);
}

void shootdown_watch_close(struct shootdown_watch *watch)
{
	mmcpus_shootdowns_close(watch->src);
	watch->src = NULL;
}

int shootdown_watch_collect(struct shootdown_watch *watch, struct mmcpus_reason *why)
{
	if (!watch->src || mmcpus_shootdowns_collect(watch->src) == 0)
		return 0;
	*why = (struct mmcpus_reason){ .what = "no memory for what was counted" };
	return -ENOMEM;
}

int shootdown_watch_take(struct shootdown_watch *watch, struct audit *audit, struct mmcpus_reason *why)
{
	const struct mmcpus_interval *interval;
	const struct mmcpus_reason *why_no_shootdowns = NULL;
	int err;

	if (!watch->src)
		return 0;
	err = mmcpus_shootdowns_read(watch->src, &interval, why);
	if (err)
		return err;
	if (mmcpus_shootdowns_check_hits(watch->src, &watch->why_no_shootdowns))
		why_no_shootdowns = &watch->why_no_shootdowns;
	audit_take_shootdowns(audit, interval, why_no_shootdowns);
	return 0;
}
