/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules about isolated CPUs that are interrupted: the only ones about what happens, and not about how things are. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "rule_checks.h"
#include "strbuf.h"
#include "xalloc.h"

/* So many senders are named, those that cost most. */
#define OFFENDERS_MAX 5

static int prepare_counted(const struct scene *scene, const struct mmcpus_reason *why_not, char **why)
{
	if (why_not) {
		*why = reason_text(why_not);
		return -ENODATA;
	}
	return scene->shootdowns != NULL;
}

int prepare_shootdown(const struct scene *scene, char **why)
{
	return prepare_counted(scene, scene->why_no_shootdowns, why);
}

int prepare_cross_call(const struct scene *scene, char **why)
{
	return prepare_counted(scene, scene->why_no_calls, why);
}

static uint64_t number_of(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_number which)
{
	uint64_t number;

	return mmcpus_shootdown_number(row, which, &number) ? 0 : number;
}

static const char *text_of(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_text which)
{
	const char *text = mmcpus_shootdown_text(row, which);

	return text ? text : "?";
}

/* "java/4242 (munmap)"; what an interrupt sends has no sender but a cause. */
static void add_sender(struct strbuf *detail, const struct mmcpus_shootdown *row)
{
	const char *comm = mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_SENDER_COMM);
	const char *cause = text_of(row, MMCPUS_SHOOTDOWN_CAUSE);

	if (mmcpus_shootdown_is_other(row))
		strbuf_add(detail, "others");
	else if (comm)
		strbuf_addf(detail, "%s/%" PRIu64 " (%s)", comm, number_of(row, MMCPUS_SHOOTDOWN_SENDER_PID), cause);
	else
		strbuf_addf(detail, "? (%s)", cause);
}

/* "12 hits by java/4242 (munmap)" */
static void add_shootdowns(struct strbuf *detail, const struct mmcpus_shootdown *row)
{
	uint64_t hits = number_of(row, MMCPUS_SHOOTDOWN_HITS);

	strbuf_addf(detail, "%" PRIu64 " hit%s by ", hits, hits == 1 ? "" : "s");
	add_sender(detail, row);
}

static bool is_call(const struct mmcpus_shootdown *row)
{
	return strcmp(text_of(row, MMCPUS_SHOOTDOWN_KIND), "call") == 0;
}

/* A CPU is told to look for another task: that is no disturbance, but the task may be one. */
static bool is_reschedule(const struct mmcpus_shootdown *row)
{
	return strcmp(text_of(row, MMCPUS_SHOOTDOWN_CALLBACK), "(reschedule)") == 0;
}

/* Of calls that do not tell when they are carried out, each that was sent counts. */
static uint64_t nr_hits(const struct mmcpus_shootdown *row)
{
	uint64_t hits;

	if (mmcpus_shootdown_number(row, MMCPUS_SHOOTDOWN_HITS, &hits) == 0)
		return hits;
	return is_call(row) ? number_of(row, MMCPUS_SHOOTDOWN_SENT) : 0;
}

/* "12 calls of ipi_mb by java/4242 (membarrier)" */
static void add_calls(struct strbuf *detail, const struct mmcpus_shootdown *row)
{
	uint64_t hits = nr_hits(row);

	strbuf_addf(detail, "%" PRIu64 " call%s of %s by ", hits, hits == 1 ? "" : "s",
		    text_of(row, MMCPUS_SHOOTDOWN_CALLBACK));
	add_sender(detail, row);
}

static bool is_shootdown(const struct mmcpus_shootdown *row)
{
	return !is_call(row);
}

/* The function by which a CPU wakes tasks that may run there: no disturbance either. */
static bool is_wakeup(const struct mmcpus_shootdown *row)
{
	return strcmp(text_of(row, MMCPUS_SHOOTDOWN_CALLBACK), "sched_ttwu_pending") == 0;
}

/* To look at the machine takes memory of the kernel's, which calls CPUs itself. */
static bool is_own(const struct mmcpus_shootdown *row)
{
	return number_of(row, MMCPUS_SHOOTDOWN_SENDER_PID) == (uint64_t)getpid();
}

static bool is_disturbance(const struct mmcpus_shootdown *row)
{
	return is_call(row) && !is_wakeup(row) && !is_reschedule(row) && !is_own(row);
}

/* Right at the end of an interval, a hit may be counted while its CPU is not noted yet. */
static void add_hit_cpus(struct mmcpus_cpuset *cpus, const struct mmcpus_shootdown *row)
{
	const struct mmcpus_cpuset *hit = mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_HIT_CPUS);

	if (hit)
		mmcpus_cpuset_or(cpus, hit);
}

/* Takes the CPUs over. */
static void blame_cpus(struct mmcpus_cpuset *cpus, struct evidence *ret)
{
	if (!mmcpus_cpuset_is_empty(cpus)) {
		ret->cpus = cpus;
		return;
	}
	mmcpus_cpuset_destroy(cpus);
	ret->are_cpus_unknown = true;
}

/* Of the rows that are meant, those that hit. */
static int find_offenders(const struct scene *scene, bool (*is_meant)(const struct mmcpus_shootdown *row),
			  void (*add)(struct strbuf *detail, const struct mmcpus_shootdown *row), struct evidence *ret)
{
	size_t nr = mmcpus_interval_count(scene->shootdowns);
	struct mmcpus_cpuset *cpus = scene_make_cpus(scene);
	struct strbuf detail = { 0 };
	size_t nr_offenders = 0;

	for (size_t i = 0; i < nr; i++) {
		const struct mmcpus_shootdown *row = mmcpus_interval_row(scene->shootdowns, i);

		if (!is_meant(row) || !nr_hits(row))
			continue;
		add_hit_cpus(cpus, row);
		if (++nr_offenders > OFFENDERS_MAX)
			continue;
		if (detail.length)
			strbuf_add(&detail, ", ");
		add(&detail, row);
	}
	if (!nr_offenders) {
		mmcpus_cpuset_destroy(cpus);
		return 0;
	}
	if (nr_offenders > OFFENDERS_MAX)
		strbuf_addf(&detail, " and %zu more", nr_offenders - OFFENDERS_MAX);
	blame_cpus(cpus, ret);
	ret->detail = strbuf_take(&detail);
	return 1;
}

int check_shootdown(const struct scene *scene, const struct mmcpus_mm *mm __attribute__((unused)), struct evidence *ret)
{
	return find_offenders(scene, is_shootdown, add_shootdowns, ret);
}

int check_cross_call(const struct scene *scene, const struct mmcpus_mm *mm __attribute__((unused)),
		     struct evidence *ret)
{
	return find_offenders(scene, is_disturbance, add_calls, ret);
}

/* ------------------------------------------------------------------------------------------------------- gaps -- */

/* What was left out: whom it would have hit is not known. */
static char *lost_text(const struct mmcpus_interval *interval)
{
	uint64_t nr;

	if (mmcpus_interval_number(interval, MMCPUS_INTERVAL_LOST, &nr))
		return xstrdup(
			"the kernel does not tell whether runs of the programs that count were lost: hits may be "
			"missing; watch again");
	if (!nr)
		return NULL;
	return xasprintf("%" PRIu64 " hit%s missing: the kernel left out a program that counts them; watch again", nr,
			 nr == 1 ? " is" : "s are");
}

static bool knows(const struct mmcpus_interval *interval, enum mmcpus_interval_number which)
{
	uint64_t number;

	return mmcpus_interval_number(interval, which, &number) == 0;
}

/* No program runs in a process that the kernel hides from BPF, and it does not tell that one was left out. */
static char *hidden_hits_text(const struct mmcpus_interval *interval)
{
	uint64_t in_row;
	uint64_t hits;

	if (mmcpus_interval_number(interval, MMCPUS_INTERVAL_HITS, &hits))
		return NULL;
	if (mmcpus_interval_number(interval, MMCPUS_INTERVAL_TLB_ROW, &in_row))
		return xstrdup(
			"hits may be missing: with what /proc/interrupts (TLB) counts they can't be compared, for CPUs "
			"came or went, or it can't be read; watch again");
	if (in_row <= hits)
		return NULL;
	return xasprintf(
		"%" PRIu64
		" hit%s may be missing: /proc/interrupts (TLB) counts so many more of these CPUs; mmcpus doctor "
		"says whether processes are hidden from BPF; watch again",
		in_row - hits, plural(in_row - hits));
}

/* Flushes of the kernel's own range interrupt every CPU, isolated or not. */
static char *unseen_flushes_text(const struct mmcpus_interval *interval)
{
	if (!knows(interval, MMCPUS_INTERVAL_HITS)) /* a moment ago: now they are seen, or another reason is told */
		return xstrdup("hits were not seen from the begin on; watch again");
	if (!knows(interval, MMCPUS_INTERVAL_KERNEL_HITS))
		return xstrdup(
			"flushes of the kernel's own range are not counted: a hook is missing; mmcpus doctor says "
			"which, and what it needs");
	return hidden_hits_text(interval);
}

char *uncounted_text(const struct scene *scene, const struct rule *rule)
{
	char *lost = lost_text(scene->shootdowns);

	if (lost || rule->check != check_shootdown)
		return lost;
	return unseen_flushes_text(scene->shootdowns);
}
