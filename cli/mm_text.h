/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of an address space that have no bounded length. */
#ifndef MMCPUS_CLI_MM_TEXT_H
#define MMCPUS_CLI_MM_TEXT_H

#include <mmcpus/mmcpus.h>

/* Path of its cgroup, raw, to be freed; NULL if unknown. */
char *mm_cgroup_text(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm);

#endif
