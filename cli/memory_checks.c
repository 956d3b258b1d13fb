/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks that compare where memory is with where CPUs are. A few pages of each process tell of most how it is; what they
 * leave open is counted, as long as that does not take too long.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory_book.h"
#include "nodes.h"
#include "rule_checks.h"
#include "value.h"
#include "xalloc.h"

/* What every process has mapped of libraries may be anywhere, and is no matter of much. */
#define BYTES_MIN (UINT64_C(16) << 20)

typedef int (*check_memory)(const struct scene *scene, const struct mmcpus_mm *mm, const struct mmcpus_memory *memory,
			    struct evidence *ret);

/* What has ended meanwhile breaks no rule, also if nobody has taken notice of its end yet. */
static bool has_ended(const struct scene *scene, int32_t pid)
{
	struct mmcpus_threads *threads;
	int found = mmcpus_threads_open(scene->sys, pid, &threads);

	if (found)
		return found == -ESRCH;
	found = mmcpus_threads_next(threads);
	mmcpus_threads_close(threads);
	return found == 0;
}

/* Without the number of the process: equal reasons are counted. */
static char *unknown_text(const struct scene *scene, int err)
{
	switch (err) {
	case -EACCES:
		return xstrdup("the memory may not be seen (run as root, or with CAP_SYS_PTRACE)");
	case -ESRCH:
		return xstrdup("the address space was another one whenever it was asked");
	case -ENODATA:
		return xstrdup("a sample is not enough, and to count the memory takes too long");
	case -EOPNOTSUPP:
		return xstrdup(mmcpus_system_is_live(scene->sys) ? "the kernel does not tell on which node a page is"
								 : "the captured machine has no numa_maps");
	default:
		return xasprintf("the memory could not be read: %s", strerror(-err));
	}
}

/* A count, or a larger sample, tells where one leaves it open, and of a process that has execed while it was asked. */
static int check_with(const struct scene *scene, const struct mmcpus_mm *mm, check_memory check, struct evidence *ret)
{
	const struct mmcpus_memory *memory;
	int32_t pid = mmcpus_mm_pid(mm);
	int err = memory_book_look_up(scene->memory, pid, &memory);
	int found = err ? err : check(scene, mm, memory, ret);

	if (found == -ENODATA || found == -ESRCH) {
		err = memory_book_count(scene->memory, pid, &memory);
		found = err ? err : check(scene, mm, memory, ret);
	}
	if (found >= 0)
		return found;
	if (err == -ESRCH && has_ended(scene, pid))
		return 0;
	ret->detail = err ? unknown_text(scene, err) : NULL;
	return -ENODATA;
}

static char *size_text(uint64_t bytes)
{
	const struct value_style style = { .has_units = true, .empty = "-" };
	struct value value = { .type = VALUE_BYTES, .is_known = true, .number = bytes };

	return value_text(&value, &style);
}

static void tell_where(const struct mmcpus_memory *memory, struct evidence *ret)
{
	char *size = size_text(mmcpus_memory_resident_bytes(memory));
	char *where = memory_text(memory);

	ret->detail = xasprintf("%s on nodes %s", size, where);
	free(size);
	free(where);
}

/* ------------------------------------------------------------------------------------------------ remote-memory -- */

static int find_remote(const struct scene *scene, const struct mmcpus_mm *mm, const struct mmcpus_memory *memory,
		       struct mmcpus_cpuset *ret)
{
	struct mmcpus_cpuset *active = scene_copy_set(scene, mm, MMCPUS_SET_ACTIVE);
	int err =
		active ? mmcpus_memory_remote(memory, scene->sys, active, scene->memory->remote_share, ret) : -ENODATA;

	mmcpus_cpuset_destroy(active);
	return err;
}

static int check_remote(const struct scene *scene, const struct mmcpus_mm *mm, const struct mmcpus_memory *memory,
			struct evidence *ret)
{
	struct mmcpus_cpuset *remote;
	int err;

	if (mmcpus_memory_resident_bytes(memory) < BYTES_MIN)
		return 0;
	remote = scene_make_cpus(scene);
	err = find_remote(scene, mm, memory, remote);
	if (err || mmcpus_cpuset_is_empty(remote)) {
		mmcpus_cpuset_destroy(remote);
		return err;
	}
	ret->cpus = remote;
	ret->nodes = nodes_create();
	mmcpus_system_nodes_of(scene->sys, remote, ret->nodes);
	tell_where(memory, ret);
	return 1;
}

int check_remote_memory(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret)
{
	return check_with(scene, mm, check_remote, ret);
}

/* --------------------------------------------------------------------------------------------------- far-memory -- */

/* Nodes that have CPUs, but none that it may run on. What has no CPUs is memory of another kind, and near to nobody. */
static struct mmcpus_cpuset *far_nodes(const struct scene *scene, const struct mmcpus_mm *mm)
{
	const struct mmcpus_cpuset *online = mmcpus_system_set(scene->sys, MMCPUS_SYSTEM_NODES);
	struct mmcpus_cpuset *allowed = scene_copy_set(scene, mm, MMCPUS_SET_ALLOWED);
	struct mmcpus_cpuset *nodes = allowed ? nodes_create() : NULL;

	for (uint32_t node = 0; nodes && mmcpus_cpuset_next(online, node, &node); node++) {
		const struct mmcpus_cpuset *cpus = mmcpus_system_node_cpus(scene->sys, node);

		if (!cpus) {
			mmcpus_cpuset_destroy(nodes);
			nodes = NULL;
		} else if (!mmcpus_cpuset_is_empty(cpus) && !mmcpus_cpuset_intersects(cpus, allowed)) {
			mmcpus_cpuset_add(nodes, node);
		}
	}
	mmcpus_cpuset_destroy(allowed);
	return nodes;
}

/* Leave those that have a part of the memory worth the name; -ENODATA: there is no telling. */
static int keep_used(const struct mmcpus_memory *memory, double least, struct mmcpus_cpuset *nodes)
{
	for (uint32_t node = 0; mmcpus_cpuset_next(nodes, node, &node); node++) {
		struct mmcpus_share share = mmcpus_memory_share(memory, node);

		if (share.low < least && share.high >= least)
			return -ENODATA;
		if (share.high < least)
			mmcpus_cpuset_remove(nodes, node);
	}
	return 0;
}

static int check_far(const struct scene *scene, const struct mmcpus_mm *mm, const struct mmcpus_memory *memory,
		     struct evidence *ret)
{
	struct mmcpus_cpuset *nodes;
	int err;

	if (mmcpus_memory_resident_bytes(memory) < BYTES_MIN)
		return 0;
	nodes = far_nodes(scene, mm);
	err = nodes ? keep_used(memory, scene->memory->remote_share, nodes) : -ENODATA;
	if (err || mmcpus_cpuset_is_empty(nodes)) {
		mmcpus_cpuset_destroy(nodes);
		return err;
	}
	ret->nodes = nodes;
	tell_where(memory, ret);
	return 1;
}

int check_far_memory(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret)
{
	struct mmcpus_cpuset *nodes = far_nodes(scene, mm);
	bool is_unbound = nodes && mmcpus_cpuset_is_empty(nodes);

	mmcpus_cpuset_destroy(nodes);
	if (!nodes)
		return -ENODATA;
	return is_unbound ? 0 : check_with(scene, mm, check_far, ret);
}
