/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "selfcheck.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

#include "helper.h"
#include "xalloc.h"

/* How often a bit may be gone before it counts: under the lazy rule a flush of whatever cause can take one away. */
#define VISITS 3

struct affinity {
	cpu_set_t set[MMCPUS_CPUS_MAX / CPU_SETSIZE];
};

static int affinity_save(struct affinity *affinity)
{
	CPU_ZERO_S(sizeof(affinity->set), affinity->set);
	return sched_getaffinity(0, sizeof(affinity->set), affinity->set) ? -errno : 0;
}

static void affinity_restore(const struct affinity *affinity)
{
	sched_setaffinity(0, sizeof(affinity->set), affinity->set);
}

static bool affinity_has(const struct affinity *affinity, uint32_t cpu)
{
	return CPU_ISSET_S(cpu, sizeof(affinity->set), affinity->set);
}

static enum selfcheck_result fail(char **detail, const struct mmcpus_reason *why)
{
	*detail = xstrdup(why->what);
	return SELFCHECK_FAILED;
}

static enum selfcheck_result skip(char **detail, const char *reason)
{
	*detail = xstrdup(reason);
	return SELFCHECK_SKIPPED;
}

/* Does the mask of a process hold a CPU? -errno and why. */
static int mask_has(struct mmcpus_source *src, pid_t pid, uint32_t cpu, bool *ret, struct mmcpus_reason *why)
{
	const struct mmcpus_snapshot *snap;
	const struct mmcpus_cpuset *active;
	int err = mmcpus_source_snapshot_pid(src, pid, 0, &snap, why);

	if (err)
		return err;
	active = mmcpus_mm_active(snap, mmcpus_snapshot_mm(snap, 0));
	*ret = active && mmcpus_cpuset_has(active, cpu);
	return 0;
}

/* ------------------------------------------------------------------------------------------------------ own CPU -- */

/* The caller is bound to the CPU. */
static enum selfcheck_result check_bound(struct mmcpus_source *src, uint32_t cpu, char **detail)
{
	struct mmcpus_reason why;
	bool has_cpu;

	if (mask_has(src, getpid(), cpu, &has_cpu, &why))
		return fail(detail, &why);
	*detail = xasprintf("bound to CPU %u, the own mask %s it", cpu, has_cpu ? "holds" : "does not hold");
	return has_cpu ? SELFCHECK_OK : SELFCHECK_FAILED;
}

static enum selfcheck_result check_own_cpu(const struct mmcpus_system *sys, struct mmcpus_source *src, char **detail)
{
	struct affinity before;
	int cpu = sched_getcpu(); /* where we can certainly run, and need not wait for others */
	enum selfcheck_result result;

	if (mmcpus_system_mask_rule(sys) == MMCPUS_RULE_NOT_MAINTAINED)
		return skip(detail, "the mask is not maintained on this architecture");
	if (cpu < 0 || affinity_save(&before) || helper_bind((uint32_t)cpu))
		return skip(detail, "the CPU affinity can't be set");
	result = check_bound(src, (uint32_t)cpu, detail);
	affinity_restore(&before);
	return result;
}

/* --------------------------------------------------------------------------------------------------------- rule -- */

/* Two CPUs that we may use; false if there are not. */
static bool find_two_cpus(uint32_t *home, uint32_t *away)
{
	struct affinity allowed;
	int cpu = sched_getcpu();

	if (cpu < 0 || affinity_save(&allowed))
		return false;
	*home = (uint32_t)cpu;
	for (*away = 0; *away < MMCPUS_CPUS_MAX; (*away)++)
		if (*away != *home && affinity_has(&allowed, *away))
			return true;
	return false;
}

/*
 * A process visits CPU away and leaves it for good, then another process runs there: is the CPU still in the mask of
 * the first? -errno and why.
 */
static int visit(struct mmcpus_source *src, uint32_t away, uint32_t home, bool *ret_is_kept, struct mmcpus_reason *why)
{
	struct helper visitor;
	struct helper spinner;
	int err;

	*why = (struct mmcpus_reason){ .what = "the helper processes did not get to run on their CPUs" };
	err = helper_start_visitor(&visitor, away, home);
	if (err)
		return err;
	err = helper_start_spinner(&spinner, away);
	if (!err) {
		err = mask_has(src, visitor.pid, away, ret_is_kept, why);
		helper_stop(&spinner);
	}
	helper_stop(&visitor);
	return err;
}

/* Kept once is proof of the lazy rule, since the eager one keeps none. */
static int observe_rule(struct mmcpus_source *src, enum mmcpus_mask_rule *ret, struct mmcpus_reason *why)
{
	uint32_t home;
	uint32_t away;
	bool is_kept = false;
	int err = 0;

	*why = (struct mmcpus_reason){ .what = "needs two CPUs to run on" };
	if (!find_two_cpus(&home, &away))
		return -EOPNOTSUPP;
	for (int i = 0; i < VISITS && !is_kept && !err; i++)
		err = visit(src, away, home, &is_kept, why);
	*ret = is_kept ? MMCPUS_RULE_LAZY : MMCPUS_RULE_EAGER;
	return err;
}

static enum selfcheck_result check_rule(const struct mmcpus_system *sys, struct mmcpus_source *src, char **detail)
{
	enum mmcpus_mask_rule expected = mmcpus_system_mask_rule(sys);
	bool is_decided = expected == MMCPUS_RULE_EAGER || expected == MMCPUS_RULE_LAZY;
	enum mmcpus_mask_rule observed;
	struct mmcpus_reason why;

	if (!is_decided && expected != MMCPUS_RULE_X86_UNDECIDED)
		return skip(detail, "made for x86 only");
	if (observe_rule(src, &observed, &why))
		return skip(detail, why.what);
	*detail =
		xasprintf("a CPU that was left %s the mask: the rule at work is \"%s\", the kernel's types say \"%s\"",
			  observed == MMCPUS_RULE_LAZY ? "stays in" : "leaves", mmcpus_mask_rule_name(observed),
			  mmcpus_mask_rule_name(expected));
	return observed == expected || !is_decided ? SELFCHECK_OK : SELFCHECK_FAILED;
}

/* ----------------------------------------------------------------------------------------------------- the list -- */

const struct selfcheck selfchecks[] = {
	{ "own-cpu", "the own mask holds the CPU that we are bound to", check_own_cpu },
	{ "rule", "a mask forgets a CPU that was left as the rule says", check_rule },
};

const size_t nr_selfchecks = sizeof(selfchecks) / sizeof(selfchecks[0]);
