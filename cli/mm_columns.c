/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mm_columns.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "getters.h"
#include "memory_book.h"
#include "mm_text.h"
#include "nodes.h"
#include "users.h"
#include "xalloc.h"

#define GETTER(name) TYPED_GETTER(name, struct mm_view, const struct mmcpus_mm *mm, row)

/* ----------------------------------------------------------------------------------------------------- process -- */

GETTER(get_pid)
{
	ret->number = (uint64_t)mmcpus_mm_pid(mm);
	return 0;
}

GETTER(get_ppid)
{
	int32_t ppid = 0;
	int err = mmcpus_mm_ppid(mm, &ppid);

	ret->number = (uint64_t)ppid;
	return err;
}

GETTER(get_uid)
{
	uint32_t uid = 0;
	int err = mmcpus_mm_uid(mm, &uid);

	ret->number = uid;
	return err;
}

GETTER(get_user)
{
	uint32_t uid;
	int err = mmcpus_mm_uid(mm, &uid);

	if (!err)
		ret->text = view->users ? xstrdup(user_names_get(view->users, uid)) : xasprintf("%" PRIu32, uid);
	return err;
}

GETTER(get_comm)
{
	return give_text(mmcpus_mm_comm(mm), ret);
}

GETTER(get_threads)
{
	uint32_t threads = 0;
	int err = mmcpus_mm_threads(mm, &threads);

	ret->number = threads;
	return err;
}

GETTER(get_rss)
{
	return mmcpus_mm_rss_bytes(mm, &ret->number);
}

GETTER(get_cgroup)
{
	ret->text = mm_cgroup_text(view->snap, mm);
	return ret->text ? 0 : -ENODATA;
}

GETTER(get_sharers)
{
	int err = mmcpus_mm_nr_sharers(mm, &ret->nr_pids);

	if (err)
		return err;
	ret->pids = xcalloc(ret->nr_pids, sizeof(*ret->pids));
	ret->nr_pids = mmcpus_mm_sharers(view->snap, mm, ret->pids, ret->nr_pids);
	return 0;
}

/* -------------------------------------------------------------------------------------------------------- sets -- */

static int read_set(const struct mm_view *view, const struct mmcpus_mm *mm, enum mmcpus_mm_set which,
		    struct mmcpus_cpuset **ret)
{
	int err;

	*ret = xcheck(mmcpus_cpuset_create(mmcpus_system_nr_cpus(view->sys)));
	err = mmcpus_mm_set(view->snap, mm, which, *ret);
	if (err)
		mmcpus_cpuset_destroy(*ret);
	return err;
}

static int count_set(const struct mm_view *view, const struct mmcpus_mm *mm, enum mmcpus_mm_set which, uint64_t *ret)
{
	struct mmcpus_cpuset *set;
	int err = read_set(view, mm, which, &set);

	if (err)
		return err;
	*ret = mmcpus_cpuset_count(set);
	mmcpus_cpuset_destroy(set);
	return 0;
}

GETTER(get_active)
{
	return read_set(view, mm, MMCPUS_SET_ACTIVE, &ret->set);
}

GETTER(get_allowed)
{
	return read_set(view, mm, MMCPUS_SET_ALLOWED, &ret->set);
}

GETTER(get_running)
{
	return read_set(view, mm, MMCPUS_SET_RUNNING, &ret->set);
}

GETTER(get_stray)
{
	return read_set(view, mm, MMCPUS_SET_STRAY, &ret->set);
}

GETTER(get_exposed)
{
	return read_set(view, mm, MMCPUS_SET_EXPOSED, &ret->set);
}

GETTER(get_loaded)
{
	return read_set(view, mm, MMCPUS_SET_LOADED, &ret->set);
}

GETTER(get_lazy)
{
	return read_set(view, mm, MMCPUS_SET_LAZY, &ret->set);
}

GETTER(get_cached)
{
	return read_set(view, mm, MMCPUS_SET_CACHED, &ret->set);
}

GETTER(get_behind)
{
	return read_set(view, mm, MMCPUS_SET_BEHIND, &ret->set);
}

GETTER(get_stale)
{
	return read_set(view, mm, MMCPUS_SET_STALE, &ret->set);
}

GETTER(get_targets)
{
	return read_set(view, mm, MMCPUS_SET_TARGETS, &ret->set);
}

GETTER(get_nr_targets)
{
	return count_set(view, mm, MMCPUS_SET_TARGETS, &ret->number);
}

GETTER(get_nr_active)
{
	return count_set(view, mm, MMCPUS_SET_ACTIVE, &ret->number);
}

GETTER(get_nr_allowed)
{
	return count_set(view, mm, MMCPUS_SET_ALLOWED, &ret->number);
}

GETTER(get_nr_stray)
{
	return count_set(view, mm, MMCPUS_SET_STRAY, &ret->number);
}

GETTER(get_nodes)
{
	struct mmcpus_cpuset *cpus;
	int err = read_set(view, mm, MMCPUS_SET_ACTIVE, &cpus);

	if (err)
		return err;
	ret->set = nodes_create();
	err = mmcpus_system_nodes_of(view->sys, cpus, ret->set);
	mmcpus_cpuset_destroy(cpus);
	if (err)
		mmcpus_cpuset_destroy(ret->set);
	return err;
}

/* ------------------------------------------------------------------------------------------------------ memory -- */

GETTER(get_mem_nodes)
{
	const struct mmcpus_memory *memory;

	if (memory_book_look_up(view->memory, mmcpus_mm_pid(mm), &memory))
		return -ENODATA;
	memory_shares(memory, &ret->shares);
	return 0;
}

/* Rounded up. */
GETTER(get_mem_error)
{
	const struct mmcpus_memory *memory;
	double hundredths;

	if (memory_book_look_up(view->memory, mmcpus_mm_pid(mm), &memory))
		return -ENODATA;
	hundredths = mmcpus_memory_error(memory) * 10000;
	ret->number = (uint64_t)hundredths;
	ret->number += (double)ret->number < hundredths;
	return 0;
}

static int read_remote(const struct mm_view *view, const struct mmcpus_mm *mm, const struct mmcpus_cpuset *active,
		       struct mmcpus_cpuset *ret)
{
	const struct mmcpus_memory *memory;

	if (memory_book_look_up(view->memory, mmcpus_mm_pid(mm), &memory))
		return -ENODATA;
	return mmcpus_memory_remote(memory, view->sys, active, view->memory->remote_share, ret);
}

GETTER(get_remote)
{
	struct mmcpus_cpuset *active;
	int err = read_set(view, mm, MMCPUS_SET_ACTIVE, &active);

	if (err)
		return err;
	ret->set = xcheck(mmcpus_cpuset_create(mmcpus_system_nr_cpus(view->sys)));
	err = read_remote(view, mm, active, ret->set);
	mmcpus_cpuset_destroy(active);
	if (err)
		mmcpus_cpuset_destroy(ret->set);
	return err;
}

/* Of all processes that share it; that one has ended meanwhile does not matter. */
static int read_preferred(const struct mm_view *view, const struct mmcpus_mm *mm, struct mmcpus_cpuset *ret)
{
	struct mmcpus_cpuset *one = nodes_create();
	struct value sharers = { 0 };
	int err = mmcpus_process_preferred_nodes(view->sys, mmcpus_mm_pid(mm), ret);

	sharers.is_known = get_sharers_of(view, mm, &sharers) == 0;
	sharers.type = VALUE_PIDS;
	for (size_t i = 0; !err && sharers.is_known && i < sharers.nr_pids; i++) {
		err = mmcpus_process_preferred_nodes(view->sys, sharers.pids[i], one);
		if (!err)
			mmcpus_cpuset_or(ret, one);
		else if (err == -ESRCH)
			err = 0;
	}
	value_deinit(&sharers);
	mmcpus_cpuset_destroy(one);
	return err;
}

GETTER(get_numa_preferred)
{
	int err;

	ret->set = nodes_create();
	err = read_preferred(view, mm, ret->set);
	if (err)
		mmcpus_cpuset_destroy(ret->set);
	return err;
}

/* --------------------------------------------------------------------------------------------- the answer itself -- */

GETTER(get_id)
{
	return mmcpus_mm_id(mm, &ret->number);
}

GETTER(get_quality)
{
	ret->text = xstrdup(mmcpus_quality_name(mmcpus_mm_quality(view->snap, mm)));
	return 0;
}

/* A row that was read without what the CPUs hold has nothing that could contradict it. */
GETTER(get_torn)
{
	if (!(mmcpus_snapshot_fields(view->snap) & MMCPUS_FIELD_RESIDENCY))
		return -ENODATA;
	ret->truth = mmcpus_mm_is_torn(view->snap, mm);
	return 0;
}

GETTER(get_flush)
{
	enum mmcpus_flush_mode mode = mmcpus_mm_flush_mode(view->snap, mm);

	if (mode == MMCPUS_FLUSH_UNKNOWN)
		return -ENODATA;
	ret->text = xstrdup(mmcpus_flush_mode_name(mode));
	return 0;
}

GETTER(get_backend)
{
	ret->text = xstrdup(mmcpus_source_backend(view->src));
	return 0;
}

/* ---------------------------------------------------------------------------------------------------- the rows -- */

static const struct column columns[] = {
	{ "PID", "pid", VALUE_NUMBER, COLUMN_IS_DEFAULT, 0, get_pid, "process that the address space is named by" },
	{ "PPID", "ppid", VALUE_NUMBER, 0, MMCPUS_FIELD_PPID, get_ppid, "its parent; 0: outside this pid namespace" },
	{ "USER", "user", VALUE_TEXT, 0, MMCPUS_FIELD_UID, get_user, "name of its effective user" },
	{ "UID", "uid", VALUE_NUMBER, 0, MMCPUS_FIELD_UID, get_uid, "number of its effective user" },
	{ "COMMAND", "command", VALUE_TEXT, COLUMN_IS_DEFAULT | COLUMN_CAN_TRUNCATE, MMCPUS_FIELD_COMM, get_comm,
	  "its name" },
	{ "THREADS", "threads", VALUE_NUMBER, COLUMN_IS_DEFAULT, MMCPUS_FIELD_THREADS, get_threads,
	  "number of threads, of all processes that share it" },
	{ "RSS", "rss", VALUE_BYTES, 0, MMCPUS_FIELD_RSS, get_rss, "resident memory" },
	{ "CGROUP", "cgroup", VALUE_TEXT, COLUMN_CAN_TRUNCATE, MMCPUS_FIELD_CGROUP, get_cgroup,
	  "control group of the process" },
	{ "SHARERS", "sharers", VALUE_PIDS, 0, MMCPUS_FIELD_SHARERS, get_sharers,
	  "other processes that share the address space" },
	{ "ACTIVE", "active", VALUE_SET, COLUMN_IS_DEFAULT, 0, get_active,
	  "CPUs where it is or was recently active: its mm_cpumask" },
	{ "ACTIVE_MASK", "active_mask", VALUE_MASK, 0, 0, get_active, "ACTIVE as a hexadecimal mask" },
	{ "NR_ACTIVE", "nr_active", VALUE_NUMBER, 0, 0, get_nr_active, "number of CPUs in ACTIVE" },
	{ "ALLOWED", "allowed", VALUE_SET, COLUMN_IS_DEFAULT, MMCPUS_FIELD_ALLOWED, get_allowed,
	  "CPUs where any of its threads may run" },
	{ "ALLOWED_MASK", "allowed_mask", VALUE_MASK, 0, MMCPUS_FIELD_ALLOWED, get_allowed,
	  "ALLOWED as a hexadecimal mask" },
	{ "NR_ALLOWED", "nr_allowed", VALUE_NUMBER, 0, MMCPUS_FIELD_ALLOWED, get_nr_allowed,
	  "number of CPUs in ALLOWED" },
	{ "RUNNING", "running", VALUE_SET, COLUMN_IS_DEFAULT, MMCPUS_FIELD_RUNNING, get_running,
	  "CPUs that run one of its threads at this moment" },
	{ "STRAY", "stray", VALUE_SET, COLUMN_IS_DEFAULT, MMCPUS_FIELD_ALLOWED, get_stray,
	  "active CPUs where none of its threads may run" },
	{ "NR_STRAY", "nr_stray", VALUE_NUMBER, 0, MMCPUS_FIELD_ALLOWED, get_nr_stray, "number of CPUs in STRAY" },
	{ "EXPOSED", "exposed", VALUE_SET, 0, 0, get_exposed, "active CPUs that are isolated" },
	{ "LOADED", "loaded", VALUE_SET, 0, MMCPUS_FIELD_RESIDENCY, get_loaded, "CPUs that have it loaded" },
	{ "LAZY", "lazy", VALUE_SET, 0, MMCPUS_FIELD_RESIDENCY, get_lazy,
	  "of those, CPUs that idle or run a kernel thread on it" },
	{ "CACHED", "cached", VALUE_SET, 0, MMCPUS_FIELD_RESIDENCY, get_cached,
	  "CPUs that keep a slot for it: their TLB may hold entries of it" },
	{ "BEHIND", "behind", VALUE_SET, 0, MMCPUS_FIELD_RESIDENCY, get_behind,
	  "of those, CPUs that have missed a flush and must do it before use" },
	{ "STALE", "stale", VALUE_SET, 0, MMCPUS_FIELD_RESIDENCY, get_stale, "active CPUs that have another loaded" },
	{ "TARGETS", "targets", VALUE_SET, 0, MMCPUS_FIELD_RESIDENCY, get_targets,
	  "CPUs that a flush of it would interrupt now" },
	{ "NR_TARGETS", "nr_targets", VALUE_NUMBER, 0, MMCPUS_FIELD_RESIDENCY, get_nr_targets,
	  "number of CPUs in TARGETS" },
	{ "FLUSH", "flush", VALUE_TEXT, 0, MMCPUS_FIELD_FLUSH, get_flush, "how its flushes reach other CPUs" },
	{ "NODES", "nodes", VALUE_SET, 0, 0, get_nodes, "NUMA nodes of the active CPUs" },
	{ "MEM_NODES", "mem_nodes", VALUE_SHARES, 0, 0, get_mem_nodes,
	  "share of its resident memory on each NUMA node" },
	{ "MEM_ERROR", "mem_error", VALUE_PERCENT, 0, 0, get_mem_error,
	  "how far each share may be off: half of its 95 % interval" },
	{ "REMOTE", "remote", VALUE_SET, 0, 0, get_remote,
	  "active CPUs on nodes with less than " MEMORY_REMOTE_TEXT " (--remote-below) of its memory" },
	{ "NUMA_PREFERRED", "numa_preferred", VALUE_SET, 0, 0, get_numa_preferred,
	  "nodes where NUMA balancing wants its threads to be" },
	{ "MM", "mm", VALUE_ID, 0, 0, get_id, "identity of the address space" },
	{ "QUALITY", "quality", VALUE_TEXT, 0, 0, get_quality, "exact, partial or estimate" },
	{ "TORN", "torn", VALUE_TRUTH, 0, MMCPUS_FIELD_RUNNING | MMCPUS_FIELD_RESIDENCY, get_torn,
	  "do RUNNING, LOADED and ACTIVE contradict each other?" },
	{ "BACKEND", "backend", VALUE_TEXT, 0, 0, get_backend, "backend that answered" },
};

static char *why_unknown(const struct column *column, const struct mmcpus_system *sys)
{
	int balances = mmcpus_system_balances_nodes(sys);

	if (column->get != get_numa_preferred)
		return NULL;
	if (balances < 0)
		return xstrdup("the machine does not tell whether automatic NUMA balancing is on");
	if (!balances)
		return xasprintf("automatic NUMA balancing between nodes is off (kernel.numa_balancing is %s)",
				 mmcpus_system_text(sys, MMCPUS_SYSTEM_NUMA_BALANCING));
	return xstrdup("the files sched of their threads do not tell, or may not be read");
}

const struct column_set mm_columns = { columns, ARRAY_SIZE(columns), "show", why_unknown };
