// SPDX-License-Identifier: LGPL-2.1-or-later
/* What grows as long as the machine runs: time, the kernel's own counter, what was lost, and what it cost. */
#include "shootdown_source.h"

#include "clock.h"

bool shootdowns_read_tlb_row(const struct mmcpus_shootdowns *src, const struct mmcpus_cpuset *cpus,
			     struct interrupts_row *ret)
{
	struct line_reader lines;
	int fd = root_open_file(&src->sys->root, "proc/interrupts");
	int err = fd < 0 ? fd : line_reader_init(&lines, fd, INTERRUPTS_LINE_MAX);

	if (err)
		return false;
	err = interrupts_sum(&lines, "TLB", cpus, ret);
	line_reader_deinit(&lines);
	return err == 0;
}

uint64_t shootdowns_nr_dropped(const struct mmcpus_shootdowns *src)
{
	return __atomic_load_n(&src->shared.control->nr_dropped, __ATOMIC_RELAXED);
}

void shootdowns_read_totals(const struct mmcpus_shootdowns *src, struct shootdown_totals *ret)
{
	*ret = (struct shootdown_totals){ .time_ns = clock_ns(CLOCK_MONOTONIC),
					  .nr_dropped = shootdowns_nr_dropped(src) };
	ret->knows_tlb_row = shootdowns_read_tlb_row(src, src->cpus, &ret->tlb_row);
	ret->knows_cost = src->ops->cost(src->state, &ret->cost) == 0;
}
