// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cpu_source.h"

#include <errno.h>

#include "reason.h"

static int open_reader(struct cpu_source *cpus, const struct backend_ops *ops, const struct mmcpus_system *sys,
		       const struct mmcpus_reason *why_not_better)
{
	if (ops->cpu_reader)
		return ops->cpu_reader->open(sys, &cpus->state, &cpus->why);
	if (!sys->root.is_live)
		return reason_set(&cpus->why, -EOPNOTSUPP, "of a captured machine it is not known what its CPUs held");
	reason_set(&cpus->why, -EOPNOTSUPP, "backend %s does not look at what CPUs hold%s%s", ops->name,
		   why_not_better ? ": " : "", why_not_better ? why_not_better->what : "");
	reason_remedy(&cpus->why, "%s", why_not_better ? why_not_better->remedy : "use backend bpf");
	return -EOPNOTSUPP;
}

int cpu_source_open(struct cpu_source *cpus, const struct backend_ops *ops, const struct mmcpus_system *sys,
		    const struct mmcpus_reason *why_not_better)
{
	if (!cpus->has_tried) {
		cpus->err = open_reader(cpus, ops, sys, why_not_better);
		cpus->is_open = cpus->err == 0;
	}
	cpus->has_tried = true;
	return cpus->is_open ? 0 : cpus->err;
}

void cpu_source_close(struct cpu_source *cpus, const struct backend_ops *ops)
{
	if (cpus->is_open)
		ops->cpu_reader->close(cpus->state);
	cpus->is_open = false;
}

int cpu_source_read(struct cpu_source *cpus, const struct backend_ops *ops, const struct cpu_record **ret)
{
	cpus->err = ops->cpu_reader->read(cpus->state, ret, &cpus->why);
	return cpus->err;
}
