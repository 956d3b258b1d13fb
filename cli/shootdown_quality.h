/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How good what was counted is: what could not be, and how it compares with the kernel's own counter. */
#ifndef MMCPUS_CLI_SHOOTDOWN_QUALITY_H
#define MMCPUS_CLI_SHOOTDOWN_QUALITY_H

#include <mmcpus/mmcpus.h>

struct json;
struct strbuf;

/* "; not told here: ..." if there is anything. */
void shootdown_quality_add_missing(struct strbuf *text, const struct mmcpus_shootdowns *src);

/* ", as it should be": the growth of the row TLB, which is known. */
void shootdown_quality_add_tlb_row(struct strbuf *text, const struct mmcpus_interval *interval);

/* The same as members of an object that is open. */
void shootdown_quality_write(struct json *json, const struct mmcpus_shootdowns *src,
			     const struct mmcpus_interval *interval);

#endif
