/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "findings.h"

#include <errno.h>
#include <stdlib.h>

#include "xalloc.h"

void finding_deinit(struct finding *finding)
{
	evidence_deinit(&finding->evidence);
	free(finding->pids);
	free(finding->comm);
	free(finding->cgroup);
	mmcpus_cpuset_destroy(finding->active);
	mmcpus_cpuset_destroy(finding->allowed);
	mmcpus_cpuset_destroy(finding->running);
	*finding = (struct finding){ 0 };
}

int finding_is_moot(const struct finding *finding)
{
	if (!(finding->rule->needs & ABOUT_INTERRUPTS))
		return 0;
	if (finding->flush == MMCPUS_FLUSH_UNKNOWN)
		return -ENODATA;
	return finding->flush == MMCPUS_FLUSH_BROADCAST || finding->flush == MMCPUS_FLUSH_HARDWARE;
}

void finding_weigh(struct finding *finding, bool can_be_moot)
{
	bool is_moot = can_be_moot && finding_is_moot(finding) > 0;

	finding->severity = is_moot ? SEVERITY_INFO : finding->rule->severity;
}

bool finding_counts(const struct finding *finding)
{
	return finding->severity != SEVERITY_INFO;
}

void finding_list_deinit(struct finding_list *list)
{
	for (size_t i = 0; i < list->nr_findings; i++)
		finding_deinit(&list->findings[i]);
	free(list->findings);
	*list = (struct finding_list){ 0 };
}

static int32_t pid_of(const struct finding *finding)
{
	return finding->nr_pids ? finding->pids[0] : 0;
}

/* A number is used again, by another process or by another address space of the same: start and identity tell. */
static bool is_same(const struct finding *a, const struct finding *b)
{
	return a->rule == b->rule && pid_of(a) == pid_of(b) && a->has_start == b->has_start &&
	       a->start_ns == b->start_ns && a->has_id == b->has_id && a->id == b->id;
}

static uint32_t nr_at_fault(const struct evidence *evidence)
{
	return (evidence->cpus ? mmcpus_cpuset_count(evidence->cpus) : 0) +
	       (evidence->nodes ? mmcpus_cpuset_count(evidence->nodes) : 0);
}

static bool is_worse_than(const struct finding *a, const struct finding *b)
{
	if (a->severity != b->severity)
		return a->severity < b->severity;
	return nr_at_fault(&a->evidence) > nr_at_fault(&b->evidence);
}

/* What was worse stays, with the times of both. */
static void unite(struct finding *known, struct finding *again)
{
	bool is_worse = is_worse_than(again, known);
	struct finding better = is_worse ? *known : *again;
	struct finding worse = is_worse ? *again : *known;

	worse.first_s = known->first_s;
	worse.last_s = again->last_s;
	worse.nr_looks = known->nr_looks + again->nr_looks;
	finding_deinit(&better);
	*known = worse;
}

void finding_list_add(struct finding_list *list, struct finding *finding)
{
	for (size_t i = 0; i < list->nr_findings; i++) {
		if (is_same(&list->findings[i], finding)) {
			unite(&list->findings[i], finding);
			return;
		}
	}
	list->findings = xreallocarray(list->findings, list->nr_findings + 1, sizeof(list->findings[0]));
	list->findings[list->nr_findings++] = *finding;
}

static int compare_findings(const void *first, const void *second)
{
	const struct finding *a = first;
	const struct finding *b = second;

	if (a->severity != b->severity)
		return a->severity < b->severity ? -1 : 1;
	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1; /* rows of one table */
	return (pid_of(a) > pid_of(b)) - (pid_of(a) < pid_of(b));
}

void finding_list_sort(struct finding_list *list)
{
	if (list->nr_findings)
		qsort(list->findings, list->nr_findings, sizeof(list->findings[0]), compare_findings);
}
