/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inside of the tracer, for its parts: what is loaded, shared and attached. */
#ifndef MMCPUS_BPF_TRACER_H
#define MMCPUS_BPF_TRACER_H

#include "../kernel_types.h"
#include "../tracer.h"
#include "bpf_tracer_build.h"

struct ring_buffer;

struct mapping {
	void *memory;
	size_t bytes;
};

enum hook {
	HOOK_CROSS_CALL,
	HOOK_SEND,
	HOOK_QUEUE,
	HOOK_SENT,
	HOOK_INFO,
	HOOK_CSD,
	HOOK_FENTRY,
	HOOK_KERNEL,
	HOOK_SEND_CPU,
	HOOK_RESCHEDULE,
	HOOK_FAULT,
	HOOK_UNMAP,
	NR_HOOKS,
};

/* Who is to be given the events that are there, and how many it has been given. */
struct taker {
	void (*take)(void *arg, const struct shootdown_event *event);
	void *arg;
	size_t nr;
};

struct tracer_state {
	const struct mmcpus_system *sys;
	struct tracer_build build;
	struct shootdown_settings settings;
	struct mapping maps[TRACER_NR_MAPS]; /* of those that are shared */
	int links[TRACER_NR_PROGRAMS];       /* -1: not attached */
	struct taker taker;
	struct ring_buffer *events;
	bool with_calls;
	bool may_be_blind;
	bool with_queue; /* senders are seen by HOOK_QUEUE */
	struct mmcpus_hook hooks[NR_HOOKS];
};

/* bpf_tracer_hooks.c. */
void tracer_init_hooks(struct tracer_state *tracer);

/* A hook can't be used: returns where to write why; or the kernel refuses it by fentry, or hides where it is. */
struct mmcpus_reason *tracer_fail(struct tracer_state *tracer, enum hook hook);
void tracer_fail_fentry(struct tracer_state *tracer, enum hook hook, int err);
void tracer_fail_hidden(struct tracer_state *tracer, enum hook hook);

/* Attach a program, to what it was loaded for if no tracepoint is named, unless it is. -errno as the kernel says it. */
int tracer_attach(struct tracer_state *tracer, enum tracer_program program, const char *tracepoint);
void tracer_detach(struct tracer_state *tracer, enum tracer_program program);

/*
 * What can't be attached is a hook that can't be used, but for calls: who asks for these wants them, and no less. Whether the
 * kernel has their tracepoints is known before anything is loaded.
 */
void tracer_attach_hits(struct tracer_state *tracer);
void tracer_attach_unmaps(struct tracer_state *tracer);
void tracer_attach_kernel(struct tracer_state *tracer); /* after all that they need */
int tracer_check_calls(const struct tracer_state *tracer, struct mmcpus_reason *why);
int tracer_attach_calls(struct tracer_state *tracer, struct mmcpus_reason *why);

/* bpf_tracer_load.c. The build that sees most, with its sender's program attached. -errno as the kernel says it. */
int tracer_load(struct tracer_state *tracer, const struct tracer_sizes *sizes, const struct kernel_types *types);

/* The same file. Hooks that the kernel does not have, by its types, can't be used: the tracepoints, before loading; or all. */
void tracer_note_tracepoints(struct tracer_state *tracer, const struct kernel_types *types);
void tracer_note_missing(struct tracer_state *tracer, const struct kernel_types *types);

/* bpf_tracer_maps.c. Share memory with what is loaded, and put into it what is there from the beginning. */
int tracer_share(struct tracer_state *tracer, const struct tracer_sizes *sizes, const struct mmcpus_cpuset *watched);
void tracer_unshare(struct tracer_state *tracer);
void tracer_give_back(void *state, uint32_t row);

/* bpf_tracer_events.c. Without events that are wanted, there are those that say that rows are few. */
int tracer_open_events(struct tracer_state *tracer);
int tracer_fd(void *state);
void tracer_close_events(struct tracer_state *tracer);
int tracer_poll(void *state, int timeout_ms, void (*take)(void *arg, const struct shootdown_event *event), void *arg);

/* bpf_tracer_start.c. From what is loaded to what counts. */
int tracer_start(struct tracer_state *tracer, const struct tracer_request *request, const struct tracer_sizes *sizes,
		 const struct kernel_types *types, struct mmcpus_reason *why);

#endif
