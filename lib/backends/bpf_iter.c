// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * For kernels without the open-coded iterator (before 6.7): an iter/task program, which the kernel runs for every
 * thread while its output is read like a file. Loaded by a light skeleton.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../reason.h"
#include "bpf.h"
#include "bpf_seq.h"

#include "task_iter.lskel.h"

struct iter_state {
	const struct mmcpus_system *sys;
	struct task_iter *skel;
};

static int iter_read(void *state, const struct snapshot_request *request, struct mmcpus_snapshot *snap,
		     struct mmcpus_reason *why)
{
	struct iter_state *iter = state;

	return bpf_seq_snapshot(iter->skel->links.iterate_mms_fd, &iter->skel->bss->walk, request, snap, why);
}

static void iter_close(void *state)
{
	struct iter_state *iter = state;

	if (iter->skel)
		task_iter__destroy(iter->skel);
	free(iter);
}

static int load(struct iter_state *iter)
{
	int err;

	iter->skel = task_iter__open();
	if (!iter->skel)
		return -ENOMEM;
	err = task_iter__load(iter->skel);
	if (err)
		return err;
	err = task_iter__attach(iter->skel);
	return err < 0 ? err : 0;
}

static int iter_open(const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why)
{
	struct iter_state *iter;
	int err = bpf_check(sys, why);

	if (err)
		return err;
	iter = calloc(1, sizeof(*iter));
	if (!iter)
		return reason_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	iter->sys = sys;
	err = load(iter);
	if (err)
		bpf_explain_load(
			err, "needs in-kernel relocation of BPF programs (kernel 5.17); bpf:libbpf does without", why);
	else
		err = bpf_seq_check(iter->skel->links.iterate_mms_fd, &iter->skel->bss->walk, sys, why);
	if (err) {
		iter_close(iter);
		return err;
	}
	*ret = iter;
	return 0;
}

const struct backend_ops backend_bpf_iter = {
	.name = "bpf:iter",
	.summary = "bpf, by an iter/task program in a light skeleton",
	.quality = MMCPUS_EXACT,
	.is_live_only = true,
	.cpu_reader = &bpf_cpu_reader,
	.open = iter_open,
	.close = iter_close,
	.read = iter_read,
};
