// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What each CPU's MMU holds: a program of its own, which is loaded when it is asked for. It needs no symbol of the
 * kernel: where the per-CPU variables are is told by the kernel's types.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../kernel_types.h"
#include "../percpu_vars.h"
#include "../reason.h"
#include "bpf.h"

#include "cpu_walk.lskel.h"

static const char walk_needs[] = "needs bpf_map_lookup_percpu_elem() (kernel 5.19)";

struct cpus_state {
	const struct mmcpus_system *sys;
	struct cpu_walk_skel *skel;
	struct cpu_record *records; /* the map's memory */
	size_t bytes;
	uint32_t vars[CPU_NR_VARS];
};

static int explain_missing(const struct percpu_var *var, struct mmcpus_reason *why)
{
	reason_set(why, -EOPNOTSUPP, "the kernel's types do not tell where its variable %s is", var->name);
	reason_remedy(why, "needs an x86 kernel whose BTF has the per-CPU variables (pahole 1.16 or later)");
	return -EOPNOTSUPP;
}

static int find_in_types(const struct kernel_types *types, uint32_t *ret, struct mmcpus_reason *why)
{
	struct percpu_var vars[CPU_NR_VARS] = {
		[CPU_VAR_TLBSTATE] = { .name = "cpu_tlbstate" },
		[CPU_VAR_TLBSTATE_SHARED] = { .name = "cpu_tlbstate_shared" },
		[CPU_VAR_RUNQUEUES] = { .name = "runqueues" },
		[CPU_VAR_HRTIMER_BASES] = { .name = "hrtimer_bases" },
	};
	int nr = percpu_vars_find(types->data, types->size, vars, CPU_NR_VARS);

	if (nr < 0)
		return reason_set(why, nr, "/sys/kernel/btf/vmlinux cannot be understood: %s", strerror(-nr));
	for (size_t i = 0; i < CPU_NR_VARS; i++) {
		if (!vars[i].size)
			return explain_missing(&vars[i], why);
		ret[i] = vars[i].offset;
	}
	return 0;
}

static int find_variables(struct cpus_state *cpus, struct mmcpus_reason *why)
{
	struct kernel_types types;
	int err = kernel_types_open(&types, &cpus->sys->root);

	if (err)
		return reason_set(why, err, "/sys/kernel/btf/vmlinux: %s", strerror(-err));
	err = find_in_types(&types, cpus->vars, why);
	kernel_types_close(&types);
	return err;
}

static int load(struct cpus_state *cpus)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *records;
	int err;

	cpus->skel = cpu_walk_skel__open();
	if (!cpus->skel)
		return -ENOMEM;
	cpus->skel->maps.cpus.max_entries = cpus->sys->nr_cpus;
	err = cpu_walk_skel__load(cpus->skel);
	if (err)
		return err;
	cpus->bytes = (cpus->sys->nr_cpus * sizeof(struct cpu_record) + page - 1) / page * page;
	records = mmap(NULL, cpus->bytes, PROT_READ, MAP_SHARED, cpus->skel->maps.cpus.map_fd, 0);
	if (records == MAP_FAILED)
		return -errno;
	cpus->records = records;
	return 0;
}

static int run(struct cpus_state *cpus)
{
	struct cpu_walk *walk = &cpus->skel->bss->cpu_walk;
	union bpf_attr attr;

	walk->nr_cpus = cpus->sys->nr_cpus;
	memcpy(walk->vars, cpus->vars, sizeof(walk->vars));
	walk->layout = CPU_LAYOUT_UNKNOWN;
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)cpus->skel->progs.walk_cpus.prog_fd;
	return syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

/* Every CPU that can exist must have been found where it was looked for: if one was not, none is to be trusted. */
static bool are_all_valid(const struct cpus_state *cpus)
{
	const struct mmcpus_cpuset *possible = cpus->sys->sets[MMCPUS_SYSTEM_POSSIBLE];
	uint32_t nr_valid = cpus->skel->bss->cpu_walk.nr_valid;

	return nr_valid >= (possible ? mmcpus_cpuset_count(possible) : 1);
}

static int check_answer(const struct cpus_state *cpus, struct mmcpus_reason *why)
{
	enum cpu_layout layout = cpus->skel->bss->cpu_walk.layout;

	if (layout == CPU_LAYOUT_OK && !are_all_valid(cpus))
		layout = CPU_LAYOUT_MISMATCH;
	switch (layout) {
	case CPU_LAYOUT_OK:
		return 0;
	case CPU_LAYOUT_FIELDS:
		reason_set(why, -EOPNOTSUPP, "this kernel keeps in other fields what its CPUs have loaded");
		break;
	case CPU_LAYOUT_ANCHOR:
		reason_set(why, -EOPNOTSUPP, "this kernel's per-CPU variables are not to be found");
		break;
	case CPU_LAYOUT_MISMATCH:
		reason_set(why, -EOPNOTSUPP, "this kernel's per-CPU variables are not where its types say");
		break;
	default:
		reason_set(why, -EOPNOTSUPP, "the BPF program did not run");
	}
	reason_remedy(why, "needs a newer mmcpus");
	return -EOPNOTSUPP;
}

static int cpus_read(void *state, const struct cpu_record **ret, struct mmcpus_reason *why)
{
	struct cpus_state *cpus = state;
	int err = run(cpus);

	if (err)
		return reason_set(why, err, "running the BPF program: %s", strerror(-err));
	err = check_answer(cpus, why);
	*ret = err ? NULL : cpus->records;
	return err;
}

static void cpus_close(void *state)
{
	struct cpus_state *cpus = state;

	if (cpus->records)
		munmap(cpus->records, cpus->bytes);
	if (cpus->skel)
		cpu_walk_skel__destroy(cpus->skel);
	free(cpus);
}

/* Run it once for nothing: only then is it known whether it can be used here. */
static int prepare(struct cpus_state *cpus, struct mmcpus_reason *why)
{
	const struct cpu_record *unused;
	int err = find_variables(cpus, why);

	if (err)
		return err;
	err = load(cpus);
	if (err)
		return bpf_explain_load(err, walk_needs, why);
	return cpus_read(cpus, &unused, why);
}

static int cpus_open(const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why)
{
	struct cpus_state *cpus = calloc(1, sizeof(*cpus));
	int err;

	if (!cpus)
		return reason_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	cpus->sys = sys;
	err = prepare(cpus, why);
	if (err) {
		cpus_close(cpus);
		return err;
	}
	*ret = cpus;
	return 0;
}

const struct cpu_reader_ops bpf_cpu_reader = {
	.open = cpus_open,
	.close = cpus_close,
	.read = cpus_read,
};
