// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is any address space active on these CPUs? For a script that must not go on if one is.
 *
 *	gate [CPU-LIST]		without a list: the isolated CPUs of this machine
 *
 * Exit status: 0 none, 1 at least one, 2 cannot tell. An estimate can find one, but never show that there is none.
 */
#include <stdio.h>
#include <stdlib.h>

#include <mmcpus/mmcpus.h>

enum {
	NONE,
	FOUND,
	CANNOT_TELL
};

static int cannot_tell(const char *what, const char *remedy)
{
	fprintf(stderr, "gate: %s%s%s\n", what, remedy[0] ? "; " : "", remedy);
	return CANNOT_TELL;
}

static int check_snapshot(struct mmcpus_source *src, const struct mmcpus_cpuset *cpus)
{
	const struct mmcpus_snapshot *snap;
	struct mmcpus_reason why;
	size_t nr_unknown;
	size_t nr_found = 0;

	if (mmcpus_source_snapshot(src, 0, &snap, &why))
		return cannot_tell(why.what, why.remedy);
	nr_unknown = mmcpus_snapshot_dropped(snap);
	for (size_t i = 0; i < mmcpus_snapshot_count(snap); i++) {
		const struct mmcpus_mm *mm = mmcpus_snapshot_mm(snap, i);
		const struct mmcpus_cpuset *active = mmcpus_mm_active(snap, mm);

		if (active && mmcpus_cpuset_intersects(active, cpus) && ++nr_found)
			printf("%d\n", mmcpus_mm_pid(mm));
		nr_unknown += !active;
	}
	if (nr_found)
		return FOUND;
	if (nr_unknown)
		return cannot_tell("the ACTIVE set of some address spaces is unknown", "");
	return NONE;
}

static int check(const struct mmcpus_system *sys, const struct mmcpus_cpuset *cpus)
{
	struct mmcpus_source *src;
	struct mmcpus_reason why;
	int result;

	if (mmcpus_cpuset_is_empty(cpus))
		return NONE;
	if (mmcpus_source_open(sys, NULL, &src, &why))
		return cannot_tell(why.what, why.remedy);
	result = check_snapshot(src, cpus);
	if (result == NONE && mmcpus_source_quality(src) == MMCPUS_ESTIMATE)
		result = mmcpus_source_fallback(src, &why) ? cannot_tell(why.what, why.remedy) : CANNOT_TELL;
	if (result == NONE && mmcpus_source_is_restricted(src, &why))
		result = cannot_tell(why.what, why.remedy);
	mmcpus_source_close(src);
	return result;
}

/* The CPUs to look at: those of the list, or the isolated ones. NULL: there is no telling. */
static struct mmcpus_cpuset *wanted_cpus(const struct mmcpus_system *sys, const char *list)
{
	struct mmcpus_cpuset *cpus = mmcpus_cpuset_create(mmcpus_system_nr_cpus(sys));
	const struct mmcpus_cpuset *isolated = mmcpus_system_set(sys, MMCPUS_SYSTEM_ISOLATED);

	if (cpus && list && mmcpus_cpuset_parse_list(cpus, list, NULL) == 0)
		return cpus;
	if (cpus && !list && isolated) {
		mmcpus_cpuset_copy(cpus, isolated);
		return cpus;
	}
	mmcpus_cpuset_destroy(cpus);
	return NULL;
}

int main(int argc, char **argv)
{
	struct mmcpus_system *sys;
	struct mmcpus_cpuset *cpus;
	struct mmcpus_reason why;
	int result;

	if (mmcpus_system_open(NULL, &sys, &why))
		return cannot_tell(why.what, why.remedy);
	cpus = wanted_cpus(sys, argc > 1 ? argv[1] : NULL);
	result = cpus ? check(sys, cpus) : cannot_tell("which CPUs?", "usage: gate [CPU-LIST]");
	mmcpus_cpuset_destroy(cpus);
	mmcpus_system_close(sys);
	return result;
}
