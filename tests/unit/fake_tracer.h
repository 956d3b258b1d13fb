/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tracer that is made of memory: a test writes what the kernel would count. */
#ifndef MMCPUS_TESTS_FAKE_TRACER_H
#define MMCPUS_TESTS_FAKE_TRACER_H

#include "tree.h"

#include "shootdowns.h"

#define FAKE_WORDS_MAX 3

struct fake {
	struct shootdown_row rows[SHOOTDOWN_NR_ROWS];
	uint64_t sets[SHOOTDOWN_NR_ROWS * SHOOTDOWN_NR_SETS * FAKE_WORDS_MAX];
	uint32_t nr_words; /* of a set */
	struct shootdown_stack stacks[SHOOTDOWN_NR_ROWS];
	struct shootdown_stack user_stacks[SHOOTDOWN_NR_ROWS];
	struct shootdown_control control;
	struct shootdown_cpu cpus[FAKE_WORDS_MAX * 64];
	struct tracer_cost cost;
	int cost_err;
	int hits_err;
	bool sees_no_kernel;
	bool misses_batches; /* whose they are */
	bool may_be_blind;   /* what it was opened with, as the next */
	bool coarse_until_hit;
	uint32_t freed[8];
	size_t nr_freed;
	size_t nr_forgotten;
	int forget_err;
	int nr_events;        /* that wait */
	uint64_t event_words; /* of the set in them; 0: it is unknown */
	uint64_t event_ns;    /* when they happened */
	uint32_t event_type;
	struct shootdown_task event_victim; /* of hits */
	uint64_t event_wait_ns;
	uint64_t event_id;
	uint32_t event_cpu;
	uint32_t event_kind; /* what they flush */
	uint64_t event_start;
	uint64_t event_end;
	bool polled_in_a_pause;  /* the last time */
	void (*at_symbol)(void); /* what happens when a function is asked for, which is within a look at a row */
	void (*at_poll)(void);   /* the same after a look at all rows, once */
};

static struct fake fake;

/* All CPUs, with all that they count, or none. */
static inline bool fake_is_paused(void)
{
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(fake.cpus[i].is_counting, fake.cpus[0].is_counting);
		assert_int_equal(fake.cpus[i].is_counting_hits, fake.cpus[0].is_counting);
		assert_int_equal(fake.cpus[i].is_counting_unseen, fake.cpus[0].is_counting);
	}
	return !fake.cpus[0].is_counting;
}

static inline int fake_open(const struct mmcpus_system *sys, const struct tracer_request *request, void **ret,
			    struct mmcpus_reason *why)
{
	(void)why;
	memset(&fake, 0, sizeof(fake));
	fake.may_be_blind = request->may_be_blind;
	fake.coarse_until_hit = request->coarse_until_hit;
	fake.nr_words = (mmcpus_system_nr_cpus(sys) + 63) / 64;
	fake.control.functions[SHOOTDOWN_FUNCTION_FLUSH] = 0xffffffff81000200;
	for (size_t i = 0; i < NR(fake.cpus); i++)
		fake.cpus[i].is_counting = fake.cpus[i].is_counting_hits = fake.cpus[i].is_counting_unseen = 1;
	*ret = &fake;
	return 0;
}

static inline void fake_close(void *state)
{
	(void)state;
}

static inline void fake_rows(void *state, struct tracer_rows *ret)
{
	(void)state;
	*ret = (struct tracer_rows){ .rows = fake.rows,
				     .sets = fake.sets,
				     .nr_words = fake.nr_words,
				     .control = &fake.control,
				     .cpus = fake.cpus,
				     .stacks = fake.stacks,
				     .user_stacks = fake.user_stacks };
}

static inline int fake_forget(void *state, const struct shootdown_key *key)
{
	(void)state;
	(void)key;
	if (fake.forget_err)
		return fake.forget_err;
	fake.nr_forgotten++;
	return 0;
}

static inline void fake_give_back(void *state, uint32_t row)
{
	(void)state;
	fake.freed[fake.nr_freed++ % NR(fake.freed)] = row;
}

static inline int fake_hook(void *state, size_t index, struct mmcpus_hook *ret)
{
	(void)state;
	(void)index;
	(void)ret;
	return -ERANGE;
}

/* Of two, the kernel lacks the second. */
static inline int fake_probe_hook(const struct mmcpus_system *sys, size_t index, struct mmcpus_hook *ret)
{
	(void)sys;
	if (index > 1)
		return -ERANGE;
	*ret = (struct mmcpus_hook){ .name = "fake", .state = index ? MMCPUS_HOOK_UNUSABLE : MMCPUS_HOOK_USED };
	if (index)
		snprintf(ret->why.what, sizeof(ret->why.what), "not in this kernel");
	return 0;
}

static inline int fake_sees_hits(void *state, struct mmcpus_reason *why)
{
	(void)state;
	(void)why;
	return fake.hits_err;
}

static inline int fake_missing(void *state, size_t index, struct mmcpus_missing *ret)
{
	(void)state;
	if (!fake.misses_batches || index > 0)
		return -ERANGE;
	*ret = (struct mmcpus_missing){ "owners of batches", { .what = "a hook is missing" } };
	return 0;
}

static inline bool fake_sees_kernel(void *state)
{
	(void)state;
	return !fake.sees_no_kernel;
}

static inline int fake_cost(void *state, struct tracer_cost *ret)
{
	(void)state;
	*ret = fake.cost;
	return fake.cost_err;
}

/* One event at a time. */
static inline int fake_poll(void *state, int timeout_ms, void (*take)(void *arg, const struct shootdown_event *event),
			    void *arg)
{
	struct shootdown_event event = {
		.time_ns = fake.event_ns,
		.id = fake.event_id,
		.type = fake.event_type,
		.cpu = fake.event_cpu,
		.row = 3,
		.kind = fake.event_kind,
		.start = fake.event_start,
		.end = fake.event_end,
		.requested = { .nr_words = fake.event_words, .words = { 0xfe } },
	};

	void (*at_poll)(void) = fake.at_poll;

	(void)state;
	(void)timeout_ms;
	if (event.type != SHOOTDOWN_EVENT_SENT)
		event.hit = (typeof(event.hit)){ .wait_ns = fake.event_wait_ns, .victim = fake.event_victim };
	fake.polled_in_a_pause = fake_is_paused();
	fake.at_poll = NULL;
	if (at_poll)
		at_poll();
	if (!fake.nr_events)
		return 0;
	fake.nr_events--;
	take(arg, &event);
	return 1;
}

static inline int fake_fd(void *state)
{
	(void)state;
	return -1;
}

/* The functions of the kernel, in the order of their addresses. */
static const struct {
	uint64_t address;
	const char *name;
} fake_functions[] = {
	{ 0x500, "bpf_trace_run2" },      { 0x1000, "first" }, { 0x1f00, "task_numa_work" }, { 0x2000, "second" },
	{ 0xffffffff81000100, "ipi_mb" },
};

static inline int fake_symbol(void *state, uint64_t address, char *buf, size_t size)
{
	size_t i = NR(fake_functions);

	(void)state;
	if (fake.at_symbol)
		fake.at_symbol();
	while (i > 0 && fake_functions[i - 1].address > address)
		i--;
	if (i == 0)
		return -ENOENT;
	snprintf(buf, size, "%s+0x%x", fake_functions[i - 1].name, (unsigned)(address - fake_functions[i - 1].address));
	return 0;
}

/* Of a NUMA scan, or of other work on the way back to user space. */
#define SCAN_STACK            \
	{                     \
		0x500, 0x1fff \
	}
#define OTHER_STACK           \
	{                     \
		0x500, 0x2000 \
	}

static const struct tracer_ops fake_tracer = {
	.open = fake_open,
	.close = fake_close,
	.rows = fake_rows,
	.forget = fake_forget,
	.give_back = fake_give_back,
	.poll = fake_poll,
	.fd = fake_fd,
	.hook = fake_hook,
	.probe_hook = fake_probe_hook,
	.missing = fake_missing,
	.sees_hits = fake_sees_hits,
	.sees_kernel = fake_sees_kernel,
	.cost = fake_cost,
	.symbol = fake_symbol,
};

/* A row of a process with one thread, number pid, which flushes its own mm. */
static inline struct shootdown_row *take_row(uint32_t index, int32_t pid, int32_t cause)
{
	struct shootdown_row *row = &fake.rows[index];

	*row = (struct shootdown_row){
		.is_taken = 1,
		.flags = SHOOTDOWN_ROW_OWNER_NAMED,
		.key = { .start_ns = 1,
			 .owner_id = (uint64_t)pid + 100,
			 .tid = pid,
			 .cause = cause,
			 .kind = SHOOTDOWN_KIND_RANGE },
		.sender = { .tid = pid, .pid = pid, .thread_comm = "thread", .comm = "process" },
		.owner_pid = pid,
		.owner_comm = "process",
	};
	return row;
}

/* Its stacks, under that number. */
static inline void give_stacks(uint32_t index, uint64_t number, const struct shootdown_stack *kernel,
			       const struct shootdown_stack *user)
{
	fake.rows[index].key.stack = number;
	fake.stacks[index] = *kernel;
	fake.user_stacks[index] = *user;
}

#endif
