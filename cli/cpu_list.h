/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of CPUs, and of nodes, as users give and read them: 2-5,8. */
#ifndef MMCPUS_CLI_CPU_LIST_H
#define MMCPUS_CLI_CPU_LIST_H

#include <mmcpus/mmcpus.h>

/*
 * As mmcpus_cpuset_parse_list(), into a set as wide as the machine; at least one CPU must be named. who: what the
 * message begins with, such as "--cpu-list". -EINVAL and a message that names the word at fault.
 */
int cpu_list_parse(struct mmcpus_cpuset *set, const char *who, const char *text, char **why);

/* For the caller to free. */
char *cpu_list_text(const struct mmcpus_cpuset *set);

#endif
