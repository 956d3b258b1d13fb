/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nodes.h"

#include "xalloc.h"

/* Node numbers stay below the kernel's largest MAX_NUMNODES. */
#define NODES_MAX 1024

struct mmcpus_cpuset *nodes_create(void)
{
	return xcheck(mmcpus_cpuset_create(NODES_MAX));
}
