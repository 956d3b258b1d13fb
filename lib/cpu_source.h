/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What CPUs hold, for a source: opened when it is asked for first, and why it is not known. */
#ifndef MMCPUS_LIB_CPU_SOURCE_H
#define MMCPUS_LIB_CPU_SOURCE_H

#include "backend.h"

/* Zero-initialized it has not been tried. */
struct cpu_source {
	bool has_tried;
	bool is_open;
	void *state;
	int err;                  /* it can't be opened, or the last read failed … */
	struct mmcpus_reason why; /* … and why */
};

/*
 * Tries it once: 0, or the same -errno again and again. why_not_better: the backend is only the next best, and this is why
 * the best one, which looks at CPUs, was not to be had; NULL: it was.
 */
int cpu_source_open(struct cpu_source *cpus, const struct backend_ops *ops, const struct mmcpus_system *sys,
		    const struct mmcpus_reason *why_not_better);
void cpu_source_close(struct cpu_source *cpus, const struct backend_ops *ops);

/* Of one that is open: a record for each CPU. The next read may do better. */
int cpu_source_read(struct cpu_source *cpus, const struct backend_ops *ops, const struct cpu_record **ret);

#endif
