/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where in the kernel's per-CPU memory its variables are, from its types (BTF). */
#ifndef MMCPUS_LIB_PERCPU_VARS_H
#define MMCPUS_LIB_PERCPU_VARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct percpu_var {
	const char *name;
	bool is_static;  /* else global: of two variables of one name, the other is not taken for it */
	uint32_t offset; /* out: from the start of the section */
	uint32_t size;   /* out: 0 if there is no such variable */
};

/* At most so many are looked for at a time. */
#define PERCPU_VARS_MAX 8

/*
 * Look for variables in the section of per-CPU variables. btf is the whole of it, and is not trusted. Returns how
 * many were found. -EBADMSG: malformed; -EOPNOTSUPP: a format, byte order or kind of type that is not known here.
 */
int percpu_vars_find(const void *btf, size_t size, struct percpu_var *vars, size_t nr_vars);

#endif
