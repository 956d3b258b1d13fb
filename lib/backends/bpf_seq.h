/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a snapshot from the iter/task program, however it was loaded. */
#ifndef MMCPUS_LIB_BACKENDS_BPF_SEQ_H
#define MMCPUS_LIB_BACKENDS_BPF_SEQ_H

#include "../backend.h"

/* As backend_ops.read(), for the program behind a link and its variables. */
int bpf_seq_snapshot(int link_fd, struct mm_walk *walk, const struct snapshot_request *request,
		     struct mmcpus_snapshot *snap, struct mmcpus_reason *why);

/* Run it once for nothing, to see whether it knows this kernel. */
int bpf_seq_check(int link_fd, struct mm_walk *walk, const struct mmcpus_system *sys, struct mmcpus_reason *why);

#endif
