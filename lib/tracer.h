/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a tracer is: it counts shootdowns in rows while they happen. The other kind of source beside a backend: that one
 * is asked for an image, this one is left to itself between reads.
 */
#ifndef MMCPUS_LIB_TRACER_H
#define MMCPUS_LIB_TRACER_H

#include "../bpf/shootdown_record.h"
#include "system.h"

/* Is it the row of what has none of its own? */
static inline bool shootdown_is_other(uint32_t row)
{
	return row == SHOOTDOWN_OTHER_ROW || row == SHOOTDOWN_OTHER_CALLS || row == SHOOTDOWN_OTHER_KERNEL;
}

struct tracer_request {
	enum shootdown_victims victims;
	enum shootdown_stacks stacks;
	bool with_events;
	bool with_calls;       /* of other functions than the one that flushes; an error if they can't be counted */
	bool may_be_blind;     /* a hypervisor may flush by itself: nothing may be queued for the CPUs that are asked */
	bool coarse_until_hit; /* nobody asks how long senders waited, as long as no hit was seen */
	const struct mmcpus_cpuset *watched; /* NULL: all CPUs */
};

/*
 * The rows, shared with the kernel: they are changed by atomic operations only. What each CPU counts: as struct
 * shootdown_sent_tally says. Live as long as the tracer.
 */
struct tracer_rows {
	struct shootdown_row *rows; /* SHOOTDOWN_NR_ROWS */
	uint64_t *sets;             /* SHOOTDOWN_NR_SETS of nr_words for each row */
	uint32_t nr_words;
	struct shootdown_control *control;
	struct shootdown_cpu *cpus;                /* of each that is possible */
	const struct shootdown_stack *stacks;      /* of each row that has some in its key, of the kernel */
	const struct shootdown_stack *user_stacks; /* the same of user space, where they are wanted */
};

/* What the tracer's own programs took since the start. */
struct tracer_cost {
	uint64_t run_ns;
	uint64_t nr_missed; /* hits that the kernel kept from being seen */
};

struct tracer_ops {
	/* Begin. An error says in why what is missing. */
	int (*open)(const struct mmcpus_system *sys, const struct tracer_request *request, void **ret,
		    struct mmcpus_reason *why);
	void (*close)(void *state);

	void (*rows)(void *state, struct tracer_rows *ret);

	/* Let a key have no row any more. */
	int (*forget)(void *state, const struct shootdown_key *key);
	/* Put a row that no key has back into the ring. */
	void (*give_back)(void *state, uint32_t row);

	/*
	 * Wait for events until some are there that can't wait, or that time has passed; then hand on those that are there,
	 * the oldest first, but some thousands at most. Returns how many, or -errno.
	 */
	int (*poll)(void *state, int timeout_ms, void (*take)(void *arg, const struct shootdown_event *event),
		    void *arg);

	/* Becomes readable when a poll would not wait. Lives as long as the tracer. */
	int (*fd)(void *state);

	/* As mmcpus_shootdowns_hook(). */
	int (*hook)(void *state, size_t index, struct mmcpus_hook *ret);
	/* The same without a tracer: unusable is what the kernel is known not to have. */
	int (*probe_hook)(const struct mmcpus_system *sys, size_t index, struct mmcpus_hook *ret);
	/* As mmcpus_shootdowns_missing(). */
	int (*missing)(void *state, size_t index, struct mmcpus_missing *ret);
	/* 0 if it sees the CPUs that are hit, or -errno and what is missing. */
	int (*sees_hits)(void *state, struct mmcpus_reason *why);
	/* Does it count flushes of the kernel's own range? */
	bool (*sees_kernel)(void *state);
	/* -errno if the kernel does not tell. */
	int (*cost)(void *state, struct tracer_cost *ret);
	/* As kernel_symbolizer asks. */
	int (*symbol)(void *state, uint64_t address, char *buf, size_t size);
};

/* The only one there is. */
extern const struct tracer_ops *const default_tracer;

#endif
