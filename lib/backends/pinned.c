// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Backend pinned: what `mmcpus pin` left behind. The kernel runs the pinned program while the file is read, so that who
 * may read the file needs no other permission.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "../backend.h"
#include "../pinned_file.h"
#include "../reason.h"

#define SNAPSHOT_PATH MMCPUS_PIN_DIR "/" PINNED_SNAPSHOT

/* Reads that found the kernel short of memory. */
#define MAX_TRIES 8

static int explain_open(int err, struct mmcpus_reason *why)
{
	if (err == -ENOENT || err == -ENOTDIR) {
		reason_set(why, err, "nothing is pinned in " MMCPUS_PIN_DIR);
		reason_remedy(why, "run mmcpus pin as root");
	} else {
		reason_set(why, err, SNAPSHOT_PATH ": %s", strerror(-err));
		reason_remedy(why, "become a member of the group that mmcpus pin --group names");
	}
	return err;
}

static int open_snapshot(struct mmcpus_reason *why)
{
	int fd = open(SNAPSHOT_PATH, O_RDONLY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return explain_open(-errno, why);
	if (fstatfs(fd, &fs) == 0 && fs.f_type == BPF_FS_MAGIC)
		return fd;
	close(fd);
	return reason_set(why, -EPROTO, SNAPSHOT_PATH " is not on bpffs");
}

/* What stands in the file is used as it is: nothing in it may lead out of the record. */
static void sanitize(struct mmcpus_snapshot *snap, const struct pin_header *header)
{
	const struct mmcpus_system *sys = snap->sys;

	for (uint32_t at = 0; at < snap->recs.used; at = mm_record_place(at + header->record_bytes)) {
		struct mm_record *rec = record_at(&snap->recs, at);

		rec->set_bytes = (uint32_t)cpuset_bytes(sys->nr_cpus);
		rec->comm[sizeof(rec->comm) - 1] = '\0';
		rec->mm_address = 0;
		rec->known &= header->fields;
		rec->flags &= MM_RECORD_HAS_ID | MM_RECORD_KNOWS_ASID | MM_RECORD_GLOBAL_ASID | MM_RECORD_MOVING_ASID;
		for (uint32_t i = 0; i < MM_RECORD_NR_SETS; i++) {
			struct mmcpus_cpuset *set = record_set(rec, i);

			set->nr_cpus = sys->nr_cpus;
			set->words[cpuset_nr_words(sys->nr_cpus) - 1] &= cpuset_last_word(sys->nr_cpus);
		}
	}
}

static int read_once(const struct snapshot_request *request, struct mmcpus_snapshot *snap, struct mmcpus_reason *why)
{
	struct pin_header header;
	int fd = open_snapshot(why);
	int err;

	if (fd < 0)
		return fd;
	err = pinned_read_header(fd, snap->sys, &header, why);
	if (!err) {
		err = records_read(&snap->recs, fd, header.record_bytes);
		if (err)
			reason_set(why, err, SNAPSHOT_PATH ": %s", strerror(-err));
	}
	close(fd);
	if (err)
		return err;
	sanitize(snap, &header);
	snap->is_per_thread = true;
	snap->nr_sets = MM_RECORD_NR_SETS;
	snap->known = request->fields & header.fields;
	return 0;
}

static int pinned_read(void *state, const struct snapshot_request *request, struct mmcpus_snapshot *snap,
		       struct mmcpus_reason *why)
{
	int err = -EAGAIN;

	(void)state;
	for (int i = 0; i < MAX_TRIES && err == -EAGAIN; i++)
		err = read_once(request, snap, why);
	return err;
}

static int pinned_open(const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why)
{
	struct pin_header header;
	int fd = open_snapshot(why);
	int err;

	*ret = NULL;
	if (fd < 0)
		return fd;
	err = pinned_read_header(fd, sys, &header, why);
	close(fd);
	return err;
}

static void pinned_close(void *state)
{
	(void)state;
}

const struct backend_ops backend_pinned = {
	.name = "pinned",
	.summary = "the file that mmcpus pin left in " MMCPUS_PIN_DIR,
	.quality = MMCPUS_EXACT,
	.is_live_only = true,
	.open = pinned_open,
	.close = pinned_close,
	.read = pinned_read,
};
