/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How each rule is checked; what they mean is in the rows of rules.c, and the signatures are explained in rules.h. */
#ifndef MMCPUS_CLI_RULE_CHECKS_H
#define MMCPUS_CLI_RULE_CHECKS_H

#include "rules.h"

int check_exposed(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);
int check_unexpected(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);
int check_stale(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);
int check_stray(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);

/* In numa_checks.c: */
int prepare_numa_balancing(const struct scene *scene, char **why);
int check_numa_balancing(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);
int check_split_threads(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);

/* In memory_checks.c: */
int check_remote_memory(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);
int check_far_memory(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);

/* In shootdown_check.c: */
int prepare_shootdown(const struct scene *scene, char **why);
int check_shootdown(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);
int prepare_cross_call(const struct scene *scene, char **why);
int check_cross_call(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);
/* Why hits may be missing in what was counted for one of these two rules; NULL: all are in it. To be freed. */
char *uncounted_text(const struct scene *scene, const struct rule *rule);

int prepare_thp_collapse(const struct scene *scene, char **why);
int check_thp_collapse(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);
int prepare_ksm(const struct scene *scene, char **why);
int check_ksm(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret);

/* For checks: an empty set for the CPUs of the machine; a copy of a set of an address space. */
struct mmcpus_cpuset *scene_make_cpus(const struct scene *scene);
/* NULL: unknown. */
struct mmcpus_cpuset *scene_copy_set(const struct scene *scene, const struct mmcpus_mm *mm, enum mmcpus_mm_set which);

#endif
