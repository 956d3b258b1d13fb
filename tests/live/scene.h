/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What scenes are made of. */
#ifndef MMCPUS_TESTS_SCENE_H
#define MMCPUS_TESTS_SCENE_H

#include <stdbool.h>
#include <sys/types.h>

void say_ready(int nr_pids, const pid_t *pids);

/* Has stdin ended? Waits for it at most so long; -1: forever. */
bool is_over(int timeout_ms);
void wait_until_over(void);

/* The caller is a child: it must not outlive its parent. */
void die_with(pid_t parent);

/* Leave the CPUs to others who want them. */
void be_modest(void);

/* Ends the process if the text is no number up to max. */
unsigned long parse_number(const char *text, unsigned long max);

/* Binds the calling thread, which is on that CPU when this returns. */
void bind_to(const char *cpu);

/*
 * Put the calling thread above all others, by a real-time priority, where that is allowed: a victim that another process has pushed
 * aside is none. A sender comes before a victim on its CPU, and who starts them before both: they inherit it.
 */
void be_urgent(int priority);

void exec_self(char **argv) __attribute__((noreturn));

/*
 * See to it that this address space has never been elsewhere than on a CPU: bound there, the process executes itself
 * again, and the address space that it gets by that is new.
 */
void begin_on(const char *cpu, char **argv);

/*
 * Say ready, and then "done" for each byte from stdin: a digit has moved this to that CPU, 'f' has flushed a page of this
 * address space, anything else only woke it.
 */
void do_as_told(void);

/* Have so much memory that ksmd goes through it again and again. */
void offer_to_ksm(unsigned long mib);

/* Fork, exec and exit in many ways, for some seconds or until stdin ends; then prints "over NR-PROCESSES". */
void storm(int seconds);

#endif
