/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MMCPUS_TESTS_SCENE_H
#define MMCPUS_TESTS_SCENE_H

#include <stdbool.h>
#include <sys/types.h>

void say_ready(int nr_pids, const pid_t *pids);

/* Has stdin ended? Waits for it at most so long; -1: forever. */
bool is_over(int timeout_ms);

/* The caller is a child: it must not outlive its parent. */
void die_with(pid_t parent);

/* Leave the CPUs to others who want them. */
void be_modest(void);

void exec_self(char **argv) __attribute__((noreturn));

/* Fork, exec and exit in many ways, for some seconds or until stdin ends; then prints "over NR-PROCESSES". */
void storm(int seconds);

#endif
