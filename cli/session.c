/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

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

static void remark_fallback(const struct session *session)
{
	struct mmcpus_reason why;
	char *text;

	if (!mmcpus_source_fallback(session->src, &why))
		return;
	text = reason_text(&why);
	complain("using backend %s: %s", mmcpus_source_backend(session->src), text);
	free(text);
}

void session_remark(const struct session *session, const struct options *opts, bool has_active)
{
	struct mmcpus_reason why;

	if (opts->quiet)
		return;
	remark_fallback(session);
	if (has_active && mmcpus_source_quality(session->src) == MMCPUS_ESTIMATE)
		complain("ACTIVE is an estimate: the last CPU of each thread, not the kernel's mask");
	if (mmcpus_source_is_restricted(session->src, &why))
		complain_reason(&why);
}

bool session_has_active(const struct mmcpus_snapshot *snap)
{
	return mmcpus_snapshot_count(snap) == 0 || mmcpus_mm_active(snap, mmcpus_snapshot_mm(snap, 0));
}

void session_complain_no_mask(void)
{
	complain("the mask is not maintained on this architecture: ACTIVE is unknown");
}
