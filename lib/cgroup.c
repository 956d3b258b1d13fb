// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system.h"

/* "ID:CONTROLLERS:PATH" */
static char *path_of_line(char *line, char **ret_controllers)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!path || path[1] != '/')
		return NULL;
	*path = '\0';
	*ret_controllers = controllers + 1;
	return path + 1;
}

char *cgroup_path_in(char *text)
{
	char *systemd = NULL;
	char *first = NULL;
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n"));) {
		char *controllers;
		char *path = path_of_line(line, &controllers);

		if (path && controllers[0] == '\0')
			return path;
		if (path && strcmp(controllers, "name=systemd") == 0)
			systemd = path;
		if (path && !first)
			first = path;
	}
	return systemd ? systemd : first;
}

/* Blanks and other odd characters of a path stand in mountinfo as \040: three octal digits. */
static void decode_path(char *path)
{
	char *to = path;

	for (; *path; path++) {
		if (path[0] == '\\' && strspn(path + 1, "01234567") >= 3) {
			*to++ = (char)((path[1] - '0') << 6 | (path[2] - '0') << 3 | (path[3] - '0'));
			path += 3;
		} else {
			*to++ = *path;
		}
	}
	*to = '\0';
}

/* "ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS … - TYPE SOURCE OPTIONS" */
static bool is_cgroup_mount(char *line, char *ret_path)
{
	char *type = strstr(line, " - cgroup2 ");
	char root[PATH_MAX];

	if (!type || sscanf(line, "%*d %*d %*s %4095s %4095s", root, ret_path) != 2 || strcmp(root, "/") != 0)
		return false;
	decode_path(ret_path);
	return true;
}

void cgroup_mount_find(struct cgroup_mount *mount, const struct root *root)
{
	struct text text = { 0 };
	int err = root_read(root, "proc/self/mountinfo", &text);
	char *rest = text.data;

	mount->is_looked_for = true;
	for (char *line; !err && mount->fd < 0 && (line = strsep(&rest, "\n"));)
		if (is_cgroup_mount(line, mount->path))
			mount->fd = open(mount->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	text_deinit(&text);
}

/* A file handle of kernfs holds just the id (FILEID_KERNFS, 5.5). */
#define KERNFS_HANDLE_TYPE 0xfe

static int open_by_id(const struct cgroup_mount *mount, uint64_t id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} name = { .handle = { .handle_bytes = sizeof(id), .handle_type = KERNFS_HANDLE_TYPE } };

	memcpy(name.handle.f_handle, &id, sizeof(id));
	return open_by_handle_at(mount->fd, &name.handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int cgroup_path_of_id(const struct cgroup_mount *mount, uint64_t id, char ret[PATH_MAX])
{
	size_t prefix = strlen(mount->path);
	char link[64];
	char path[PATH_MAX];
	ssize_t length;
	int fd = mount->fd < 0 ? -1 : open_by_id(mount, id);

	if (fd < 0)
		return -ENODATA;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	close(fd);
	if (length < (ssize_t)prefix || strncmp(path, mount->path, prefix) != 0)
		return -ENODATA;
	path[length] = '\0';
	strcpy(ret, path[prefix] ? path + prefix : "/");
	return (int)strlen(ret);
}

/* Processes of a cgroup tend to follow each other: a few remembered names save most of the work. */
#define NAMES_MAX 64

struct name_cache {
	uint64_t ids[NAMES_MAX];
	int64_t offsets[NAMES_MAX]; /* into the strings of the snapshot; negative: has no name */
	bool is_set[NAMES_MAX];
};

static int64_t name_of_id(struct mmcpus_snapshot *snap, const struct cgroup_mount *mount, struct name_cache *cache,
			  uint64_t id)
{
	size_t slot = id % NAMES_MAX;
	char path[PATH_MAX];

	if (cache->is_set[slot] && cache->ids[slot] == id)
		return cache->offsets[slot];
	cache->is_set[slot] = true;
	cache->ids[slot] = id;
	cache->offsets[slot] = cgroup_path_of_id(mount, id, path) < 0 ? -ENODATA : snapshot_add_string(snap, path);
	return cache->offsets[slot];
}

/* Opening by id takes CAP_DAC_READ_SEARCH. Anybody may read the file, but by then the number may be another process's. */
static int64_t name_by_pid(struct mmcpus_snapshot *snap, int32_t pid)
{
	struct text text = { 0 };
	int64_t offset = -ENODATA;
	char path[32];
	char *cgroup;

	snprintf(path, sizeof(path), "proc/%d/cgroup", pid);
	if (root_read(&snap->sys->root, path, &text) == 0) {
		cgroup = cgroup_path_in(text.data);
		if (cgroup)
			offset = snapshot_add_string(snap, cgroup);
	}
	text_deinit(&text);
	return offset;
}

static void name_cgroup(struct mmcpus_snapshot *snap, struct cgroup_mount *mount, struct name_cache *cache,
			struct mm_record *rec)
{
	int64_t offset;

	if (!mount->is_looked_for)
		cgroup_mount_find(mount, &snap->sys->root);
	offset = name_of_id(snap, mount, cache, rec->cgroup);
	if (offset < 0)
		offset = name_by_pid(snap, rec->pid);
	if (offset < 0)
		rec->known &= ~(uint32_t)MMCPUS_FIELD_CGROUP;
	else
		rec->cgroup = (uint64_t)offset;
}

int cgroup_name_all(struct mmcpus_snapshot *snap)
{
	struct name_cache *cache = calloc(1, sizeof(*cache));
	struct cgroup_mount mount = { .fd = -1 };

	for (size_t i = 0; cache && i < snap->nr_mms; i++) {
		struct mm_record *rec = snap->mms[i];

		if (rec->known & MMCPUS_FIELD_CGROUP && !(rec->flags & MM_RECORD_CGROUP_PATH))
			name_cgroup(snap, &mount, cache, rec);
	}
	if (mount.fd >= 0)
		close(mount.fd);
	free(cache);
	return cache ? 0 : -ENOMEM;
}
