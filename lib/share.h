/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which processes share an mm, asked from outside of the kernel. */
#ifndef MMCPUS_LIB_SHARE_H
#define MMCPUS_LIB_SHARE_H

#include "snapshot.h"

/*
 * Compare the mms of all records with kcmp(2) and mark equal ones MM_RECORD_GROUPED. A process that the caller may not
 * compare loses MMCPUS_FIELD_SHARERS. -EOPNOTSUPP: the kernel has no kcmp, or this is a captured machine.
 */
int share_find(struct mmcpus_snapshot *snap);

#endif
