/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside of a snapshot: the records that a backend delivered, and the index over the address spaces among them. */
#ifndef MMCPUS_LIB_SNAPSHOT_H
#define MMCPUS_LIB_SNAPSHOT_H

#include "records.h"
#include "residency.h"
#include "root.h"
#include <mmcpus/mmcpus.h>

/* An address space, as callers see it, is the record of the process that names it. */
struct mmcpus_mm {
	struct mm_record record;
};

/* A CPU, as callers see it. */
struct mmcpus_cpu {
	struct cpu_record record;
};

/* What is read once for the whole snapshot, so that no record tells whether it is known. */
#define SNAPSHOT_FIELDS ((uint32_t)(MMCPUS_FIELD_RESIDENCY | MMCPUS_FIELD_FLUSH))

struct mm_slot;

struct mmcpus_snapshot {
	const struct mmcpus_system *sys;
	enum mmcpus_quality quality; /* of the ACTIVE sets */
	bool has_active;             /* the architecture keeps bits in the mask */
	uint64_t key[2];             /* of the hash that stands for an mm where the kernel has no number for it */

	/* Set by the backend for each snapshot: */
	uint32_t wanted;    /* fields asked for */
	uint32_t known;     /* of those, what this backend can tell */
	bool is_per_thread; /* records speak of threads: join those of a process */
	uint32_t nr_sets;   /* of each record; a backend may deliver more than the wanted fields need */
	uint64_t dropped;
	struct records recs;
	struct text strings; /* cgroup paths, each NUL-terminated */

	/* Set by the source: */
	struct residency residency;
	enum mmcpus_flush_mode flush_mode; /* of the machine */

	/* Made by snapshot_index(): */
	struct mm_record **mms;
	size_t nr_mms;
	size_t mms_capacity;
	struct mm_slot *slots; /* hash of mm_id */
	size_t nr_slots;
};

void snapshot_init(struct mmcpus_snapshot *snap, const struct mmcpus_system *sys, enum mmcpus_quality quality);
void snapshot_deinit(struct mmcpus_snapshot *snap);

/* Forget the last image before the next one is taken. */
void snapshot_reset(struct mmcpus_snapshot *snap, uint32_t wanted);

/* Find the address spaces in the records: join threads of a process and processes of an mm. */
int snapshot_index(struct mmcpus_snapshot *snap);

/* Keep a string for the life of the image: its offset, or -ENOMEM. */
int64_t snapshot_add_string(struct mmcpus_snapshot *snap, const char *string);

#endif
