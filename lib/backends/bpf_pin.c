// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pin the iterators of task_pin.bpf.c as files on bpffs. New ones are pinned beside the old, given to their readers,
 * and only then renamed into place: a reader meets the old file or the new one, and whoever may not read the new one
 * never could.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../pinned_file.h"
#include "../reason.h"
#include "bpf.h"

#include "task_pin.skel.h"

#define NR_FILES 2

static const uint32_t pin_magic = PIN_MAGIC;

/* What is pinned, and the first bytes that tell it from files of others. */
static const struct pinned_row {
	const char *file;
	const void *start;
	size_t start_size;
} rows[NR_FILES] = {
	{ PINNED_SNAPSHOT, &pin_magic, sizeof(pin_magic) },
	{ PINNED_STATUS, "Name:\t", 6 },
};

/* --------------------------------------------------------------------------------------------------- directory -- */

struct pin_dir {
	const char *path;
	int fd;
	bool is_new;
};

static int fail_path(struct mmcpus_reason *why, int err, const char *path)
{
	reason_set(why, err, "%s: %s", path, strerror(-err));
	if (err == -EACCES || err == -EPERM)
		reason_remedy(why, "run with sudo");
	return err;
}

/* Without bpffs there is an ordinary, or no, directory. */
static int fail_bpffs(struct mmcpus_reason *why, const char *path)
{
	reason_set(why, -EINVAL, "%s is not on bpffs", path);
	reason_remedy(why, "mount one there, as with mount -t bpf bpf /sys/fs/bpf");
	return -EINVAL;
}

static bool is_bpffs(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

/* Whoever else can rename files there could have ours give its mode to something of theirs, or keep it from readers. */
static bool is_of_others(int fd)
{
	struct stat st;

	if (fstat(fd, &st) || (st.st_uid != 0 && st.st_uid != geteuid()))
		return true;
	return st.st_mode & (S_IWGRP | S_IWOTH) && !(st.st_mode & S_ISVTX);
}

static int fail_of_others(struct mmcpus_reason *why, const char *path)
{
	reason_set(why, -EPERM, "%s belongs to others, or others can write in it", path);
	reason_remedy(why, "remove it, or choose another directory with --dir");
	return -EPERM;
}

static int open_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fd;
}

/* The directory that path is, or would be, in. To be freed. */
static char *parent_of(const char *path)
{
	char *parent = strdup(path);
	size_t length = parent ? strlen(parent) : 0;

	while (length > 1 && parent[length - 1] == '/')
		length--;
	while (length > 0 && parent[length - 1] != '/')
		length--;
	while (length > 1 && parent[length - 1] == '/')
		length--;
	if (parent)
		parent[length] = '\0';
	if (parent && length == 0) {
		free(parent);
		parent = strdup(".");
	}
	return parent;
}

/* Nothing is made where it would be of no use. */
static int check_parent(const char *path, struct mmcpus_reason *why)
{
	char *parent = parent_of(path);
	int err = 0;
	int fd;

	if (!parent)
		return reason_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	fd = open_path(parent);
	if (fd < 0)
		err = fail_path(why, fd, parent);
	else if (!is_bpffs(fd))
		err = fail_bpffs(why, parent);
	if (fd >= 0)
		close(fd);
	free(parent);
	return err;
}

static int pin_dir_open(struct pin_dir *dir, const char *path, struct mmcpus_reason *why)
{
	*dir = (struct pin_dir){ .path = path, .fd = open_path(path) };
	if (dir->fd < 0)
		return fail_path(why, dir->fd, path);
	if (is_bpffs(dir->fd))
		return 0;
	close(dir->fd);
	return fail_bpffs(why, path);
}

/* Whatever the umask, a new directory lets pass: who may read the files is said there. Closes the directory on failure. */
static int make_own(struct pin_dir *dir, struct mmcpus_reason *why)
{
	int err = 0;

	if (is_of_others(dir->fd))
		err = fail_of_others(why, dir->path);
	else if (dir->is_new && fchmod(dir->fd, 0755))
		err = fail_path(why, -errno, dir->path);
	if (err)
		close(dir->fd);
	return err;
}

static int pin_dir_make(struct pin_dir *dir, const char *path, struct mmcpus_reason *why)
{
	bool is_new = false;
	int err;

	if (access(path, F_OK)) {
		err = check_parent(path, why);
		if (err)
			return err;
		if (mkdir(path, 0755))
			return fail_path(why, -errno, path);
		is_new = true;
	}
	err = pin_dir_open(dir, path, why);
	dir->is_new = is_new;
	if (!err)
		err = make_own(dir, why);
	if (err && is_new)
		rmdir(path);
	return err;
}

static void pin_dir_close(struct pin_dir *dir)
{
	close(dir->fd);
}

/* --------------------------------------------------------------------------------------------------- ownership -- */

/*
 * Is this what the file begins with when it is read? To ask for the program behind it would take more rights than
 * pinning does.
 */
static bool begins_with(int fd, const void *start, size_t size)
{
	char buf[16];
	ssize_t got = -1;

	for (int i = 0; i < 3 && got < 0 && (i == 0 || errno == EAGAIN); i++) /* the kernel was short of memory */
		got = read(fd, buf, sizeof(buf));
	return got >= (ssize_t)size && memcmp(buf, start, size) == 0;
}

/* 1: a file of ours stands there. 0: none does. -EEXIST: one of somebody else. -EACCES: we may not look. */
static int look_at(const struct pin_dir *dir, const struct pinned_row *row, struct mmcpus_reason *why)
{
	int fd = openat(dir->fd, row->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool is_ours;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && errno == EACCES) {
		reason_set(why, -EACCES, "%s/%s: %s", dir->path, row->file, strerror(EACCES));
		reason_remedy(why, "run with sudo");
		return -EACCES;
	}
	is_ours = fd >= 0 && begins_with(fd, row->start, row->start_size);
	if (fd >= 0)
		close(fd);
	if (is_ours)
		return 1;
	reason_set(why, -EEXIST, "%s/%s was not pinned by mmcpus", dir->path, row->file);
	reason_remedy(why, "remove it, or choose another directory with --dir");
	return -EEXIST;
}

/* Number of our files in the directory, or why one under our names cannot be taken for ours. */
static int look_at_all(const struct pin_dir *dir, struct mmcpus_reason *why)
{
	int nr = 0;

	for (int i = 0; i < NR_FILES; i++) {
		int found = look_at(dir, &rows[i], why);

		if (found < 0)
			return found;
		nr += found;
	}
	return nr;
}

/* ----------------------------------------------------------------------------------------------------- pinning -- */

/* Names with a dot are not allowed on bpffs. */
static void name_new(char *buf, size_t size, const char *file)
{
	snprintf(buf, size, "%s-new-%d", file, (int)getpid());
}

/* Until then only the owner can read it. Through a descriptor, so that it is the file that was opened, whatever its name. */
static int give_to_readers(const struct pin_dir *dir, const char *name, uint32_t mode, int64_t gid)
{
	int fd = openat(dir->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if ((gid >= 0 && fchown(fd, (uid_t)-1, (gid_t)gid)) || fchmod(fd, mode))
		err = -errno;
	close(fd);
	return err;
}

static int pin_new(const struct pin_dir *dir, const struct pinned_row *row, int link_fd, uint32_t mode, int64_t gid)
{
	char name[64];
	char path[4096];

	name_new(name, sizeof(name), row->file);
	if (snprintf(path, sizeof(path), "%s/%s", dir->path, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (bpf_obj_pin(link_fd, path))
		return -errno;
	return give_to_readers(dir, name, mode, gid);
}

static int put_in_place(const struct pin_dir *dir, const struct pinned_row *row)
{
	char name[64];

	name_new(name, sizeof(name), row->file);
	return renameat(dir->fd, name, dir->fd, row->file) ? -errno : 0;
}

/* The process that pinned a file which was never renamed, or 0 if the name is not such a file's. */
static pid_t maker_of_new(const char *name)
{
	int maker = 0;
	int end = 0;

	for (int i = 0; i < NR_FILES; i++) {
		size_t length = strlen(rows[i].file);

		if (strncmp(name, rows[i].file, length) == 0 && sscanf(name + length, "-new-%d%n", &maker, &end) == 1 &&
		    name[length + (size_t)end] == '\0' && maker > 0)
			return maker;
	}
	return 0;
}

/* What a pin left that was killed half way. The directory is ours alone (is_of_others()), or is being cleared. */
static void remove_leftovers(const struct pin_dir *dir)
{
	int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!entries && fd >= 0)
		close(fd);
	while (entries && (entry = readdir(entries))) {
		pid_t maker = maker_of_new(entry->d_name);

		if (maker && kill(maker, 0) && errno == ESRCH)
			unlinkat(dir->fd, entry->d_name, 0);
	}
	if (entries)
		closedir(entries);
}

static void remove_new(const struct pin_dir *dir)
{
	char name[64];

	for (int i = 0; i < NR_FILES; i++) {
		name_new(name, sizeof(name), rows[i].file);
		unlinkat(dir->fd, name, 0);
	}
}

static int pin_all(const struct pin_dir *dir, const struct task_pin *skel, uint32_t mode, int64_t gid)
{
	const int link_fds[NR_FILES] = {
		bpf_link__fd(skel->links.mmcpus_snapshot),
		bpf_link__fd(skel->links.mmcpus_status),
	};
	int err = 0;

	for (int i = 0; i < NR_FILES && !err; i++)
		err = pin_new(dir, &rows[i], link_fds[i], mode, gid);
	for (int i = 0; i < NR_FILES && !err; i++)
		err = put_in_place(dir, &rows[i]);
	if (err)
		remove_new(dir);
	return err;
}

/* ----------------------------------------------------------------------------------------------------- program -- */

/* See bpf_libbpf.c. */
static int keep_quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/*
 * All that a reader of the file can use. How often a process was flushed is of use only to who sees the CPUs' own state,
 * which no file has, and would tell others what the process does.
 */
static int load(struct task_pin *skel, const struct mmcpus_system *sys)
{
	const struct snapshot_request request = { .fields = MMCPUS_FIELDS_ALL & ~(uint32_t)MMCPUS_FIELD_RESIDENCY };
	int err;

	bpf_request_walk(&skel->bss->walk, sys, &request);
	err = task_pin__load(skel);
	return err ? err : task_pin__attach(skel);
}

static struct task_pin *open_program(const struct mmcpus_system *sys, struct mmcpus_reason *why)
{
	const struct bpf_object_open_opts opts = {
		.sz = sizeof(opts),
		.btf_custom_path = "/sys/kernel/btf/vmlinux",
	};
	libbpf_print_fn_t print = libbpf_set_print(keep_quiet);
	struct task_pin *skel = task_pin__open_opts(&opts);
	int err = skel ? load(skel, sys) : -errno;

	libbpf_set_print(print);
	if (!err)
		return skel;
	task_pin__destroy(skel);
	bpf_explain_load(err, "needs BPF iterators over tasks and bpf_loop (kernel 5.17)", why);
	return NULL;
}

/* Does the program know this kernel? It says so in the header. */
static int try_program(const struct task_pin *skel, const struct mmcpus_system *sys, struct mmcpus_reason *why)
{
	struct pin_header header;
	int fd = bpf_iter_create(bpf_link__fd(skel->links.mmcpus_snapshot));
	int err;

	if (fd < 0)
		return reason_set(why, -errno, "reading the BPF iterator: %s", strerror(errno));
	err = pinned_read_header(fd, sys, &header, why);
	close(fd);
	return err;
}

static int pin_program(const struct pin_dir *dir, const struct mmcpus_system *sys, uint32_t mode, int64_t gid,
		       struct mmcpus_reason *why)
{
	struct task_pin *skel = open_program(sys, why);
	int err;

	if (!skel)
		return -EOPNOTSUPP;
	err = try_program(skel, sys, why);
	if (!err) {
		err = pin_all(dir, skel, mode, gid);
		if (err)
			fail_path(why, err, dir->path);
	}
	task_pin__destroy(skel);
	return err;
}

/* -------------------------------------------------------------------------------------------------- for callers -- */

int mmcpus_pin(const struct mmcpus_system *sys, const char *dir_path, uint32_t mode, int64_t gid,
	       struct mmcpus_reason *why)
{
	struct pin_dir dir = { .fd = -1 };
	int err = bpf_check(sys, why);

	if (err)
		return err;
	err = pin_dir_make(&dir, dir_path, why);
	if (err)
		return err;
	err = look_at_all(&dir, why);
	if (err >= 0)
		remove_leftovers(&dir);
	if (err >= 0)
		err = pin_program(&dir, sys, mode, gid, why);
	if (err && dir.is_new)
		rmdir(dir_path);
	pin_dir_close(&dir);
	return err;
}

static int fail_unpinned(struct mmcpus_reason *why, const char *path)
{
	reason_set(why, -ENOENT, "nothing is pinned in %s", path);
	reason_remedy(why, "what was pinned in another directory is found with --dir");
	return -ENOENT;
}

int mmcpus_unpin(const char *dir_path, struct mmcpus_reason *why)
{
	struct pin_dir dir;
	int err;

	if (access(dir_path, F_OK) && errno == ENOENT)
		return fail_unpinned(why, dir_path);
	err = pin_dir_open(&dir, dir_path, why);
	if (err)
		return err;
	err = look_at_all(&dir, why);
	if (err == 0)
		err = fail_unpinned(why, dir_path);
	for (int i = 0; i < NR_FILES && err > 0; i++)
		if (unlinkat(dir.fd, rows[i].file, 0) && errno != ENOENT)
			err = fail_path(why, -errno, dir_path);
	if (err >= 0)
		remove_leftovers(&dir);
	pin_dir_close(&dir);
	if (err < 0)
		return err;
	rmdir(dir_path); /* stays if there is something else in it */
	return 0;
}
