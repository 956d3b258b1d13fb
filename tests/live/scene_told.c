// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes that do what the kernel's TLB state is to be seen of, when they are told to. */
#include "scene.h"

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *map_pages(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		err(EXIT_FAILURE, "%zu bytes", bytes);
	return memory;
}

/* A flush of one page, which frees no page tables. The page is written before and after, so that it is there. */
static void flush(volatile char *page, size_t bytes)
{
	page[0]++;
	if (mprotect((void *)page, bytes, PROT_READ) || mprotect((void *)page, bytes, PROT_READ | PROT_WRITE))
		err(EXIT_FAILURE, "mprotect");
	page[0]++;
}

void do_as_told(void)
{
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
	volatile char *page = map_pages(bytes);
	pid_t self = getpid();
	char order;

	page[0] = 1;
	say_ready(1, &self);
	while (read(STDIN_FILENO, &order, 1) == 1) {
		if (order == 'f')
			flush(page, bytes);
		else if (order >= '0' && order <= '9')
			bind_to((char[]){ order, '\0' });
		dprintf(STDOUT_FILENO, "done\n");
	}
}

/* Every page has a content of its own: there is much to compare for ksmd, and nothing to merge. */
void offer_to_ksm(unsigned long mib)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = mib << 20;
	char *memory = map_pages(bytes);

	for (size_t i = 0; i < bytes; i += page)
		memcpy(memory + i, &(uint64_t){ i + 1 }, sizeof(uint64_t));
	if (madvise(memory, bytes, MADV_MERGEABLE))
		err(EXIT_FAILURE, "MADV_MERGEABLE");
	/* cppcheck-suppress memleak ; ksmd works on it */
}
