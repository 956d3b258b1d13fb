/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside of a source of shootdowns: for tests, which have a tracer of their own. */
#ifndef MMCPUS_LIB_SHOOTDOWNS_H
#define MMCPUS_LIB_SHOOTDOWNS_H

#include "tracer.h"

/* As mmcpus_shootdowns_open_with(), with a tracer that is named. */
int shootdowns_open_with(const struct tracer_ops *ops, const struct mmcpus_system *sys, enum mmcpus_shootdowns_by by,
			 unsigned extras, const struct mmcpus_cpuset *cpus, struct mmcpus_shootdowns **ret,
			 struct mmcpus_reason *why);

/* As mmcpus_shootdowns_probe_hook(), with a tracer that is named, and on any system. */
int shootdowns_probe_hook_with(const struct tracer_ops *ops, const struct mmcpus_system *sys,
			       const struct mmcpus_reason *why_not_open, size_t index, struct mmcpus_hook *ret);

/* As mmcpus_shootdowns_collect(), at that time of the monotonic clock. */
int shootdowns_collect_at(struct mmcpus_shootdowns *src, uint64_t time_ns);

#endif
