/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the ways to run BPF programs have in common. */
#ifndef MMCPUS_LIB_BACKENDS_BPF_H
#define MMCPUS_LIB_BACKENDS_BPF_H

#include "../backend.h"

extern const struct backend_ops backend_bpf_walk;
extern const struct backend_ops backend_bpf_iter;
extern const struct backend_ops backend_bpf_libbpf;

extern const struct cpu_reader_ops bpf_cpu_reader;

/* Can this process use BPF on this kernel at all? Looks at what is cheap to see, before anything is loaded. */
int bpf_check(const struct mmcpus_system *sys, struct mmcpus_reason *why);

/* What a failed load means: the error again, and why. needs: the kernel feature that this way depends on. */
int bpf_explain_load(int err, const char *needs, struct mmcpus_reason *why);

/*
 * Are programs by fentry run? With ftrace switched off, the kernel takes them and attaches them all the same, and then calls
 * none of them.
 */
bool bpf_runs_fentry(const struct mmcpus_system *sys);

/* Why the kernel refuses fentry of a function of its own, and what that needs, as far as the machine does not have it. */
void bpf_explain_fentry(int err, const struct mmcpus_system *sys, struct mmcpus_reason *why);

/* Fill in what is asked of the programs. */
void bpf_request_walk(struct mm_walk *walk, const struct mmcpus_system *sys, const struct snapshot_request *request);

/* What the programs say of the kernel they found: 0, or -EOPNOTSUPP and why. */
int bpf_check_layout(const struct mm_walk *walk, struct mmcpus_reason *why);

#endif
