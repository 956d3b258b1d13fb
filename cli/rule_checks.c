/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks that look at CPUs. */
#include "rule_checks.h"

#include <errno.h>
#include <string.h>

#include "message.h"
#include "stale_list.h"
#include "xalloc.h"

struct mmcpus_cpuset *scene_make_cpus(const struct scene *scene)
{
	return xcheck(mmcpus_cpuset_create(mmcpus_system_nr_cpus(scene->sys)));
}

struct mmcpus_cpuset *scene_copy_set(const struct scene *scene, const struct mmcpus_mm *mm, enum mmcpus_mm_set which)
{
	struct mmcpus_cpuset *set = scene_make_cpus(scene);

	if (mmcpus_mm_set(scene->snap, mm, which, set) == 0)
		return set;
	mmcpus_cpuset_destroy(set);
	return NULL;
}

/* The CPUs are at fault if there are any; cpus is the finding's, or freed. */
static int found_cpus(struct mmcpus_cpuset *cpus, struct evidence *ret)
{
	if (mmcpus_cpuset_is_empty(cpus)) {
		mmcpus_cpuset_destroy(cpus);
		return 0;
	}
	ret->cpus = cpus;
	return 1;
}

/* ---------------------------------------------------------------------------------------------- address spaces -- */

/* The isolated CPUs where it is active: 1, or 0 if there is none, so that it does not matter what else is unknown. */
static int active_on_isolated(const struct scene *scene, const struct mmcpus_mm *mm, struct mmcpus_cpuset **ret)
{
	struct mmcpus_cpuset *cpus = scene_copy_set(scene, mm, MMCPUS_SET_ACTIVE);

	if (!cpus)
		return -ENODATA;
	mmcpus_cpuset_and(cpus, scene->isolated);
	if (!mmcpus_cpuset_is_empty(cpus)) {
		*ret = cpus;
		return 1;
	}
	mmcpus_cpuset_destroy(cpus);
	return 0;
}

int check_exposed(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret)
{
	struct mmcpus_cpuset *allowed;
	struct mmcpus_cpuset *cpus;
	int err = active_on_isolated(scene, mm, &cpus);

	if (err <= 0)
		return err;
	allowed = scene_copy_set(scene, mm, MMCPUS_SET_ALLOWED);
	if (!allowed) {
		mmcpus_cpuset_destroy(cpus);
		return -ENODATA;
	}
	mmcpus_cpuset_andnot(cpus, allowed);
	mmcpus_cpuset_destroy(allowed);
	return found_cpus(cpus, ret);
}

/* What check_exposed() does not find there. Without ALLOWED it finds nothing: then all of it is unexpected. */
int check_unexpected(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret)
{
	struct mmcpus_cpuset *allowed;
	struct mmcpus_cpuset *cpus;
	int err = active_on_isolated(scene, mm, &cpus);

	if (err <= 0)
		return err;
	allowed = scene_copy_set(scene, mm, MMCPUS_SET_ALLOWED);
	if (allowed)
		mmcpus_cpuset_and(cpus, allowed);
	mmcpus_cpuset_destroy(allowed);
	return found_cpus(cpus, ret);
}

/* Leave those where it was stale in the look before, too. */
static void keep_steady(const struct scene *scene, const struct mmcpus_mm *mm, struct mmcpus_cpuset *cpus)
{
	const struct mmcpus_cpuset *earlier;
	uint64_t mm_id;

	earlier = mmcpus_mm_id(mm, &mm_id) == 0 ? stale_list_find(scene->earlier, mm_id) : NULL;
	if (earlier)
		mmcpus_cpuset_and(cpus, earlier);
	else
		mmcpus_cpuset_clear(cpus);
}

int check_stale(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret)
{
	struct mmcpus_cpuset *stale;
	struct mmcpus_cpuset *cpus;
	int err = active_on_isolated(scene, mm, &cpus);

	if (err <= 0)
		return err;
	stale = scene_copy_set(scene, mm, MMCPUS_SET_STALE);
	if (!stale || mmcpus_mm_is_torn(scene->snap, mm)) {
		mmcpus_cpuset_destroy(stale);
		mmcpus_cpuset_destroy(cpus);
		return -ENODATA;
	}
	mmcpus_cpuset_and(cpus, stale);
	mmcpus_cpuset_destroy(stale);
	keep_steady(scene, mm, cpus);
	return found_cpus(cpus, ret);
}

int check_stray(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret)
{
	struct mmcpus_cpuset *cpus = scene_copy_set(scene, mm, MMCPUS_SET_STRAY);

	if (!cpus)
		return -ENODATA;
	if (scene->isolated) /* the rule "exposed" speaks of those */
		mmcpus_cpuset_andnot(cpus, scene->isolated);
	return found_cpus(cpus, ret);
}

/* -------------------------------------------------------------------------------------------------- the machine -- */

/* Whatever the kernel does on its own can reach all of them. */
static int found_all_isolated(const struct scene *scene, char *detail, struct evidence *ret)
{
	ret->cpus = scene_make_cpus(scene);
	mmcpus_cpuset_copy(ret->cpus, scene->isolated);
	ret->detail = detail;
	return 1;
}

static int unknown_fact(const char *what, char **why)
{
	*why = xasprintf("the machine does not tell %s", what);
	return -ENODATA;
}

int prepare_thp_collapse(const struct scene *scene, char **why)
{
	const char *collapse = mmcpus_system_text(scene->sys, MMCPUS_SYSTEM_KHUGEPAGED);

	if (!collapse)
		return unknown_fact("whether khugepaged runs", why);
	return strcmp(collapse, "never") != 0;
}

int check_thp_collapse(const struct scene *scene, const struct mmcpus_mm *mm __attribute__((unused)),
		       struct evidence *ret)
{
	const char *collapse = mmcpus_system_text(scene->sys, MMCPUS_SYSTEM_KHUGEPAGED);
	bool is_asked_for = strcmp(collapse, "madvise") == 0;

	return found_all_isolated(scene,
				  xasprintf("transparent huge pages: %s%s", collapse,
					    is_asked_for ? ", for programs that ask for it" : ""),
				  ret);
}

int prepare_ksm(const struct scene *scene, char **why)
{
	const char *run = mmcpus_system_text(scene->sys, MMCPUS_SYSTEM_KSM);

	if (!run)
		return unknown_fact("whether KSM runs", why);
	return strcmp(run, "1") == 0;
}

int check_ksm(const struct scene *scene, const struct mmcpus_mm *mm __attribute__((unused)), struct evidence *ret)
{
	return found_all_isolated(scene, xstrdup("ksm/run is 1"), ret);
}
