/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine and the backend that a command works on, as its options want them. */
#ifndef MMCPUS_CLI_SESSION_H
#define MMCPUS_CLI_SESSION_H

#include <mmcpus/mmcpus.h>

struct options;

struct session {
	struct mmcpus_system *sys;
	struct mmcpus_source *src;
};

/* 0, or -errno after a message. */
int session_open(struct session *session, const struct options *opts);
/* The machine only: what does not depend on any process. */
int session_open_system(struct session *session, const struct options *opts);
void session_close(struct session *session);

/* Does the snapshot tell ACTIVE? Not where the architecture does not maintain the mask. */
bool session_has_active(const struct mmcpus_snapshot *snap);
void session_complain_no_mask(void);

/*
 * Remarks on stderr, unless --quiet: another backend than the best, processes that can't be seen, and, if there are
 * ACTIVE sets at all, that they are estimates. True if the reader knows now why there is no better answer, or does not
 * want to.
 */
bool session_remark(const struct session *session, const struct options *opts, bool has_active);

/* Remark on processes that are not in the snapshot though they should be. */
void session_remark_dropped(const struct mmcpus_snapshot *snap);

#endif
