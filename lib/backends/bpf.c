// SPDX-License-Identifier: LGPL-2.1-or-later
/* Backend bpf: the mm_cpumask as the kernel holds it, by the best of three ways. */
#include "bpf.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../reason.h"

/* Newer than the headers that some build with. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF     39
#endif

static bool has_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	uint64_t caps;

	if (syscall(SYS_capget, &header, data))
		return true; /* the load will tell */
	caps = data[0].effective | (uint64_t)data[1].effective << 32;
	return caps >> CAP_SYS_ADMIN & 1 || ((caps >> CAP_PERFMON & 1) && (caps >> CAP_BPF & 1));
}

/* The kernel hides bpf_probe_read_kernel() then, and refuses programs that call it with a mere EINVAL. */
static bool is_confidential(const struct mmcpus_system *sys)
{
	const char *lockdown = mmcpus_system_text(sys, MMCPUS_SYSTEM_LOCKDOWN);

	return lockdown && strcmp(lockdown, "confidentiality") == 0;
}

int bpf_check(const struct mmcpus_system *sys, struct mmcpus_reason *why)
{
	if (!has_capabilities()) {
		reason_set(why, -EPERM, "needs root, or the capabilities CAP_BPF and CAP_PERFMON");
		reason_remedy(why, "run with sudo");
		return -EPERM;
	}
	if (is_confidential(sys)) {
		reason_set(why, -EPERM, "the kernel is locked down (confidentiality): BPF may not read its memory");
		reason_remedy(why, "boot with lockdown=integrity, or without lockdown");
		return -EPERM;
	}
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		reason_set(why, -EOPNOTSUPP, "the kernel shows no type information in /sys/kernel/btf/vmlinux");
		reason_remedy(why, "needs a kernel with CONFIG_DEBUG_INFO_BTF=y, and /sys mounted");
		return -EOPNOTSUPP;
	}
	return 0;
}

int bpf_explain_load(int err, const char *needs, struct mmcpus_reason *why)
{
	switch (err) {
	case -EPERM:
	case -EACCES:
		reason_set(why, err, "the kernel refuses to load a BPF program: %s", strerror(-err));
		reason_remedy(why, "a container, a security module or lockdown may forbid it");
		break;
	case -ENOSYS:
		reason_set(why, err, "the kernel has no bpf system call");
		reason_remedy(why, "needs a kernel with CONFIG_BPF_SYSCALL=y");
		break;
	case -ENOMEM:
		reason_set(why, err, "no memory for the BPF program and its map");
		reason_remedy(why, "the memory limit of the control group may be too small");
		break;
	case -EMFILE:
		reason_set(why, err, "too many files are open for the BPF program and its maps");
		reason_remedy(why, "ulimit -n 1024");
		break;
	default:
		reason_set(why, err, "the kernel does not take the program: %s", strerror(-err));
		reason_remedy(why, "%s; lockdown=confidentiality forbids it, too", needs);
	}
	return err;
}

/* Not every kernel has the switch. */
bool bpf_runs_fentry(const struct mmcpus_system *sys)
{
	char line[16];

	return root_read_line(&sys->root, "proc/sys/kernel/ftrace_enabled", line, sizeof(line)) ||
	       strcmp(line, "0") != 0;
}

void bpf_explain_fentry(int err, const struct mmcpus_system *sys, struct mmcpus_reason *why)
{
	static const char needs[] = "needs CONFIG_DEBUG_INFO_BTF=y and CONFIG_FUNCTION_TRACER=y";
	const char *lockdown = mmcpus_system_text(sys, MMCPUS_SYSTEM_LOCKDOWN);

	if (!bpf_runs_fentry(sys)) {
		reason_set(why, err, "the kernel's ftrace is switched off: kernel.ftrace_enabled is 0");
		reason_remedy(why, "sysctl kernel.ftrace_enabled=1");
		return;
	}
	reason_set(why, err, "the kernel refuses it: %s", strerror(-err));
	if (!lockdown)
		reason_remedy(why, "%s, and no lockdown (whether there is one can't be read here)", needs);
	else if (strcmp(lockdown, "none") != 0)
		reason_remedy(why, "%s, and no lockdown: it is %s", needs, lockdown);
	else
		reason_remedy(why, "%s; a container or a security module may forbid it, too", needs);
}

void bpf_request_walk(struct mm_walk *walk, const struct mmcpus_system *sys, const struct snapshot_request *request)
{
	walk->fields = request->fields;
	walk->nr_cpus = sys->nr_cpus;
	walk->nr_words = cpuset_nr_words(sys->nr_cpus);
	walk->nr_sets = record_nr_sets(request->fields);
	walk->last_word = cpuset_last_word(sys->nr_cpus);
	walk->page_bytes = (uint32_t)sysconf(_SC_PAGESIZE);
	walk->step = record_bytes(sys->nr_cpus, walk->nr_sets);
	walk->visit_threads = walk->nr_sets == MM_RECORD_NR_SETS;
	walk->layout = MM_LAYOUT_UNKNOWN;
	walk->dropped = 0;
}

int bpf_check_layout(const struct mm_walk *walk, struct mmcpus_reason *why)
{
	switch (walk->layout) {
	case MM_LAYOUT_OK:
		return 0;
	case MM_LAYOUT_COUNTER_TREE:
		reason_set(why, -EOPNOTSUPP,
			   "this kernel lays out the end of struct mm_struct in an unknown way "
			   "(percpu_counter_tree)");
		break;
	case MM_LAYOUT_NO_MASK:
		reason_set(why, -EOPNOTSUPP, "struct mm_struct has neither cpu_bitmap nor flexible_array");
		break;
	default:
		reason_set(why, -EOPNOTSUPP, "the BPF program did not run");
	}
	reason_remedy(why, "needs a newer mmcpus");
	return -EOPNOTSUPP;
}

/* The ways, fastest first. */
static const struct backend_ops *const ways[] = { &backend_bpf_walk, &backend_bpf_iter, &backend_bpf_libbpf };

struct bpf_state {
	const struct backend_ops *way;
	void *state;
};

/* Open the first way that works; the reason of the last one tells of the least demanding. */
static int bpf_open(const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why)
{
	struct bpf_state *bpf = malloc(sizeof(*bpf));
	int err = -ENOMEM;

	if (!bpf)
		return reason_set(why, err, "%s", strerror(-err));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		bpf->way = ways[i];
		err = bpf->way->open(sys, &bpf->state, why);
		if (!err) {
			*ret = bpf;
			return 0;
		}
		if (err == -EPERM)
			break;
	}
	free(bpf);
	return err;
}

static void bpf_close(void *state)
{
	struct bpf_state *bpf = state;

	bpf->way->close(bpf->state);
	free(bpf);
}

static int bpf_read(void *state, const struct snapshot_request *request, struct mmcpus_snapshot *snap,
		    struct mmcpus_reason *why)
{
	struct bpf_state *bpf = state;

	return bpf->way->read(bpf->state, request, snap, why);
}

const struct backend_ops backend_bpf = {
	.name = "bpf",
	.summary = "mm_cpumask of every mm, read by a BPF program",
	.quality = MMCPUS_EXACT,
	.is_live_only = true,
	.cpu_reader = &bpf_cpu_reader,
	.open = bpf_open,
	.close = bpf_close,
	.read = bpf_read,
};
