/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What loads of known shootdowns are made of. */
#ifndef MMCPUS_TESTS_LOAD_PARTS_H
#define MMCPUS_TESTS_LOAD_PARTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define PAGE     4096ul
#define TABLE    (512 * PAGE) /* what one page of page tables maps */
#define CPUS_MAX 64

/* Ends the process, and says why by errno, if it is not done. */
void check(bool is_done, const char *what);

/* Addresses of their own; nothing else is within the page tables that map them. Nothing is there yet. */
char *reserve(size_t bytes);

/* Memory of small pages, there. */
char *open_pages(char *at, size_t bytes);

void write_to(char *page);

void start_thread(void *(*run)(void *arg), void *arg, pthread_t *ret);

/* Cuts a list ("0,2") into at most CPUS_MAX words; returns how many. */
size_t parse_cpus(char *list, char **ret);

#endif
