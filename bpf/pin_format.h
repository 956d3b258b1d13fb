/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * What the pinned file "snapshot" holds: this header, then records of struct mm_record, densely, one for each thread
 * that the reader's pid namespace has, each with MM_RECORD_NR_SETS sets behind it. All in the machine's byte order.
 */
#ifndef MMCPUS_BPF_PIN_FORMAT_H
#define MMCPUS_BPF_PIN_FORMAT_H

#include <stdint.h>

#define PIN_MAGIC 0x6d6d6370u /* "mmcp" */

/* Raised whenever a reader of the old format would misread the new one. */
#define PIN_VERSION 2u

struct pin_header {
	uint32_t magic;
	uint32_t version;
	uint32_t header_bytes; /* the first record is here */
	uint32_t record_bytes; /* distance of records, sets included */
	uint32_t nr_cpus;      /* of each set: nr_cpu_ids of the kernel */
	uint32_t fields;       /* MMCPUS_FIELD_* that records hold */
	uint32_t layout;       /* enum mm_layout; unless it is MM_LAYOUT_OK no record follows */
	uint32_t reserved;
};

_Static_assert(sizeof(struct pin_header) == 32, "part of the contract");

#endif
