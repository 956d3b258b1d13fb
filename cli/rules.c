/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include "memory_book.h"
#include "rule_checks.h"

const struct rule rules[] = {
	{ "exposed", SEVERITY_ERROR, RULE_OF_MM, NEED_ISOLATED | NEED_ACTIVE | ABOUT_INTERRUPTS, MMCPUS_FIELD_ALLOWED,
	  NULL, check_exposed, "An address space is active on an isolated CPU where none of its threads may run.",
	  "Bind the process before it starts (taskset, CPUAffinity=, a cpuset), and start it anew: what has been on a CPU "
	  "stays in the mask until a flush clears it." },
	{ "unexpected", SEVERITY_ERROR, RULE_OF_MM, NEED_ISOLATED | NEED_ACTIVE, MMCPUS_FIELD_ALLOWED, NULL,
	  check_unexpected,
	  "An address space that no policy allows there is active on an isolated CPU where its threads may run.",
	  "If it belongs there, say so with --allow or in a policy file; if not, take the CPU out of its affinity and start "
	  "it anew." },
	{ "stray", SEVERITY_WARNING, RULE_OF_MM, NEED_ACTIVE | ABOUT_INTERRUPTS, MMCPUS_FIELD_ALLOWED, NULL,
	  check_stray, "An address space is active on a CPU, not an isolated one, where none of its threads may run.",
	  "Bind the process before it starts instead of afterwards, or start it anew; the bit can cost an interrupt with "
	  "each flush, but is no sign of a fault." },
	{ "stale", SEVERITY_WARNING, RULE_OF_MM, NEED_ISOLATED | NEED_ACTIVE | ABOUT_INTERRUPTS, MMCPUS_FIELD_RESIDENCY,
	  NULL, check_stale,
	  "An address space is still in the mask of an isolated CPU that no longer has it loaded: its next flush may interrupt "
	  "that CPU for nothing, at most once a second.",
	  "Keep the process off that CPU from its start; for one that has been there nothing needs to be done, since the first "
	  "flush that is due takes the bit away." },
	{ "numa-balancing", SEVERITY_WARNING, RULE_OF_MM, NEED_NODES, MMCPUS_FIELD_ALLOWED, prepare_numa_balancing,
	  check_numa_balancing,
	  "Automatic NUMA balancing unmaps pages of an address space again and again, with a flush each time, although its "
	  "threads are bound to nodes and cannot be moved between them.",
	  "Switch it off with sysctl kernel.numa_balancing=0 where workloads are bound, or lift the binding." },
	{ "split-threads", SEVERITY_WARNING, RULE_OF_MM, NEED_NODES, MMCPUS_FIELD_ALLOWED | MMCPUS_FIELD_THREADS, NULL,
	  check_split_threads,
	  "Threads of one address space are bound to NUMA nodes that have nothing in common, so that what they share is "
	  "remote for some of them and each flush crosses nodes.",
	  "Bind all threads of a process to the same nodes, or run a process for each node." },
	{ "remote-memory", SEVERITY_WARNING, RULE_OF_MM, NEED_NODES | NEED_ACTIVE, 0, NULL, check_remote_memory,
	  "An address space with 16 MiB of resident memory or more is active on CPUs whose NUMA node has less "
	  "than " MEMORY_REMOTE_TEXT " (--remote-below) of it.",
	  "Bind threads and memory to the same node (numactl, AllowedCPUs= and AllowedMemoryNodes= of a unit), or bring the "
	  "memory there with migratepages." },
	{ "far-memory", SEVERITY_WARNING, RULE_OF_MM, NEED_NODES, MMCPUS_FIELD_ALLOWED, NULL, check_far_memory,
	  "An address space with 16 MiB of resident memory or more has " MEMORY_REMOTE_TEXT
	  " (--remote-below) of it or more on a NUMA node where none of its threads may run.",
	  "Bring it to a node of its threads with migratepages, and bind memory and threads together before the process "
	  "starts." },
	{ "shootdown", SEVERITY_ERROR, RULE_OF_SYSTEM, NEED_WATCH | NEED_ISOLATED, 0, prepare_shootdown,
	  check_shootdown, "An isolated CPU was interrupted to flush its TLB while it was watched (--window).",
	  "Look with mmcpus shootdowns -C at who does it and why; keep its memory as it is while it matters: map and touch "
	  "all of it before, and unmap nothing." },
	{ "cross-call", SEVERITY_ERROR, RULE_OF_SYSTEM, NEED_WATCH | NEED_ISOLATED, 0, prepare_cross_call,
	  check_cross_call,
	  "An isolated CPU was asked to run a function of the kernel, other than to flush its TLB or to wake a task there, while "
	  "it was watched (--window).",
	  "Look with mmcpus shootdowns --all-ipis --by stack at who calls and why, and keep it from doing so while it "
	  "matters, such as membarrier, loading of modules and BPF programs, perf, changes of frequency and microcode." },
	{ "thp-collapse", SEVERITY_WARNING, RULE_OF_SYSTEM, NEED_ISOLATED, 0, prepare_thp_collapse, check_thp_collapse,
	  "khugepaged collapses pages into huge ones, and interrupts all CPUs for each, isolated or not.",
	  "Write never to /sys/kernel/mm/transparent_hugepage/enabled and shmem_enabled, or boot with "
	  "transparent_hugepage=never." },
	{ "ksm", SEVERITY_WARNING, RULE_OF_SYSTEM, NEED_ISOLATED, 0, prepare_ksm, check_ksm,
	  "ksmd merges equal pages, and flushes the address spaces that have them on every CPU they are active on, isolated "
	  "or not.",
	  "Write 2 to /sys/kernel/mm/ksm/run, which also separates what has been merged." },
	{ "moot", SEVERITY_INFO, RULE_OF_FINDING, 0, 0, NULL, NULL,
	  "A finding of exposed, stray or stale speaks of an address space whose flushes interrupt nobody (INVLPGB, or the "
	  "hardware broadcasts them): it is shown with the severity info, and is no reason to fail.",
	  "Nothing needs to be done; write ignore moot into a policy to fail all the same." },
};

const size_t nr_rules = sizeof(rules) / sizeof(rules[0]);

const struct rule *rule_find(const char *id)
{
	for (size_t i = 0; i < nr_rules; i++)
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	return NULL;
}

bool rule_is_of_isolation(const struct rule *rule)
{
	return rule->scope == RULE_OF_MM && rule->needs & NEED_ISOLATED;
}

const struct rule *rule_moot(void)
{
	return rule_find("moot");
}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {
		[SEVERITY_ERROR] = "error",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_INFO] = "info",
	};

	return names[severity];
}

void evidence_deinit(struct evidence *evidence)
{
	mmcpus_cpuset_destroy(evidence->cpus);
	mmcpus_cpuset_destroy(evidence->nodes);
	free(evidence->detail);
	*evidence = (struct evidence){ 0 };
}
