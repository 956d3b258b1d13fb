// SPDX-License-Identifier: LGPL-2.1-or-later
#include "pinned_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../bpf/mm_record.h"
#include "reason.h"
#include "records.h"
#include "system.h"

static int read_whole(int fd, void *buf, size_t size)
{
	size_t filled = 0;

	while (filled < size) {
		ssize_t got = read(fd, (char *)buf + filled, size - filled);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			return -EPROTO;
		if (got > 0)
			filled += (size_t)got;
	}
	return 0;
}

static int fail_version(struct mmcpus_reason *why, const char *what)
{
	reason_set(why, -EPROTO, "%s", what);
	reason_remedy(why, "run mmcpus pin again");
	return -EPROTO;
}

int pinned_read_header(int fd, const struct mmcpus_system *sys, struct pin_header *ret, struct mmcpus_reason *why)
{
	int err = read_whole(fd, ret, sizeof(*ret));

	if (err == -EPROTO || (!err && (ret->magic != PIN_MAGIC || ret->header_bytes != sizeof(*ret))))
		return fail_version(why, "the pinned file is not one of mmcpus");
	if (err)
		return reason_set(why, err, "reading the pinned file: %s", strerror(-err));
	if (ret->version != PIN_VERSION)
		return fail_version(why, "the file was pinned by another version of mmcpus");
	if (ret->layout != MM_LAYOUT_OK)
		return fail_version(why, "the pinned program does not know this kernel's struct mm_struct");
	if (ret->nr_cpus != sys->nr_cpus || ret->record_bytes != record_bytes(sys->nr_cpus, MM_RECORD_NR_SETS))
		return fail_version(why, "the pinned file has sets for another number of CPUs");
	return 0;
}
