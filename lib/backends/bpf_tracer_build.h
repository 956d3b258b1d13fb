/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The builds of the program that counts shootdowns, each for kernels that allow other hooks: shootdowns.bpf.c says which.
 * Whichever is loaded, the others of this room find its programs and maps in the same places.
 */
#ifndef MMCPUS_BPF_TRACER_BUILD_H
#define MMCPUS_BPF_TRACER_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "shootdown_record.h"

/* Of each function that flushes the kernel's own range, in the order of their numbers. */
#define TRACER_NR_KERNEL_FUNCTIONS (SHOOTDOWN_NR_FUNCTIONS - 1)

/* 0 is none: not each build has all of them. Those up to RESCHEDULE run while it counts. */
enum tracer_program {
	TRACER_PROGRAM_SENT,
	TRACER_PROGRAM_CROSS_CALL, /* does what that does, and more */
	TRACER_PROGRAM_HIT_BEGIN,
	TRACER_PROGRAM_HIT_END,
	TRACER_PROGRAM_KERNEL_BEGIN,
	TRACER_PROGRAM_KERNEL_END = TRACER_PROGRAM_KERNEL_BEGIN + TRACER_NR_KERNEL_FUNCTIONS,
	TRACER_PROGRAM_CALL = TRACER_PROGRAM_KERNEL_END + TRACER_NR_KERNEL_FUNCTIONS,
	TRACER_PROGRAM_RESCHEDULE_BEGIN,
	TRACER_PROGRAM_RESCHEDULE_END,
	TRACER_PROGRAM_RESCHEDULE,
	TRACER_PROGRAM_UNMAP, /* of those builds that take fentry of what sends, as the next */
	TRACER_PROGRAM_MIGRATE,
	TRACER_PROGRAM_LEARN,
	TRACER_PROGRAM_FIND,
	TRACER_PROGRAM_START,
	TRACER_PROGRAM_NAME,
	TRACER_NR_PROGRAMS,
};

enum tracer_map {
	TRACER_MAP_ROWS,
	TRACER_MAP_ROW_SETS,
	TRACER_MAP_ROW_OF,
	TRACER_MAP_FREE_ROWS,
	TRACER_MAP_WATCHED,
	TRACER_MAP_ROW_STACKS,
	TRACER_MAP_ROW_USER_STACKS,
	TRACER_MAP_CPUS,
	TRACER_MAP_EVENTS,
	TRACER_NR_MAPS,
};

/* One of the builds, once it is loaded. */
struct tracer_build {
	void *skel;
	void (*destroy)(void *skel);
	int programs[TRACER_NR_PROGRAMS];
	int maps[TRACER_NR_MAPS];
	struct shootdown_control *control;
	struct shootdown_symbol *symbol;
};

struct tracer_sizes {
	struct shootdown_settings settings;
	uint32_t nr_user_stacks; /* places for them; 1: they are not wanted */
	uint32_t nr_memos;       /* 0: no stack is to be known again */
	uint32_t event_bytes;
	uint32_t nr_calls; /* of other functions, that are under way at a time */
	bool can_cast;     /* the kernel has bpf_rdonly_cast() */
	bool with_queue; /* of the builds with tracepoints alone: TRACER_PROGRAM_CALL sees the senders, SENT nothing */
};

/*
 * Load a build into the kernel, nothing of it attached. 0, or -errno as the kernel says it, and then there is nothing to
 * unload: -ENOMEM, -EPERM, -EINVAL or what the verifier returns.
 */
int tracer_build_load_csd(struct tracer_build *ret, const struct tracer_sizes *sizes);
int tracer_build_load_calls(struct tracer_build *ret, const struct tracer_sizes *sizes);
int tracer_build_load_kernel(struct tracer_build *ret, const struct tracer_sizes *sizes);
int tracer_build_load_fentry(struct tracer_build *ret, const struct tracer_sizes *sizes);
int tracer_build_load_tracepoint(struct tracer_build *ret, const struct tracer_sizes *sizes);

/* Run one of its programs once, here. -errno as the kernel says it. */
int tracer_build_run(const struct tracer_build *build, enum tracer_program program);

/* Of one that is not loaded: nothing. */
void tracer_build_unload(struct tracer_build *build);

#endif
