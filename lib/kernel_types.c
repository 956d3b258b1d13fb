// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel_types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(struct kernel_types *types, int fd)
{
	size_t got = 0;
	ssize_t n;

	types->data = malloc(types->size);
	if (!types->data)
		return -ENOMEM;
	while (got < types->size && (n = read(fd, (char *)types->data + got, types->size - got)) > 0)
		got += (size_t)n;
	if (got == types->size)
		return 0;
	free(types->data);
	return -EIO;
}

/* Mapped, where the kernel can (6.16: a539e2a6d51d), for that saves the copy. */
static int load(struct kernel_types *types, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_size <= 0)
		return -EIO;
	types->size = (size_t)st.st_size;
	types->data = mmap(NULL, types->size, PROT_READ, MAP_PRIVATE, fd, 0);
	types->is_mapped = types->data != MAP_FAILED;
	return types->is_mapped ? 0 : read_all(types, fd);
}

int kernel_types_open(struct kernel_types *types, const struct root *root)
{
	int fd = root_open_file(root, "sys/kernel/btf/vmlinux");
	int err;

	*types = (struct kernel_types){ 0 };
	if (fd < 0)
		return fd;
	err = load(types, fd);
	close(fd);
	if (err)
		*types = (struct kernel_types){ 0 };
	return err;
}

void kernel_types_close(struct kernel_types *types)
{
	if (types->is_mapped)
		munmap(types->data, types->size);
	else
		free(types->data);
	*types = (struct kernel_types){ 0 };
}

/* A whole name: the NUL bytes around it belong to it. */
bool kernel_types_have_name(const struct kernel_types *types, const char *name)
{
	size_t length = strlen(name) + 1;
	const char *at = types->data;
	const char *end = at + types->size;

	while ((at = memmem(at, (size_t)(end - at), name, length))) {
		if (at > (const char *)types->data && at[-1] == '\0')
			return true;
		at++;
	}
	return false;
}
