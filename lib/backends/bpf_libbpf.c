// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * For kernels that cannot relocate BPF programs themselves (before 5.17): the same iter/task program, relocated by
 * libbpf, which reads all of the kernel's type information for it; that takes some 50 ms.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "../reason.h"
#include "bpf.h"
#include "bpf_seq.h"

#include "task_iter.skel.h"

struct libbpf_state {
	struct task_iter_full *skel;
};

static int libbpf_read(void *state, const struct snapshot_request *request, struct mmcpus_snapshot *snap,
		       struct mmcpus_reason *why)
{
	struct libbpf_state *full = state;

	return bpf_seq_snapshot(bpf_link__fd(full->skel->links.iterate_mms), &full->skel->bss->walk, request, snap,
				why);
}

static void libbpf_close(void *state)
{
	struct libbpf_state *full = state;

	task_iter_full__destroy(full->skel);
	free(full);
}

/*
 * libbpf would speak on stderr; the reason that we give is what the caller may print. It has but one switch for the
 * whole process, so that a thread of the caller that uses libbpf at this very moment would be silenced as well.
 */
static int keep_quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int load(struct libbpf_state *full)
{
	/* named, or libbpf looks into the modules' types as well, which takes CAP_SYS_ADMIN */
	const struct bpf_object_open_opts opts = {
		.sz = sizeof(opts),
		.btf_custom_path = "/sys/kernel/btf/vmlinux",
	};
	libbpf_print_fn_t print = libbpf_set_print(keep_quiet);
	int err = -ENOMEM;

	full->skel = task_iter_full__open_opts(&opts);
	if (full->skel) {
		err = task_iter_full__load(full->skel);
		if (!err)
			err = task_iter_full__attach(full->skel);
	}
	libbpf_set_print(print);
	return err;
}

static int libbpf_open(const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why)
{
	struct libbpf_state *full;
	int err = bpf_check(sys, why);

	if (err)
		return err;
	full = calloc(1, sizeof(*full));
	if (!full)
		return reason_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	err = load(full);
	if (err)
		bpf_explain_load(err, "needs BPF iterators over tasks (kernel 5.8)", why);
	else
		err = bpf_seq_check(bpf_link__fd(full->skel->links.iterate_mms), &full->skel->bss->walk, sys, why);
	if (err) {
		libbpf_close(full);
		return err;
	}
	*ret = full;
	return 0;
}

const struct backend_ops backend_bpf_libbpf = {
	.name = "bpf:libbpf",
	.summary = "bpf, by an iter/task program that libbpf loads",
	.quality = MMCPUS_EXACT,
	.is_live_only = true,
	.cpu_reader = &bpf_cpu_reader,
	.open = libbpf_open,
	.close = libbpf_close,
	.read = libbpf_read,
};
