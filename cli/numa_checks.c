/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks that look at NUMA nodes. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cpu_list.h"
#include "nodes.h"
#include "rule_checks.h"
#include "strbuf.h"
#include "value.h"
#include "xalloc.h"

/* NULL: unknown. */
static struct mmcpus_cpuset *nodes_of(const struct scene *scene, const struct mmcpus_cpuset *cpus)
{
	struct mmcpus_cpuset *nodes = nodes_create();

	if (mmcpus_system_nodes_of(scene->sys, cpus, nodes) == 0)
		return nodes;
	mmcpus_cpuset_destroy(nodes);
	return NULL;
}

/* ---------------------------------------------------------------------------------------------- numa-balancing -- */

int prepare_numa_balancing(const struct scene *scene, char **why)
{
	int balances = mmcpus_system_balances_nodes(scene->sys);

	if (balances < 0)
		*why = xstrdup("the machine does not tell whether automatic NUMA balancing is on");
	return balances;
}

/*
 * The nodes that a process has which nobody bound: isolcpus= takes CPUs from every process, and if that leaves a node
 * without any, it is no binding of this process.
 */
static struct mmcpus_cpuset *common_nodes(const struct scene *scene)
{
	const struct mmcpus_cpuset *online = mmcpus_system_set(scene->sys, MMCPUS_SYSTEM_ONLINE);
	struct mmcpus_cpuset *cpus;
	struct mmcpus_cpuset *nodes;

	if (!online)
		return NULL;
	cpus = scene_make_cpus(scene);
	mmcpus_cpuset_copy(cpus, online);
	if (scene->isolated)
		mmcpus_cpuset_andnot(cpus, scene->isolated);
	if (mmcpus_cpuset_is_empty(cpus))
		mmcpus_cpuset_copy(cpus, online);
	nodes = nodes_of(scene, cpus);
	mmcpus_cpuset_destroy(cpus);
	return nodes;
}

int check_numa_balancing(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret)
{
	struct mmcpus_cpuset *allowed = scene_copy_set(scene, mm, MMCPUS_SET_ALLOWED);
	struct mmcpus_cpuset *nodes = allowed ? nodes_of(scene, allowed) : NULL;
	struct mmcpus_cpuset *common = nodes ? common_nodes(scene) : NULL;
	bool is_known = common != NULL;
	bool is_bound = is_known && !mmcpus_cpuset_is_subset(common, nodes);
	char *list;

	mmcpus_cpuset_destroy(allowed);
	mmcpus_cpuset_destroy(common);
	if (!is_bound) {
		mmcpus_cpuset_destroy(nodes);
		return is_known ? 0 : -ENODATA;
	}
	list = cpu_list_text(nodes);
	ret->nodes = nodes;
	ret->detail = xasprintf("numa_balancing is %s, all threads are bound to node %s",
				mmcpus_system_text(scene->sys, MMCPUS_SYSTEM_NUMA_BALANCING), list);
	free(list);
	return 1;
}

/* ----------------------------------------------------------------------------------------------- split-threads -- */

/* A binding, and a thread that has it. */
struct binding {
	int32_t tid;
	struct mmcpus_cpuset *nodes;
};

/* Different ones only, of which there are few: the combinations of nodes that somebody thought of. */
struct bindings {
	struct binding *bindings;
	size_t nr_bindings;
};

static void bindings_deinit(struct bindings *all)
{
	for (size_t i = 0; i < all->nr_bindings; i++)
		mmcpus_cpuset_destroy(all->bindings[i].nodes);
	free(all->bindings);
	*all = (struct bindings){ 0 };
}

/* nodes is taken over. */
static void bindings_add(struct bindings *all, int32_t tid, struct mmcpus_cpuset *nodes)
{
	for (size_t i = 0; i < all->nr_bindings; i++) {
		if (mmcpus_cpuset_is_equal(all->bindings[i].nodes, nodes)) {
			mmcpus_cpuset_destroy(nodes);
			return;
		}
	}
	all->bindings = xreallocarray(all->bindings, all->nr_bindings + 1, sizeof(all->bindings[0]));
	all->bindings[all->nr_bindings++] = (struct binding){ tid, nodes };
}

/* A process that has ended meanwhile has no threads. */
static int add_threads(const struct scene *scene, int32_t pid, struct bindings *all)
{
	struct mmcpus_threads *threads;
	int found = mmcpus_threads_open(scene->sys, pid, &threads);

	if (found)
		return found == -ESRCH ? 0 : -ENODATA;
	while ((found = mmcpus_threads_next(threads)) > 0) {
		struct mmcpus_cpuset *nodes = nodes_of(scene, mmcpus_threads_allowed(threads));

		if (!nodes) {
			found = -ENODATA;
			break;
		}
		bindings_add(all, mmcpus_threads_tid(threads), nodes);
	}
	mmcpus_threads_close(threads);
	return found ? -ENODATA : 0;
}

static int add_sharers(const struct scene *scene, const struct mmcpus_mm *mm, struct bindings *all)
{
	size_t nr = 0;
	int32_t *sharers;
	int err = 0;

	if (mmcpus_mm_nr_sharers(mm, &nr) || nr == 0) /* unknown: then each has a row of its own */
		return 0;
	sharers = xcalloc(nr, sizeof(*sharers));
	nr = mmcpus_mm_sharers(scene->snap, mm, sharers, nr);
	for (size_t i = 0; i < nr && !err; i++)
		err = add_threads(scene, sharers[i], all);
	free(sharers);
	return err;
}

/* The first two that have nothing in common. */
static bool find_split(const struct bindings *all, const struct binding **a, const struct binding **b)
{
	for (size_t i = 1; i < all->nr_bindings; i++) {
		for (size_t j = 0; j < i; j++) {
			*a = &all->bindings[j];
			*b = &all->bindings[i];
			if (!mmcpus_cpuset_intersects((*a)->nodes, (*b)->nodes))
				return true;
		}
	}
	return false;
}

static void tell_split(const struct binding *a, const struct binding *b, struct evidence *ret)
{
	char *nodes_a = cpu_list_text(a->nodes);
	char *nodes_b = cpu_list_text(b->nodes);

	ret->nodes = nodes_create();
	mmcpus_cpuset_copy(ret->nodes, a->nodes);
	mmcpus_cpuset_or(ret->nodes, b->nodes);
	ret->detail = xasprintf("thread %" PRId32 " is bound to node %s, thread %" PRId32 " to node %s", a->tid,
				nodes_a, b->tid, nodes_b);
	free(nodes_a);
	free(nodes_b);
}

/* Reading a file for each thread is saved where the union of all tells enough. */
static bool can_be_split(const struct scene *scene, const struct mmcpus_mm *mm)
{
	struct mmcpus_cpuset *allowed = scene_copy_set(scene, mm, MMCPUS_SET_ALLOWED);
	struct mmcpus_cpuset *nodes = allowed ? nodes_of(scene, allowed) : NULL;
	bool is_on_one_node = nodes && mmcpus_cpuset_count(nodes) < 2;
	uint32_t nr_threads;
	bool is_single = mmcpus_mm_threads(mm, &nr_threads) == 0 && nr_threads == 1;

	mmcpus_cpuset_destroy(allowed);
	mmcpus_cpuset_destroy(nodes);
	return !is_on_one_node && !is_single;
}

int check_split_threads(const struct scene *scene, const struct mmcpus_mm *mm, struct evidence *ret)
{
	const struct binding *a;
	const struct binding *b;
	struct bindings all = { 0 };
	int found;

	if (!can_be_split(scene, mm))
		return 0;
	found = add_threads(scene, mmcpus_mm_pid(mm), &all);
	if (!found)
		found = add_sharers(scene, mm, &all);
	if (!found && find_split(&all, &a, &b)) {
		tell_split(a, b, ret);
		found = 1;
	}
	bindings_deinit(&all);
	return found;
}
