/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a backend is: a way to fill a snapshot. One file each in backends/, all of this shape. */
#ifndef MMCPUS_LIB_BACKEND_H
#define MMCPUS_LIB_BACKEND_H

#include "snapshot.h"
#include "system.h"

struct snapshot_request {
	uint32_t fields;
	int32_t pid; /* of the one process that is wanted; 0: all */
};

/* Reads what each CPU's MMU holds. A kind of source of its own: any backend that sees the same mms can have it. */
struct cpu_reader_ops {
	/* Make ready, and try it out. The state belongs to the source. */
	int (*open)(const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why);
	void (*close)(void *state);

	/* A record for each CPU below nr_cpus of the system, valid until the next call. */
	int (*read)(void *state, const struct cpu_record **ret, struct mmcpus_reason *why);
};

struct backend_ops {
	const char *name;    /* "bpf"; "bpf:iter" is a variant, which is used only when named */
	const char *summary; /* one line: what it reads */
	enum mmcpus_quality quality;
	bool is_live_only;                       /* reads the running kernel, not /proc and /sys */
	const struct cpu_reader_ops *cpu_reader; /* NULL: cannot look there */

	/* Make ready; an error says in why what is missing. The state belongs to the source. */
	int (*open)(const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why);
	void (*close)(void *state);

	/* Fill snap, which was reset, with records. Records of more processes than were asked for are welcome. */
	int (*read)(void *state, const struct snapshot_request *request, struct mmcpus_snapshot *snap,
		    struct mmcpus_reason *why);
};

/* The only list of backends, in order of preference, variants behind; ends with NULL. */
extern const struct backend_ops *const backends[];

/* NULL if there is none of this name. */
const struct backend_ops *backend_find(const char *name);

/* Open one: as its own open(), after the checks that hold for all. */
int backend_open(const struct backend_ops *ops, const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why);

bool backend_is_variant(const struct backend_ops *ops);

#endif
