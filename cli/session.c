/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <inttypes.h>
#include <stdlib.h>

#include "message.h"
#include "options.h"

int session_open_system(struct session *session, const struct options *opts)
{
	struct mmcpus_reason why;
	int err = mmcpus_system_open(opts->root, &session->sys, &why);

	session->src = NULL;
	if (err)
		complain_reason(&why);
	return err;
}

int session_open(struct session *session, const struct options *opts)
{
	struct mmcpus_reason why;
	int err = session_open_system(session, opts);

	if (err)
		return err;
	err = mmcpus_source_open(session->sys, opts->backend, &session->src, &why);
	if (!err)
		return 0;
	complain_reason(&why);
	mmcpus_system_close(session->sys);
	return err;
}

void session_close(struct session *session)
{
	mmcpus_source_close(session->src);
	mmcpus_system_close(session->sys);
}

/* One line says it all: who answers, how well, and why no better one does. */
static bool remark_fallback(const struct session *session, bool is_estimate)
{
	struct mmcpus_reason why;
	char *text;

	if (!mmcpus_source_fallback(session->src, &why))
		return false;
	text = reason_text(&why);
	complain("using backend %s%s: %s", mmcpus_source_backend(session->src), is_estimate ? ", an estimate" : "",
		 text);
	free(text);
	return true;
}

bool session_remark(const struct session *session, const struct options *opts, bool has_active)
{
	bool is_estimate = has_active && mmcpus_source_quality(session->src) == MMCPUS_ESTIMATE;
	struct mmcpus_reason why;
	bool has_spoken;

	if (opts->quiet)
		return true;
	has_spoken = remark_fallback(session, is_estimate);
	if (!has_spoken && is_estimate) /* which says nothing of columns that are unknown */
		complain("ACTIVE is an estimate: the last CPU of each thread, not the kernel's mask");
	if (mmcpus_source_is_restricted(session->src, &why))
		complain_reason(&why);
	return has_spoken;
}

void session_remark_dropped(const struct mmcpus_snapshot *snap)
{
	uint64_t nr = mmcpus_snapshot_dropped(snap);

	if (nr)
		complain("left out %" PRIu64 " %s, whose mask could not be read or changed hands meanwhile", nr,
			 nr == 1 ? "process" : "processes");
}

bool session_has_active(const struct mmcpus_snapshot *snap)
{
	return mmcpus_snapshot_count(snap) == 0 || mmcpus_mm_active(snap, mmcpus_snapshot_mm(snap, 0));
}

void session_complain_no_mask(void)
{
	complain("the mask is not maintained on this architecture: ACTIVE is unknown");
}
