/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The types of the running kernel, as it shows them: BTF, some MB in /sys/kernel/btf/vmlinux. */
#ifndef MMCPUS_LIB_KERNEL_TYPES_H
#define MMCPUS_LIB_KERNEL_TYPES_H

#include "root.h"

struct kernel_types {
	void *data;
	size_t size;
	bool is_mapped;
};

/* -ENOENT: the kernel shows none; -EIO: only part of them could be read, which would prove nothing. */
int kernel_types_open(struct kernel_types *types, const struct root *root);
void kernel_types_close(struct kernel_types *types);

/* Is there a type, field or enumerator of this name? */
bool kernel_types_have_name(const struct kernel_types *types, const char *name);

#endif
