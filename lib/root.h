/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where /proc and /sys are: this machine's, or those of a captured one. All reading of small files goes through here. */
#ifndef MMCPUS_LIB_ROOT_H
#define MMCPUS_LIB_ROOT_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#include <mmcpus/mmcpus.h>

struct root {
	int fd;
	bool is_live;
};

/* -ENOENT if path is no directory that holds proc. NULL or "/": this machine. */
int root_init(struct root *root, const char *path, struct mmcpus_reason *why);
void root_deinit(struct root *root);

/*
 * Open path ("proc/1/status") below the root. In a captured machine no symbolic link leads out of it, for a capture may
 * come from anybody. Returns a file descriptor.
 */
int root_open_file(const struct root *root, const char *path);

/* The same as a directory stream; NULL with errno. */
DIR *root_open_dir(const struct root *root, const char *path);

/* Make a directory below a root the root of its own: what is read below it later is of the same process. */
int root_enter(const struct root *root, const char *path, struct root *ret);

/* A text file in memory, NUL-terminated, kept for the next read. */
struct text {
	char *data;
	size_t length;
	size_t capacity;
};

void text_deinit(struct text *text);

/* No file that we read has a reason to be longer: /proc/PID/status with 65,536 groups takes 720 KiB. */
#define TEXT_MAX (1024 * 1024)

/* Read a whole file. -EFBIG beyond TEXT_MAX; -EBADMSG if it has NUL bytes. */
int root_read(const struct root *root, const char *path, struct text *ret);

/* Read a file of one line into buf, without the line end. -EFBIG if it does not fit. */
int root_read_line(const struct root *root, const char *path, char *buf, size_t size);

#endif
