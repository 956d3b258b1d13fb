// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_cause.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../bpf/shootdown_record.h"

#include "syscall_names.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Kernel threads that flush for a reason of their own, by how their names begin. */
static const struct {
	const char *prefix;
	const char *cause;
} threads[] = {
	{ "kswapd", "reclaim" }, { "kcompactd", "compaction" },  { "khugepaged", "khugepaged" },
	{ "ksmd", "KSM" },       { "oom_reaper", "OOM reaper" }, { "kdamond", "DAMON" },
	{ "swapper/", "idle" },  { "iou-", "io_uring" },         { "vhost-", "vhost" },
};

static const char *cause_of_thread(const char *comm)
{
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		if (strncmp(comm, threads[i].prefix, strlen(threads[i].prefix)) == 0)
			return threads[i].cause;
	return comm;
}

static void format_call(int32_t cause, char *buf, size_t size)
{
	bool is_compat = cause & SHOOTDOWN_CAUSE_COMPAT;
	uint32_t number = (uint32_t)cause & ~(uint32_t)SHOOTDOWN_CAUSE_COMPAT;
	size_t nr_names = is_compat ? ARRAY_SIZE(compat_names) : ARRAY_SIZE(native_names);
	const char *const *names = is_compat ? compat_names : native_names;

	if (number < nr_names && names[number])
		snprintf(buf, size, "%s%s", names[number], is_compat ? " (32-bit)" : "");
	else
		snprintf(buf, size, "system call %u%s", number, is_compat ? " (32-bit)" : "");
}

/* Of causes that are always called the same; NULL: it is another. */
static const char *name_of_cause(int32_t cause)
{
	switch (cause) {
	case SHOOTDOWN_CAUSE_FAULT:
		return "page fault";
	case SHOOTDOWN_CAUSE_EXIT:
		return "exit";
	case SHOOTDOWN_CAUSE_INTERRUPT:
		return "interrupt";
	case SHOOTDOWN_CAUSE_BALANCING:
		return "NUMA balancing";
	default:
		return NULL;
	}
}

int shootdown_cause_format(int32_t cause, const char *comm, char *buf, size_t size)
{
	const char *name = cause == SHOOTDOWN_CAUSE_KTHREAD ? cause_of_thread(comm) : name_of_cause(cause);

	if (name)
		snprintf(buf, size, "%s", name);
	else if (cause >= 0)
		format_call(cause, buf, size);
	else
		return -ENODATA;
	return 0;
}
