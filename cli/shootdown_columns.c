/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shootdown_columns.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "column_list.h"
#include "getters.h"
#include "grid.h"
#include "json.h"
#include "row_list.h"
#include "strbuf.h"
#include "xalloc.h"

#define GETTER(name) TYPED_GETTER(name, struct shootdown_view, const struct mmcpus_shootdown *row, row)

/* Getters of what the library gives as it is. */
#define NUMBER_GETTER(name, which)                                        \
	GETTER(name)                                                      \
	{                                                                 \
		return mmcpus_shootdown_number(row, which, &ret->number); \
	}

#define TEXT_GETTER(name, which)                                          \
	GETTER(name)                                                      \
	{                                                                 \
		return give_text(mmcpus_shootdown_text(row, which), ret); \
	}

#define RATE_GETTER(name, which, unit)                         \
	GETTER(name)                                           \
	{                                                      \
		return give_rate(view, row, which, unit, ret); \
	}

/* Per second, in units of so many. */
static int give_rate(const struct shootdown_view *view, const struct mmcpus_shootdown *row,
		     enum mmcpus_shootdown_number which, double unit, struct value *ret)
{
	uint64_t number;
	int err = mmcpus_shootdown_number(row, which, &number);

	if (err || !view->ns)
		return -ENODATA;
	ret->number = (uint64_t)((double)number / unit * 1e12 / (double)view->ns + 0.5);
	return 0;
}

static int give_histogram(const uint64_t *buckets, struct value *ret)
{
	if (!buckets)
		return -ENODATA;
	ret->nr_buckets = MMCPUS_SHOOTDOWN_BUCKETS;
	ret->buckets = xcalloc(ret->nr_buckets, sizeof(*buckets));
	memcpy(ret->buckets, buckets, ret->nr_buckets * sizeof(*buckets));
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------ tasks -- */

/* What stands where a row has no name of its own, for it is of many. NULL: it has one. */
static char *collective_text(const struct mmcpus_shootdown *row)
{
	size_t nr_joined = mmcpus_shootdown_joined(row);

	if (nr_joined)
		return xasprintf("(%zu more)", nr_joined);
	return mmcpus_shootdown_is_other(row) ? xstrdup("(others)") : NULL;
}

/* "java/4242": who that is, with ? for what is not known of it. */
static char *process_text(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_text comm,
			  enum mmcpus_shootdown_number pid)
{
	const char *name = mmcpus_shootdown_text(row, comm);
	struct strbuf text = { 0 };
	uint64_t number;

	if (!name)
		return NULL;
	if (mmcpus_shootdown_number(row, pid, &number))
		strbuf_addf(&text, "%s/?", name);
	else
		strbuf_addf(&text, "%s/%" PRIu64, name, number);
	return strbuf_take(&text);
}

static int give_process(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_text comm,
			enum mmcpus_shootdown_number pid, struct value *ret)
{
	ret->text = collective_text(row);
	if (!ret->text)
		ret->text = process_text(row, comm, pid);
	return ret->text ? 0 : -ENODATA;
}

/* ":4250 C2 Compiler" of another thread than the first: threads of one name have rows of their own, too. */
static void add_thread(struct strbuf *text, const struct mmcpus_shootdown *row)
{
	const char *comm = mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_SENDER_COMM);
	const char *thread = mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_SENDER_THREAD);
	uint64_t pid;
	uint64_t tid;

	if (mmcpus_shootdown_number(row, MMCPUS_SHOOTDOWN_SENDER_TID, &tid) == 0 &&
	    mmcpus_shootdown_number(row, MMCPUS_SHOOTDOWN_SENDER_PID, &pid) == 0 && tid != pid)
		strbuf_addf(text, ":%" PRIu64, tid);
	if (comm && thread && strcmp(comm, thread) != 0)
		strbuf_addf(text, " %s", thread);
}

GETTER(get_sender)
{
	struct strbuf text = { 0 };
	int err = give_process(row, MMCPUS_SHOOTDOWN_SENDER_COMM, MMCPUS_SHOOTDOWN_SENDER_PID, ret);

	if (err || mmcpus_shootdown_joined(row))
		return err;
	strbuf_add(&text, ret->text);
	add_thread(&text, row);
	free(ret->text);
	ret->text = strbuf_take(&text);
	return 0;
}

/* Rows of these two kinds have nothing of another kind in them. */
static bool is_of_kind(const struct mmcpus_shootdown *row, const char *name)
{
	const char *kind = mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_KIND);

	return kind && strcmp(kind, name) == 0 && !mmcpus_shootdown_joined(row);
}

GETTER(get_owner)
{
	/* Known, and so is that it is of no address space. */
	if (is_of_kind(row, "call"))
		return give_text("", ret);
	if (is_of_kind(row, "kernel-range"))
		return give_text("kernel", ret);
	return give_process(row, MMCPUS_SHOOTDOWN_OWNER_COMM, MMCPUS_SHOOTDOWN_OWNER_PID, ret);
}

/* Idle is a task without a number. */
GETTER(get_victim)
{
	uint64_t pid;

	if (mmcpus_shootdown_number(row, MMCPUS_SHOOTDOWN_VICTIM_PID, &pid) == 0 && pid == 0)
		return give_text("idle", ret);
	return give_process(row, MMCPUS_SHOOTDOWN_VICTIM_COMM, MMCPUS_SHOOTDOWN_VICTIM_PID, ret);
}

NUMBER_GETTER(get_pid, MMCPUS_SHOOTDOWN_SENDER_PID)
NUMBER_GETTER(get_tid, MMCPUS_SHOOTDOWN_SENDER_TID)
NUMBER_GETTER(get_owner_pid, MMCPUS_SHOOTDOWN_OWNER_PID)
NUMBER_GETTER(get_owner_mm, MMCPUS_SHOOTDOWN_OWNER_ID)
NUMBER_GETTER(get_victim_pid, MMCPUS_SHOOTDOWN_VICTIM_PID)
NUMBER_GETTER(get_cpu, MMCPUS_SHOOTDOWN_CPU)
TEXT_GETTER(get_comm, MMCPUS_SHOOTDOWN_SENDER_COMM)
TEXT_GETTER(get_thread, MMCPUS_SHOOTDOWN_SENDER_THREAD)
TEXT_GETTER(get_cgroup, MMCPUS_SHOOTDOWN_SENDER_CGROUP)
TEXT_GETTER(get_owner_comm, MMCPUS_SHOOTDOWN_OWNER_COMM)
TEXT_GETTER(get_victim_comm, MMCPUS_SHOOTDOWN_VICTIM_COMM)

GETTER(get_sender_cpus)
{
	return give_set(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_SENDER_CPUS), ret);
}

/* -------------------------------------------------------------------------------------------------------------- why -- */

GETTER(get_cause)
{
	ret->text = collective_text(row);
	return ret->text ? 0 : give_text(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_CAUSE), ret);
}

GETTER(get_callback)
{
	ret->text = collective_text(row);
	return ret->text ? 0 : give_text(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_CALLBACK), ret);
}

TEXT_GETTER(get_kind, MMCPUS_SHOOTDOWN_KIND)

/* Outermost first, joined as tools that draw stacks want them. */
GETTER(get_stack)
{
	struct strbuf text = { 0 };
	size_t nr = 0;

	while (mmcpus_shootdown_frame(row, nr))
		nr++;
	if (!nr)
		return -ENODATA;
	for (size_t i = nr; i > 0; i--)
		strbuf_addf(&text, "%s%s", i < nr ? ";" : "", mmcpus_shootdown_frame(row, i - 1));
	ret->text = strbuf_take(&text);
	return 0;
}

GETTER(get_user_stack)
{
	struct mmcpus_user_frame frame;

	for (size_t i = 0; mmcpus_shootdown_user_frame(row, i, &frame) == 0; i++)
		frame_list_add(&ret->frames, &frame);
	return ret->frames.nr_frames ? 0 : -ENODATA;
}

/* --------------------------------------------------------------------------------------------------------- how much -- */

RATE_GETTER(get_sent_rate, MMCPUS_SHOOTDOWN_SENT, 1)
RATE_GETTER(get_hits_rate, MMCPUS_SHOOTDOWN_HITS, 1)
RATE_GETTER(get_stolen_rate, MMCPUS_SHOOTDOWN_STOLEN_NS, 1000)
RATE_GETTER(get_wait_rate, MMCPUS_SHOOTDOWN_WAIT_NS, 1000)
NUMBER_GETTER(get_sent, MMCPUS_SHOOTDOWN_SENT)
NUMBER_GETTER(get_pages, MMCPUS_SHOOTDOWN_PAGES)
NUMBER_GETTER(get_hits, MMCPUS_SHOOTDOWN_HITS)
NUMBER_GETTER(get_stolen, MMCPUS_SHOOTDOWN_STOLEN_NS)
NUMBER_GETTER(get_stolen_max, MMCPUS_SHOOTDOWN_STOLEN_MAX_NS)
NUMBER_GETTER(get_wait, MMCPUS_SHOOTDOWN_WAIT_NS)
NUMBER_GETTER(get_wait_max, MMCPUS_SHOOTDOWN_WAIT_MAX_NS)

GETTER(get_requested_cpus)
{
	return give_set(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_REQUESTED_CPUS), ret);
}

GETTER(get_hit_cpus)
{
	return give_set(mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_HIT_CPUS), ret);
}

GETTER(get_stolen_log2)
{
	return give_histogram(mmcpus_shootdown_histogram(row, MMCPUS_SHOOTDOWN_STOLEN_NS), ret);
}

GETTER(get_wait_log2)
{
	return give_histogram(mmcpus_shootdown_histogram(row, MMCPUS_SHOOTDOWN_WAIT_NS), ret);
}

/* What is shown by default is that of the first view. */
static const struct column columns[] = {
	{ "SENDER", "sender", VALUE_TEXT, COLUMN_IS_DEFAULT | COLUMN_CAN_TRUNCATE, 0, get_sender,
	  "who sends them: name/number of the process, :number of a thread that is not its first, and the thread's name if it has another" },
	{ "PID", "pid", VALUE_NUMBER, 0, 0, get_pid, "number of the sending process" },
	{ "TID", "tid", VALUE_NUMBER, 0, 0, get_tid, "number of the sending thread" },
	{ "COMMAND", "command", VALUE_TEXT, COLUMN_CAN_TRUNCATE, 0, get_comm, "name of the sending process" },
	{ "THREAD", "thread", VALUE_TEXT, COLUMN_CAN_TRUNCATE, 0, get_thread, "name of the sending thread" },
	{ "CGROUP", "cgroup", VALUE_TEXT, COLUMN_CAN_TRUNCATE, 0, get_cgroup, "control group of the sender" },
	{ "SENDER_CPUS", "sender_cpus", VALUE_SET, 0, 0, get_sender_cpus, "CPUs that they were sent from" },
	{ "CAUSE", "cause", VALUE_TEXT, COLUMN_IS_DEFAULT, 0, get_cause,
	  "why: a system call, a page fault, what a kernel thread does, or its name" },
	{ "KIND", "kind", VALUE_TEXT, 0, 0, get_kind,
	  "what is flushed: a range of pages, the whole address space, freed page tables, a batch of reclaim, the kernel's own range" },
	{ "CALLBACK", "callback", VALUE_TEXT, COLUMN_CAN_TRUNCATE, 0, get_callback,
	  "function that the CPUs are to run, flush_tlb_func unless --all-ipis is given" },
	{ "OWNER", "owner", VALUE_TEXT, COLUMN_IS_DEFAULT | COLUMN_CAN_TRUNCATE, 0, get_owner,
	  "process whose address space is flushed" },
	{ "OWNER_PID", "owner_pid", VALUE_NUMBER, 0, 0, get_owner_pid, "its number" },
	{ "OWNER_COMMAND", "owner_command", VALUE_TEXT, COLUMN_CAN_TRUNCATE, 0, get_owner_comm, "its name" },
	{ "OWNER_MM", "owner_mm", VALUE_ID, 0, 0, get_owner_mm, "number of the address space, as MM of mmcpus show" },
	{ "VICTIM", "victim", VALUE_TEXT, COLUMN_CAN_TRUNCATE, 0, get_victim, "process that is interrupted" },
	{ "VICTIM_PID", "victim_pid", VALUE_NUMBER, 0, 0, get_victim_pid, "its number; 0 is idle" },
	{ "VICTIM_COMMAND", "victim_command", VALUE_TEXT, COLUMN_CAN_TRUNCATE, 0, get_victim_comm, "its name" },
	{ "CPU", "cpu", VALUE_NUMBER, 0, 0, get_cpu, "CPU that is interrupted" },
	{ "SENT/s", "sent_per_s", VALUE_RATE, COLUMN_IS_DEFAULT, 0, get_sent_rate, "shootdowns in a second" },
	{ "HITS/s", "hits_per_s", VALUE_RATE, COLUMN_IS_DEFAULT, 0, get_hits_rate,
	  "interrupts of CPUs for them in a second" },
	{ "REQUESTED_CPUS", "requested_cpus", VALUE_SET, 0, 0, get_requested_cpus,
	  "CPUs that were asked to flush; those that are lazy are not interrupted" },
	{ "HIT_CPUS", "hit_cpus", VALUE_SET, COLUMN_IS_DEFAULT, 0, get_hit_cpus, "CPUs that were interrupted" },
	{ "STOLEN_US/s", "stolen_us_per_s", VALUE_RATE, COLUMN_IS_DEFAULT, 0, get_stolen_rate,
	  "microseconds in a second that these CPUs spent in flushes" },
	{ "WAIT_US/s", "wait_us_per_s", VALUE_RATE, COLUMN_IS_DEFAULT, 0, get_wait_rate,
	  "microseconds in a second that the senders waited for them" },
	{ "SENT", "sent", VALUE_NUMBER, 0, 0, get_sent, "shootdowns, all in all" },
	{ "PAGES", "pages", VALUE_NUMBER, 0, 0, get_pages, "pages of the flushes whose range is told, all in all" },
	{ "HITS", "hits", VALUE_NUMBER, 0, 0, get_hits, "interrupts of CPUs, all in all" },
	{ "STOLEN_NS", "stolen_ns", VALUE_NUMBER, 0, 0, get_stolen, "time stolen, all in all, in nanoseconds" },
	{ "STOLEN_MAX_NS", "stolen_max_ns", VALUE_NUMBER, 0, 0, get_stolen_max, "the longest time that a hit took" },
	{ "STOLEN_LOG2", "stolen_log2", VALUE_HISTOGRAM, 0, 0, get_stolen_log2,
	  "hits by the time they took: from so many nanoseconds on, so many" },
	{ "WAIT_NS", "wait_ns", VALUE_NUMBER, 0, 0, get_wait, "time waited, all in all, in nanoseconds" },
	{ "WAIT_MAX_NS", "wait_max_ns", VALUE_NUMBER, 0, 0, get_wait_max, "the longest time that a sender waited" },
	{ "WAIT_LOG2", "wait_log2", VALUE_HISTOGRAM, 0, 0, get_wait_log2, "shootdowns by the time that they waited" },
	{ "STACK", "stack", VALUE_TEXT, COLUMN_CAN_TRUNCATE, 0, get_stack,
	  "functions of the kernel that led to it, outermost first" },
	{ "USER_STACK", "user_stack", VALUE_FRAMES, COLUMN_CAN_TRUNCATE, 0, get_user_stack,
	  "functions of the sending process that led to it, outermost first; with --stack" },
};

/* The one of that name. */
static const struct column *find_column(const char *key)
{
	const struct column *column = columns;

	while (strcmp(column->key, key) != 0)
		column++;
	return column;
}

void shootdown_write_stacks(struct json *json, const struct mmcpus_shootdown *row)
{
	const struct column *stacks[] = { find_column("stack"), find_column("user_stack") };
	const struct column_list list = { stacks, ARRAY_SIZE(stacks) };
	struct row_list rows = { 0 };
	struct grid grid;

	if (row)
		row_list_add(&rows, row);
	grid_init(&grid, &list, &rows, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(stacks); i++) {
		if (row)
			value_write_json(grid_value(&grid, 0, i), json, stacks[i]->key);
		else
			json_null(json, stacks[i]->key);
	}
	grid_deinit(&grid);
	row_list_deinit(&rows);
}

const struct column_set shootdown_columns = { columns, ARRAY_SIZE(columns), "shootdowns", NULL };

/* ------------------------------------------------------------------------------------------------------------ views -- */

#define RATES_SENT "SENT/s,HITS/s,HIT_CPUS,STOLEN_US/s,WAIT_US/s"
#define RATES_HIT  "HITS/s,HIT_CPUS,STOLEN_US/s"
#define SUMS_HIT   "HITS,HIT_CPUS,STOLEN_NS,STOLEN_MAX_NS,STOLEN_LOG2"
#define SUMS_SENT  "SENT,PAGES,KIND,SENDER_CPUS,REQUESTED_CPUS," SUMS_HIT ",WAIT_NS,WAIT_MAX_NS,WAIT_LOG2"

const struct shootdown_by shootdown_bys[] = {
	{ "flow", MMCPUS_BY_FLOW, "SENDER,CAUSE,OWNER," RATES_SENT,
	  "PID,TID,COMMAND,THREAD,CGROUP,CAUSE,OWNER_PID,OWNER_COMMAND,OWNER_MM," SUMS_SENT },
	{ "pair", MMCPUS_BY_PAIR, "SENDER,VICTIM," RATES_HIT, "PID,COMMAND,VICTIM_PID,VICTIM_COMMAND,KIND," SUMS_HIT },
	{ "sender", MMCPUS_BY_SENDER, "SENDER,KIND," RATES_SENT, "PID,COMMAND," SUMS_SENT },
	{ "owner", MMCPUS_BY_OWNER, "OWNER," RATES_SENT, "OWNER_PID,OWNER_COMMAND,OWNER_MM," SUMS_SENT },
	{ "cpu", MMCPUS_BY_CPU, "CPU,KIND,HITS/s,STOLEN_US/s", "CPU,KIND,HITS,STOLEN_NS,STOLEN_MAX_NS,STOLEN_LOG2" },
	{ "cause", MMCPUS_BY_CAUSE, "CAUSE," RATES_SENT, "CAUSE," SUMS_SENT },
	{ "stack", MMCPUS_BY_STACK, "CAUSE," RATES_SENT ",STACK", "CAUSE," SUMS_SENT ",STACK" },
	{ NULL, 0, NULL, NULL },
};

const struct shootdown_by shootdown_by_user_stack = { "stack", MMCPUS_BY_USER_STACK,
						      "SENDER,CAUSE," RATES_SENT ",USER_STACK,STACK",
						      "PID,COMMAND,CAUSE," SUMS_SENT ",STACK,USER_STACK" };

const struct shootdown_by *shootdown_by_find(const char *name)
{
	for (const struct shootdown_by *by = shootdown_bys; by->name; by++)
		if (strcmp(by->name, name) == 0)
			return by;
	return NULL;
}
