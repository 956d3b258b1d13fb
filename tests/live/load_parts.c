// SPDX-License-Identifier: GPL-2.0-or-later
#include "load_parts.h"

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void check(bool is_done, const char *what)
{
	if (!is_done)
		err(EXIT_FAILURE, "%s", what);
}

char *reserve(size_t bytes)
{
	size_t whole = (bytes + 3 * TABLE - 1) / TABLE * TABLE;
	char *memory = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		err(EXIT_FAILURE, "%zu bytes", whole);
	return (char *)(((uintptr_t)memory + TABLE - 1) / TABLE * TABLE);
}

char *open_pages(char *at, size_t bytes)
{
	char *memory = mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (memory == MAP_FAILED || (madvise(memory, bytes, MADV_NOHUGEPAGE) && errno != EINVAL))
		err(EXIT_FAILURE, "%zu bytes", bytes);
	return memory;
}

void write_to(char *page)
{
	*(volatile char *)page = 1;
}

void start_thread(void *(*run)(void *arg), void *arg, pthread_t *ret)
{
	int error = pthread_create(ret, NULL, run, arg);

	if (error)
		errx(EXIT_FAILURE, "pthread_create: %s", strerror(error));
}

size_t parse_cpus(char *list, char **ret)
{
	size_t nr = 0;

	for (char *cpu; (cpu = strsep(&list, ",")) && nr < CPUS_MAX;)
		if (*cpu)
			ret[nr++] = cpu;
	return nr;
}
