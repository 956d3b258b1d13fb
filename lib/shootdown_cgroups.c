// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_cgroups.h"

#include <unistd.h>

#include "cgroup.h"

static void name_in(const struct cgroup_mount *mount, struct mmcpus_shootdown *group, struct text_pool *texts)
{
	char path[PATH_MAX];

	if (mount->fd >= 0 && group->row.cgroup && cgroup_path_of_id(mount, group->row.cgroup, path) >= 0)
		group->cgroup = text_pool_keep(texts, path);
}

static void mount_close(const struct cgroup_mount *mount)
{
	if (mount->fd >= 0)
		close(mount->fd);
}

void cgroups_name(struct shootdown_groups *groups, const struct root *root)
{
	struct cgroup_mount mount = { .fd = -1 };

	cgroup_mount_find(&mount, root);
	for (size_t i = 0; i < groups->nr_groups; i++)
		name_in(&mount, groups->groups[i], &groups->texts);
	mount_close(&mount);
}

void cgroup_name(struct mmcpus_shootdown *group, struct text_pool *texts, const struct root *root)
{
	struct cgroup_mount mount = { .fd = -1 };

	if (!group->row.cgroup)
		return;
	cgroup_mount_find(&mount, root);
	name_in(&mount, group, texts);
	mount_close(&mount);
}
