// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which CPUs the machine keeps free of others' work: isolcpus=, nohz_full=, isolated cpuset partitions. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cpuset.h"
#include "system.h"

/* Where cgroup v2 is mounted, on its own or beside v1. */
static const char *const cgroup_roots[] = { "sys/fs/cgroup", "sys/fs/cgroup/unified" };

/* Does the cgroup root list the cpuset controller? -ENOENT: no cgroup v2 there. */
static int has_cpuset_controller(const struct root *root, const char *cgroup)
{
	char path[128];
	char line[512];
	int err;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", cgroup);
	err = root_read_line(root, path, line, sizeof(line));
	return err ? err : strstr(line, "cpuset") != NULL;
}

/* A container may see a cgroup of its own as the root, and not the partitions beside it. The true root has no events. */
static bool is_below_root(const struct root *root, const char *cgroup)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.events", cgroup);
	fd = root_open_file(root, path);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Add the CPUs of @cgroup if it is an isolated partition: 1 if its children may be partitions, too. */
static int add_partition(const struct mmcpus_system *sys, const char *cgroup, struct mmcpus_cpuset *partitions)
{
	struct mmcpus_cpuset *cpus;
	char path[640];
	char kind[64];
	int err;

	snprintf(path, sizeof(path), "%s/cpuset.cpus.partition", cgroup);
	if (root_read_line(&sys->root, path, kind, sizeof(kind)))
		return 0;
	if (strcmp(kind, "isolated") != 0) /* "root", "member", or "isolated invalid (reason)" */
		return strcmp(kind, "root") == 0;
	snprintf(path, sizeof(path), "%s/cpuset.cpus.effective", cgroup);
	err = system_read_list(&sys->root, path, sys->nr_cpus, &cpus);
	if (err)
		return err == -ENOMEM ? err : 0;
	mmcpus_cpuset_or(partitions, cpus);
	mmcpus_cpuset_destroy(cpus);
	return 1;
}

/*
 * Before cpuset.cpus.isolated existed (6.8), a partition had to be the child of a partition: the tree of partitions is
 * all that needs to be walked, and it is small.
 */
#define PARTITION_DEPTH_MAX 8

static int walk_partitions(const struct mmcpus_system *sys, const char *cgroup, int depth,
			   struct mmcpus_cpuset *partitions)
{
	DIR *dir = depth < PARTITION_DEPTH_MAX ? root_open_dir(&sys->root, cgroup) : NULL;
	struct dirent *entry;
	char path[512];
	int err = 0;

	while (dir && err >= 0 && (entry = readdir(dir))) {
		if ((entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) || entry->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", cgroup, entry->d_name) >= sizeof(path))
			continue;
		err = add_partition(sys, path, partitions);
		if (err > 0)
			err = walk_partitions(sys, path, depth + 1, partitions);
	}
	if (dir)
		closedir(dir);
	return err < 0 ? err : 0;
}

static int read_partitions_below(struct mmcpus_system *sys, const char *cgroup)
{
	struct mmcpus_cpuset **ret = &sys->sets[MMCPUS_SYSTEM_PARTITIONS];
	int has_cpuset = has_cpuset_controller(&sys->root, cgroup);
	char path[128];

	if (has_cpuset < 0)
		return has_cpuset;
	if (is_below_root(&sys->root, cgroup))
		return 0;
	snprintf(path, sizeof(path), "%s/cpuset.cpus.isolated", cgroup);
	if (has_cpuset && system_read_list(&sys->root, path, sys->nr_cpus, ret) == 0)
		return 0;
	*ret = mmcpus_cpuset_create(sys->nr_cpus);
	if (!*ret)
		return -ENOMEM;
	return has_cpuset ? walk_partitions(sys, cgroup, 0, *ret) : 0;
}

static int read_partitions(struct mmcpus_system *sys)
{
	for (size_t i = 0; i < sizeof(cgroup_roots) / sizeof(cgroup_roots[0]); i++) {
		int err = read_partitions_below(sys, cgroup_roots[i]);

		if (err == 0 || err == -ENOMEM)
			return err;
	}
	return 0; /* no cgroup v2 to be seen: unknown */
}

/* The union of what is known; unknown only if nothing is. */
static int unite(struct mmcpus_system *sys)
{
	for (int i = MMCPUS_SYSTEM_ISOLCPUS; i <= MMCPUS_SYSTEM_PARTITIONS; i++) {
		struct mmcpus_cpuset **ret = &sys->sets[MMCPUS_SYSTEM_ISOLATED];

		if (!sys->sets[i])
			continue;
		if (!*ret)
			*ret = mmcpus_cpuset_create(sys->nr_cpus);
		if (!*ret)
			return -ENOMEM;
		mmcpus_cpuset_or(*ret, sys->sets[i]);
	}
	return 0;
}

int system_read_isolation(struct mmcpus_system *sys)
{
	if (system_read_list(&sys->root, "sys/devices/system/cpu/isolated", sys->nr_cpus,
			     &sys->sets[MMCPUS_SYSTEM_ISOLCPUS]) == -ENOMEM ||
	    system_read_list(&sys->root, "sys/devices/system/cpu/nohz_full", sys->nr_cpus,
			     &sys->sets[MMCPUS_SYSTEM_NOHZ_FULL]) == -ENOMEM ||
	    read_partitions(sys))
		return -ENOMEM;
	return unite(sys);
}
