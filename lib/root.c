// SPDX-License-Identifier: LGPL-2.1-or-later
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reason.h"

int root_init(struct root *root, const char *path, struct mmcpus_reason *why)
{
	int err;

	if (!path)
		path = "/";
	root->is_live = strcmp(path, "/") == 0;
	root->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->fd < 0) {
		err = -errno;
		return reason_set(why, err, "directory '%s': %s", path, strerror(-err));
	}
	if (faccessat(root->fd, "proc", F_OK, 0) == 0)
		return 0;
	close(root->fd);
	reason_set(why, -ENOENT, "%s: holds no proc directory", path);
	reason_remedy(why, "name a directory made by scripts/capture-machine");
	return -ENOENT;
}

void root_deinit(struct root *root)
{
	close(root->fd);
}

static int open_below(const struct root *root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	if (root->is_live)
		fd = openat(root->fd, path, flags | O_CLOEXEC);
	else
		fd = (int)syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

/* What comes from anybody may be a device, whose mere opening does something, or a fifo. */
static int open_if_regular(const struct root *root, const char *path)
{
	int place = open_below(root, path, O_PATH);
	char link[64];
	struct stat st;
	int fd;

	if (place < 0)
		return place;
	if (fstat(place, &st) || !S_ISREG(st.st_mode)) {
		close(place);
		return S_ISDIR(st.st_mode) ? -EISDIR : -EBADMSG;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(place);
	return fd;
}

int root_open_file(const struct root *root, const char *path)
{
	return root->is_live ? open_below(root, path, O_RDONLY) : open_if_regular(root, path);
}

int root_enter(const struct root *root, const char *path, struct root *ret)
{
	int fd = open_below(root, path, O_PATH | O_DIRECTORY);

	*ret = (struct root){ .fd = fd, .is_live = root->is_live };
	return fd < 0 ? fd : 0;
}

DIR *root_open_dir(const struct root *root, const char *path)
{
	int fd = open_below(root, path, O_RDONLY | O_DIRECTORY);
	DIR *dir;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	dir = fdopendir(fd);
	if (!dir)
		close(fd);
	return dir;
}

void text_deinit(struct text *text)
{
	free(text->data);
	*text = (struct text){ 0 };
}

static int text_grow(struct text *text)
{
	size_t capacity = text->capacity ? text->capacity * 2 : 4096;
	char *data;

	if (capacity > TEXT_MAX)
		return -EFBIG;
	data = realloc(text->data, capacity);
	if (!data)
		return -ENOMEM;
	text->data = data;
	text->capacity = capacity;
	return 0;
}

static int read_all(int fd, struct text *ret)
{
	int err;

	ret->length = 0;
	for (;;) {
		ssize_t got;

		if (ret->capacity - ret->length < 2) {
			err = text_grow(ret);
			if (err)
				return err;
		}
		got = read(fd, ret->data + ret->length, ret->capacity - ret->length - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		ret->length += (size_t)got;
	}
	ret->data[ret->length] = '\0';
	return memchr(ret->data, '\0', ret->length) ? -EBADMSG : 0;
}

int root_read(const struct root *root, const char *path, struct text *ret)
{
	int fd = root_open_file(root, path);
	int err;

	if (fd < 0)
		return fd;
	err = read_all(fd, ret);
	close(fd);
	return err;
}

int root_read_line(const struct root *root, const char *path, char *buf, size_t size)
{
	struct text text = { 0 };
	int err = root_read(root, path, &text);

	if (!err) {
		size_t length = strcspn(text.data, "\n");

		if (length < size) {
			memcpy(buf, text.data, length);
			buf[length] = '\0';
		} else {
			err = -EFBIG;
		}
	}
	text_deinit(&text);
	return err;
}
