// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "proc_stat.h"
#include "system.h"

int process_read_start(const struct root *root, int32_t pid, uint64_t *ret_ns)
{
	uint64_t ns_per_tick = UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK);
	struct text text = { 0 };
	struct proc_stat stat = { 0 };
	char path[32];
	int err;

	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	err = root_read(root, path, &text);
	if (err == -ENOENT || err == -EPERM || err == -EACCES)
		err = -ESRCH;
	if (!err)
		err = proc_stat_parse(text.data, &stat);
	if (!err && stat.start_ticks > UINT64_MAX / ns_per_tick)
		err = -EBADMSG;
	if (!err)
		*ret_ns = stat.start_ticks * ns_per_tick;
	text_deinit(&text);
	return err;
}

int mmcpus_process_start_ns(const struct mmcpus_system *sys, int32_t pid, uint64_t *ret)
{
	return process_read_start(&sys->root, pid, ret);
}
