// SPDX-License-Identifier: LGPL-2.1-or-later
/* A source of shootdowns: a tracer that counts them, and the sums of what was taken from it. */
#include "shootdowns.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "cpuset.h"
#include "interrupts.h"
#include "reason.h"
#include "shootdown_callbacks.h"
#include "shootdown_cause.h"
#include "shootdown_groups.h"
#include "shootdown_stacks.h"
#include "stack_causes.h"
#include "user_stacks.h"

#define NS_PER_S UINT64_C(1000000000)

/*
 * Rounds without a flush after which a row is free for another. No flush is under way for that long: looks that follow each
 * other faster than that are one round.
 */
#define ROUNDS_UNTIL_FREE 5
#define ROUND_NS          (NS_PER_S / 10)

struct mmcpus_interval {
	struct shootdown_groups groups;
	uint64_t numbers[MMCPUS_NR_INTERVAL_NUMBERS];
	bool is_known[MMCPUS_NR_INTERVAL_NUMBERS];
};

/* What grows as long as the machine runs: an interval is the difference of two. */
struct totals {
	uint64_t time_ns;
	struct interrupts_row tlb_row;
	uint64_t nr_dropped;
	struct tracer_cost cost;
	bool knows_tlb_row;
	bool knows_cost;
};

struct mmcpus_shootdowns {
	const struct mmcpus_system *sys;
	const struct tracer_ops *ops;
	void *state;
	struct tracer_rows shared;
	struct mmcpus_cpuset *cpus; /* NULL: all */
	enum mmcpus_shootdowns_by by;
	bool with_events;
	bool with_calls;
	bool was_hit;                      /* some CPU, since the machine was booted */
	bool was_sent;                     /* any, since the open */
	uint8_t rounds[SHOOTDOWN_NR_ROWS]; /* of a row without a flush; from 1 on its key has no row, or another */
	uint64_t round_ns;                 /* when the last round began */
	uint64_t told_ns;                  /* all events of before that have been handed on */
	bool is_new_round;                 /* this look begins one */
	uint64_t *sets[SHOOTDOWN_NR_SETS]; /* what was taken out of the row under work */
	struct totals last;
	struct totals at_stop; /* once it has stopped */
	bool has_stopped;
	uint64_t nr_sent; /* since the last read */
	uint64_t nr_hits;
	uint64_t nr_other;
	uint64_t nr_kernel;
	uint64_t nr_kernel_hits;
	uint64_t nr_calls;
	uint64_t nr_call_hits;
	struct callback_names callbacks;
	struct stack_causes causes;
	struct user_stacks user_stacks;
	struct shootdown_groups collected;
	struct mmcpus_interval interval; /* the caller's */
};

/* ------------------------------------------------------------------------------------------------------------ totals -- */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* cpus: NULL for all. */
static bool read_tlb_row(const struct mmcpus_shootdowns *src, const struct mmcpus_cpuset *cpus,
			 struct interrupts_row *ret)
{
	struct text text = { 0 };
	int err = root_read(&src->sys->root, "proc/interrupts", &text);

	if (!err)
		err = interrupts_sum(text.data, "TLB", cpus, ret);
	text_deinit(&text);
	return err == 0;
}

static uint64_t nr_dropped(const struct mmcpus_shootdowns *src)
{
	return __atomic_load_n(&src->shared.control->nr_dropped, __ATOMIC_RELAXED);
}

static void read_totals(const struct mmcpus_shootdowns *src, struct totals *ret)
{
	*ret = (struct totals){ .time_ns = now_ns(), .nr_dropped = nr_dropped(src) };
	ret->knows_tlb_row = read_tlb_row(src, src->cpus, &ret->tlb_row);
	ret->knows_cost = src->ops->cost(src->state, &ret->cost) == 0;
}

/* ------------------------------------------------------------------------------------------------------------ taking -- */

static uint64_t take64(uint64_t *counter)
{
	return *(volatile uint64_t *)counter ? __atomic_exchange_n(counter, 0, __ATOMIC_RELAXED) : 0;
}

static uint32_t take32(uint32_t *counter)
{
	return *(volatile uint32_t *)counter ? __atomic_exchange_n(counter, 0, __ATOMIC_RELAXED) : 0;
}

/*
 * Is anything in it? Those of one flush are taken one after the other, while the kernel goes on: some of them may be all
 * that is left of it for the next look.
 */
static bool take_counts(struct shootdown_counts *shared, struct shootdown_counts *ret)
{
	uint64_t any;

	ret->sent = take64(&shared->sent);
	ret->pages = take64(&shared->pages);
	ret->hits = take64(&shared->hits);
	ret->stolen_ns = take64(&shared->stolen_ns);
	ret->stolen_max_ns = take64(&shared->stolen_max_ns);
	ret->wait_ns = take64(&shared->wait_ns);
	ret->wait_max_ns = take64(&shared->wait_max_ns);
	any = ret->sent | ret->pages | ret->hits | ret->stolen_ns | ret->stolen_max_ns | ret->wait_ns |
	      ret->wait_max_ns;
	for (size_t i = 0; i < SHOOTDOWN_NR_BUCKETS; i++) {
		ret->stolen_log2[i] = take32(&shared->stolen_log2[i]);
		ret->wait_log2[i] = take32(&shared->wait_log2[i]);
		any |= ret->stolen_log2[i] | ret->wait_log2[i];
	}
	return any != 0;
}

static void take_sets(struct mmcpus_shootdowns *src, uint32_t row)
{
	uint64_t *words = src->shared.sets + (size_t)row * SHOOTDOWN_NR_SETS * src->shared.nr_words;

	for (size_t set = 0; set < SHOOTDOWN_NR_SETS; set++)
		for (uint32_t i = 0; i < src->shared.nr_words; i++)
			src->sets[set][i] = take64(words++);
}

/* Who an event is about stands in its row, which is not free before it has been told. */
static bool begin_round(struct mmcpus_shootdowns *src, uint64_t time_ns)
{
	if (time_ns - src->round_ns < ROUND_NS || (src->with_events && src->told_ns < src->round_ns))
		return false;
	src->round_ns = time_ns;
	return true;
}

/* Let no sender find the row any more. If that fails, it is tried again at the next look. */
static bool forget(struct mmcpus_shootdowns *src, struct shootdown_row *row)
{
	int err;

	if (__atomic_load_n(&row->flags, __ATOMIC_RELAXED) & SHOOTDOWN_ROW_FORGOTTEN)
		return true;
	err = src->ops->forget(src->state, &row->key);
	if (err && err != -ENOENT)
		return false;
	__atomic_fetch_or(&row->flags, SHOOTDOWN_ROW_FORGOTTEN, __ATOMIC_RELEASE);
	return true;
}

/* The key is forgotten first. Who has found the row before that may still count in it, for a moment. */
static void note_silence(struct mmcpus_shootdowns *src, uint32_t index)
{
	struct shootdown_row *row = &src->shared.rows[index];

	if (shootdown_is_other(index))
		return;
	if (src->rounds[index] == 0)
		src->rounds[index] = forget(src, row);
	else
		src->rounds[index] += src->is_new_round;
	if (src->rounds[index] < ROUNDS_UNTIL_FREE)
		return;
	src->rounds[index] = 0;
	__atomic_store_n(&row->is_taken, 0, __ATOMIC_RELEASE);
	src->ops->give_back(src->state, index);
}

/* A copy of what is in a row, without what is shared. Its names do not change as long as it is taken. */
static void copy_row(const struct shootdown_row *shared, struct shootdown_row *ret)
{
	ret->flags = shared->flags;
	ret->key = shared->key;
	ret->sender = shared->sender;
	ret->victim = shared->victim;
	ret->owner_pid = shared->owner_pid;
	memcpy(ret->owner_comm, shared->owner_comm, sizeof(ret->owner_comm));
	ret->cgroup = shared->cgroup;
}

static void correct_cause(struct mmcpus_shootdowns *src, struct shootdown_key *key)
{
	stack_causes_correct(&src->causes, src->ops, src->state, key);
}

/* Only flushes of address spaces are in the row TLB, which they are compared with. */
static void add_sums(struct mmcpus_shootdowns *src, const struct shootdown_row *row)
{
	switch (row->key.kind) {
	case SHOOTDOWN_KIND_CALL:
		src->nr_calls += row->counts.sent;
		src->nr_call_hits += row->counts.hits;
		break;
	case SHOOTDOWN_KIND_KERNEL:
		src->nr_kernel += row->counts.sent;
		src->nr_kernel_hits += row->counts.hits;
		break;
	default:
		src->nr_sent += row->counts.sent;
		src->was_sent |= row->counts.sent > 0;
		src->nr_hits += row->counts.hits;
	}
}

static int collect_row(struct mmcpus_shootdowns *src, uint32_t index)
{
	struct shootdown_row *shared = &src->shared.rows[index];
	struct shootdown_row row = { 0 };

	if (!__atomic_load_n(&shared->is_taken, __ATOMIC_ACQUIRE))
		return 0;
	if (!take_counts(&shared->counts, &row.counts)) {
		note_silence(src, index);
		return 0;
	}
	if (src->rounds[index])
		src->rounds[index] = 1;
	copy_row(shared, &row);
	correct_cause(src, &row.key);
	take_sets(src, index);
	add_sums(src, &row);
	if (index == SHOOTDOWN_OTHER_ROW)
		src->nr_other += row.counts.sent;
	return groups_add(&src->collected, &row, (const uint64_t *const *)src->sets);
}

int shootdowns_collect_at(struct mmcpus_shootdowns *src, uint64_t time_ns)
{
	int err = 0;

	src->is_new_round = begin_round(src, time_ns);
	for (uint32_t i = 0; i < SHOOTDOWN_NR_ROWS; i++) {
		int failed = collect_row(src, i);

		if (failed)
			err = failed;
	}
	/* At once: later, the processes may be gone. */
	if (src->by == MMCPUS_BY_USER_STACK)
		user_stacks_name(&src->user_stacks, &src->collected, &src->sys->root, src->ops, src->state);
	return err;
}

int mmcpus_shootdowns_collect(struct mmcpus_shootdowns *src)
{
	return shootdowns_collect_at(src, now_ns());
}

/* ---------------------------------------------------------------------------------------------------------- naming -- */

static void name_cgroups(const struct mmcpus_shootdowns *src, struct shootdown_groups *groups)
{
	struct cgroup_mount mount = { .fd = -1 };
	char path[PATH_MAX];

	cgroup_mount_find(&mount, &src->sys->root);
	for (size_t i = 0; mount.fd >= 0 && i < groups->nr_groups; i++) {
		struct mmcpus_shootdown *group = groups->groups[i];

		if (group->row.cgroup && cgroup_path_of_id(&mount, group->row.cgroup, path) >= 0)
			group->cgroup = strdup(path);
	}
	if (mount.fd >= 0)
		close(mount.fd);
}

/* ------------------------------------------------------------------------------------------------------ the interval -- */

int mmcpus_shootdowns_hook(const struct mmcpus_shootdowns *src, size_t index, struct mmcpus_hook *ret)
{
	return src->ops->hook(src->state, index, ret);
}

/* A hypervisor that flushes by itself shows no hit, however many there are. */
static bool may_be_blind(const struct mmcpus_shootdowns *src, const char *hypervisor)
{
	return !(hypervisor && strcmp(hypervisor, "none") == 0) && !src->was_hit &&
	       !__atomic_load_n(&src->shared.control->was_hit, __ATOMIC_RELAXED);
}

int mmcpus_shootdowns_check_hits(struct mmcpus_shootdowns *src, struct mmcpus_reason *why)
{
	const char *hypervisor = mmcpus_system_text(src->sys, MMCPUS_SYSTEM_HYPERVISOR);
	int err = src->ops->sees_hits(src->state, why);

	if (err || !may_be_blind(src, hypervisor))
		return err;
	return reason_set(
		why, -EAGAIN,
		"no CPU has been hit since the machine was booted, and the hypervisor (%s) may flush without the kernel's help",
		hypervisor ? hypervisor : "unknown");
}

static void begin_sums(struct mmcpus_shootdowns *src)
{
	src->nr_sent = src->nr_hits = src->nr_other = 0;
	src->nr_kernel = src->nr_kernel_hits = 0;
	src->nr_calls = src->nr_call_hits = 0;
}

static void set_number(struct mmcpus_interval *interval, enum mmcpus_interval_number which, bool is_known,
		       uint64_t number)
{
	interval->is_known[which] = is_known;
	interval->numbers[which] = is_known ? number : 0;
}

/* The kernel counts in 32 bits for each CPU (irq_tlb_count): one that began anew makes the sum less by 2^32. */
static uint64_t growth_of_row(const struct interrupts_row *last, const struct interrupts_row *now)
{
	uint64_t growth = now->sum - last->sum;

	return now->sum < last->sum ? (uint32_t)growth : growth;
}

/* Where the hypervisor is called instead (pv_ops.mmu.flush_tlb_multi), the kernel's own function is not: none is seen. */
static bool knows_sent(const struct mmcpus_shootdowns *src, bool knows_hits)
{
	if (src->cpus) /* of those alone that hit them */
		return knows_hits;
	return src->was_sent || !may_be_blind(src, mmcpus_system_text(src->sys, MMCPUS_SYSTEM_HYPERVISOR));
}

static void sum_up(struct mmcpus_shootdowns *src, const struct totals *now, bool knows_hits)
{
	struct mmcpus_interval *interval = &src->interval;
	const struct totals *last = &src->last;
	bool knows_cost = now->knows_cost && last->knows_cost;
	bool knows_kernel = src->ops->sees_kernel(src->state);

	set_number(interval, MMCPUS_INTERVAL_NS, true, now->time_ns - last->time_ns);
	set_number(interval, MMCPUS_INTERVAL_SENT, knows_sent(src, knows_hits), src->nr_sent);
	set_number(interval, MMCPUS_INTERVAL_HITS, knows_hits, src->nr_hits);
	set_number(interval, MMCPUS_INTERVAL_OTHER, true, src->nr_other);
	set_number(interval, MMCPUS_INTERVAL_DROPPED, true, now->nr_dropped - last->nr_dropped);
	set_number(interval, MMCPUS_INTERVAL_LOST, knows_cost,
		   now->cost.nr_missed - last->cost.nr_missed +
			   (src->with_calls ? now->nr_dropped - last->nr_dropped : 0));
	set_number(interval, MMCPUS_INTERVAL_KERNEL_SENT, knows_kernel, src->nr_kernel);
	set_number(interval, MMCPUS_INTERVAL_KERNEL_HITS, knows_kernel, src->nr_kernel_hits);
	set_number(interval, MMCPUS_INTERVAL_CALLS, src->with_calls, src->nr_calls);
	set_number(interval, MMCPUS_INTERVAL_CALL_HITS, src->with_calls, src->nr_call_hits);
	set_number(interval, MMCPUS_INTERVAL_TLB_ROW,
		   now->knows_tlb_row && last->knows_tlb_row && now->tlb_row.columns == last->tlb_row.columns,
		   growth_of_row(&last->tlb_row, &now->tlb_row));
	set_number(interval, MMCPUS_INTERVAL_COST_NS, knows_cost, now->cost.run_ns - last->cost.run_ns);
	begin_sums(src);
	src->last = *now;
}

/* Looks at the kernel's own counter and at ours, until nothing has happened in between. */
#define MAX_LOOKS 4

static int collect_all(struct mmcpus_shootdowns *src, struct totals *ret)
{
	struct totals before;
	int err;

	if (src->has_stopped) {
		*ret = src->at_stop;
		return mmcpus_shootdowns_collect(src);
	}
	read_totals(src, ret);
	for (int i = 0; i < MAX_LOOKS; i++) {
		before = *ret;
		err = mmcpus_shootdowns_collect(src);
		if (err)
			return err;
		read_totals(src, ret);
		if (ret->tlb_row.sum == before.tlb_row.sum)
			break;
	}
	return 0;
}

static enum shootdown_stacks stacks_of(enum mmcpus_shootdowns_by by)
{
	if (by == MMCPUS_BY_USER_STACK)
		return SHOOTDOWN_STACKS_BOTH;
	return by == MMCPUS_BY_STACK ? SHOOTDOWN_STACKS_KERNEL : SHOOTDOWN_STACKS_NONE;
}

int mmcpus_shootdowns_read(struct mmcpus_shootdowns *src, const struct mmcpus_interval **ret, struct mmcpus_reason *why)
{
	struct mmcpus_interval *interval = &src->interval;
	struct shootdown_groups unused = interval->groups;
	bool knows_hits;
	struct totals now;
	int err = collect_all(src, &now);

	if (err)
		return reason_set(why, err, "no memory for what was counted");
	knows_hits = mmcpus_shootdowns_check_hits(src, NULL) == 0;
	interval->groups = src->collected;
	src->collected = unused;
	groups_clear(&src->collected);
	groups_sort(&interval->groups);
	groups_describe(&interval->groups, knows_hits);
	if (src->with_calls)
		callbacks_name(&src->callbacks, &interval->groups, &src->sys->root);
	if (src->by == MMCPUS_BY_FLOW)
		name_cgroups(src, &interval->groups);
	if (stacks_of(src->by) != SHOOTDOWN_STACKS_NONE)
		stacks_name(&interval->groups, &src->sys->root, src->ops, src->state);
	sum_up(src, &now, knows_hits);
	*ret = interval;
	return 0;
}

int mmcpus_interval_number(const struct mmcpus_interval *interval, enum mmcpus_interval_number which, uint64_t *ret)
{
	if ((size_t)which >= MMCPUS_NR_INTERVAL_NUMBERS || !interval->is_known[which])
		return -ENODATA;
	*ret = interval->numbers[which];
	return 0;
}

size_t mmcpus_interval_count(const struct mmcpus_interval *interval)
{
	return interval->groups.nr_groups;
}

const struct mmcpus_shootdown *mmcpus_interval_row(const struct mmcpus_interval *interval, size_t index)
{
	return index < interval->groups.nr_groups ? interval->groups.groups[index] : NULL;
}

int mmcpus_interval_join(const struct mmcpus_interval *interval, size_t from, struct mmcpus_shootdown **ret)
{
	if (from >= interval->groups.nr_groups)
		return -ERANGE;
	*ret = groups_join(&interval->groups, from);
	return *ret ? 0 : -ENOMEM;
}

void mmcpus_shootdown_destroy(struct mmcpus_shootdown *row)
{
	if (row)
		group_destroy(row);
}

/* ----------------------------------------------------------------------------------------------------------- events -- */

struct listener {
	struct mmcpus_shootdowns *src;
	void (*take)(void *arg, const struct mmcpus_event *event);
	void *arg;
};

static void fill_sent(struct mmcpus_event *ret, const struct shootdown_event *event, const struct shootdown_row *row,
		      char *cause, size_t size)
{
	bool is_named = !shootdown_is_other(event->row);
	bool has_owner = is_named && row->flags & SHOOTDOWN_ROW_OWNER_NAMED;

	ret->pid = row->sender.pid;
	ret->tid = row->sender.tid;
	ret->command = is_named ? row->sender.comm : NULL;
	ret->thread = is_named ? row->sender.thread_comm : NULL;
	if (shootdown_cause_format(row->key.cause, row->sender.thread_comm, cause, size) == 0)
		ret->cause = cause;
	ret->kind = groups_kind_name(event->kind);
	ret->owner_command = has_owner ? row->owner_comm : NULL;
	ret->owner_pid = has_owner ? row->owner_pid : 0;
	ret->owner_id = event->kind == SHOOTDOWN_KIND_KERNEL ? 0 : row->key.owner_id;
	ret->start = event->start;
	ret->end = event->end;
}

static void fill_hit(struct mmcpus_event *ret, const struct shootdown_event *event)
{
	ret->stolen_ns = event->stolen_ns;
	ret->wait_ns = event->wait_ns;
	ret->victim_pid = event->victim.pid;
	ret->victim_tid = event->victim.tid;
	ret->victim_command = event->victim.comm;
	ret->victim_thread = event->victim.thread_comm;
}

static void hand_on(void *arg, const struct shootdown_event *event)
{
	const struct listener *listener = arg;
	struct shootdown_row row = { 0 };
	struct mmcpus_event ret = { .time_ns = event->time_ns, .id = event->id, .cpu = event->cpu };
	char cause[64];

	if (event->time_ns > listener->src->told_ns)
		listener->src->told_ns = event->time_ns;
	if (event->row >= SHOOTDOWN_NR_ROWS)
		return;
	ret.type = event->type == SHOOTDOWN_EVENT_HIT ? MMCPUS_EVENT_HIT : MMCPUS_EVENT_SENT;
	if (ret.type == MMCPUS_EVENT_HIT) {
		fill_hit(&ret, event);
	} else {
		copy_row(&listener->src->shared.rows[event->row], &row);
		correct_cause(listener->src, &row.key);
		fill_sent(&ret, event, &row, cause, sizeof(cause));
	}
	listener->take(listener->arg, &ret);
}

int mmcpus_shootdowns_poll(struct mmcpus_shootdowns *src, int timeout_ms,
			   void (*take)(void *arg, const struct mmcpus_event *event), void *arg)
{
	struct listener listener = { src, take, arg };
	uint64_t begin_ns = now_ns();
	int nr = src->ops->poll(src->state, timeout_ms, hand_on, &listener);

	if (nr == 0 && begin_ns > src->told_ns)
		src->told_ns = begin_ns;
	return nr;
}

/* ------------------------------------------------------------------------------------------------------------ pauses -- */

/* Where the kernel does not tell when it is so, as with CPUs without a tick: much longer than a flush takes. */
#define QUIET_NS 20000000

/*
 * Until no program runs that has seen no pause yet, and no flush is under way that was sent before. All CPUs take part in
 * a grace period of RCU, in which both run.
 */
static void wait_for_quiet(void)
{
	const struct timespec quiet = { .tv_nsec = QUIET_NS };

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		nanosleep(&quiet, NULL);
}

static void set_paused(struct mmcpus_shootdowns *src, bool is_paused)
{
	__atomic_store_n(&src->shared.control->is_paused, is_paused, __ATOMIC_SEQ_CST);
}

static void ignore_event(void *unused, const struct shootdown_event *event)
{
	(void)unused;
	(void)event;
}

/* What was counted while the tracer began is not compared with anything. */
static int begin_interval(struct mmcpus_shootdowns *src)
{
	int err = collect_all(src, &src->last);
	struct interrupts_row all;

	src->was_hit = src->was_hit || (read_tlb_row(src, NULL, &all) && all.sum > 0);
	groups_clear(&src->collected);
	begin_sums(src);
	return err;
}

int mmcpus_shootdowns_restart(struct mmcpus_shootdowns *src)
{
	int err;

	src->has_stopped = false;
	if (src->with_events) {
		set_paused(src, true);
		wait_for_quiet();
		while (src->ops->poll(src->state, 0, ignore_event, NULL) > 0)
			;
	}
	err = begin_interval(src);
	set_paused(src, false);
	return err;
}

void mmcpus_shootdowns_stop(struct mmcpus_shootdowns *src)
{
	set_paused(src, true);
	read_totals(src, &src->at_stop);
	wait_for_quiet();
	src->at_stop.nr_dropped = nr_dropped(src);
	src->has_stopped = true;
}

/* ---------------------------------------------------------------------------------------------------- open and close -- */

static int open_tracer(struct mmcpus_shootdowns *src, struct mmcpus_reason *why)
{
	const struct tracer_request request = {
		.with_victims = src->by == MMCPUS_BY_PAIR || src->by == MMCPUS_BY_CPU,
		.stacks = stacks_of(src->by),
		.with_events = src->with_events,
		.with_calls = src->with_calls,
		.watched = src->cpus,
	};
	int err = src->ops->open(src->sys, &request, &src->state, why);

	if (err)
		src->state = NULL;
	return err;
}

static int allocate(struct mmcpus_shootdowns *src, const struct mmcpus_cpuset *cpus)
{
	uint32_t nr_cpus = src->sys->nr_cpus;

	if (cpus) {
		src->cpus = mmcpus_cpuset_create(nr_cpus);
		if (!src->cpus)
			return -ENOMEM;
		mmcpus_cpuset_copy(src->cpus, cpus);
	}
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++) {
		src->sets[i] = calloc(cpuset_nr_words(nr_cpus), sizeof(uint64_t));
		if (!src->sets[i])
			return -ENOMEM;
	}
	groups_init(&src->collected, src->by, nr_cpus);
	groups_init(&src->interval.groups, src->by, nr_cpus);
	return 0;
}

int shootdowns_open_with(const struct tracer_ops *ops, const struct mmcpus_system *sys, enum mmcpus_shootdowns_by by,
			 enum shootdowns_extra extra, const struct mmcpus_cpuset *cpus, struct mmcpus_shootdowns **ret,
			 struct mmcpus_reason *why)
{
	struct mmcpus_shootdowns *src;
	int err;

	if ((size_t)by >= MMCPUS_NR_BY)
		return reason_set(why, -EINVAL, "no such view of shootdowns");
	src = calloc(1, sizeof(*src));
	if (!src)
		return reason_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	src->sys = sys;
	src->ops = ops;
	src->by = by;
	src->with_events = extra == SHOOTDOWNS_WITH_EVENTS;
	src->with_calls = extra == SHOOTDOWNS_WITH_CALLS;
	err = allocate(src, cpus);
	if (err)
		reason_set(why, err, "%s", strerror(-err));
	else
		err = open_tracer(src, why);
	if (err) {
		mmcpus_shootdowns_close(src);
		return err;
	}
	src->ops->rows(src->state, &src->shared);
	err = mmcpus_shootdowns_restart(src);
	if (err) {
		mmcpus_shootdowns_close(src);
		return reason_set(why, err, "no memory for what was counted");
	}
	*ret = src;
	return 0;
}

/* What the kernel keeps for a captured machine is gone; other architectures have no such thing as these tracepoints. */
static int check_system(const struct mmcpus_system *sys, struct mmcpus_reason *why)
{
	const char *arch = mmcpus_system_text(sys, MMCPUS_SYSTEM_ARCH);

	if (!sys->root.is_live)
		return reason_set(why, -EOPNOTSUPP,
				  "shootdowns are watched while they happen: a captured machine has none");
	if (!arch || strcmp(arch, "x86_64") == 0)
		return 0;
	return reason_set(why, -EOPNOTSUPP, "the kernel shows its TLB shootdowns on x86 only, not on %s", arch);
}

int mmcpus_shootdowns_open(const struct mmcpus_system *sys, enum mmcpus_shootdowns_by by,
			   const struct mmcpus_cpuset *cpus, struct mmcpus_shootdowns **ret, struct mmcpus_reason *why)
{
	int err = check_system(sys, why);

	return err ? err : shootdowns_open_with(default_tracer, sys, by, SHOOTDOWNS_PLAIN, cpus, ret, why);
}

int mmcpus_shootdowns_open_events(const struct mmcpus_system *sys, const struct mmcpus_cpuset *cpus,
				  struct mmcpus_shootdowns **ret, struct mmcpus_reason *why)
{
	int err = check_system(sys, why);

	return err ? err
		   : shootdowns_open_with(default_tracer, sys, MMCPUS_BY_FLOW, SHOOTDOWNS_WITH_EVENTS, cpus, ret, why);
}

int mmcpus_shootdowns_open_calls(const struct mmcpus_system *sys, enum mmcpus_shootdowns_by by,
				 const struct mmcpus_cpuset *cpus, struct mmcpus_shootdowns **ret,
				 struct mmcpus_reason *why)
{
	int err = check_system(sys, why);

	return err ? err : shootdowns_open_with(default_tracer, sys, by, SHOOTDOWNS_WITH_CALLS, cpus, ret, why);
}

void mmcpus_shootdowns_close(struct mmcpus_shootdowns *src)
{
	if (!src)
		return;
	if (src->state)
		src->ops->close(src->state);
	groups_deinit(&src->collected);
	groups_deinit(&src->interval.groups);
	for (size_t i = 0; i < SHOOTDOWN_NR_SETS; i++)
		free(src->sets[i]);
	mmcpus_cpuset_destroy(src->cpus);
	callbacks_deinit(&src->callbacks);
	user_stacks_deinit(&src->user_stacks);
	free(src);
}
