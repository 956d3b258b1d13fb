/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One value of a table: a number, a text, a set or a list. Each is known, known to be empty, or unknown; these three
 * look different everywhere, so that what the kernel did not tell can't be mistaken for "nothing".
 *
 *	             in a table   in pairs   in JSON
 *	known        0-3,8        0-3,8      "0-3,8"
 *	empty        -                       "" or []
 *	unknown      ?            ?          null
 */
#ifndef MMCPUS_CLI_VALUE_H
#define MMCPUS_CLI_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mmcpus/mmcpus.h>

#include "frames.h"
#include "shares.h"
#include "slots.h"

struct json;

enum value_type {
	VALUE_NUMBER,
	VALUE_BYTES,   /* a number that people read with a unit */
	VALUE_PERCENT, /* a number of hundredths of a percent */
	VALUE_RATE,    /* in thousandths; with one decimal where that is not much of it */
	VALUE_ID,      /* a number that nobody computes with; a string in JSON, where 64 bits do not fit a number */
	VALUE_TRUTH,   /* yes or no; true or false in JSON */
	VALUE_TEXT,    /* raw bytes, untrusted */
	VALUE_SET,     /* printed in the kernel's list format */
	VALUE_MASK,    /* a set, printed in the kernel's mask format */
	VALUE_PIDS,
	VALUE_SLOTS,
	VALUE_SHARES,    /* of NUMA nodes */
	VALUE_FRAMES,    /* a stack in user space, innermost first */
	VALUE_HISTOGRAM, /* bucket N counts from 2^N on; empty ones are left out: "512:7,1024:2" */
};

struct value {
	enum value_type type;
	bool is_known;
	union {
		uint64_t number;
		bool truth;
		char *text;
		struct mmcpus_cpuset *set;
		struct {
			int32_t *pids;
			size_t nr_pids;
		};
		struct slot_list slots;
		struct share_list shares;
		struct frame_list frames;
		struct {
			uint64_t *buckets;
			size_t nr_buckets; /* at most 64 */
		};
	};
};

void value_deinit(struct value *value);

/*
 * <0, 0, >0. Unknown values are equal. Sets: by the number of members, then by the members from the lowest. Slots and
 * frames: by how many there are.
 */
int value_compare(const struct value *a, const struct value *b);

/* How a reader wants values written as text. */
struct value_style {
	bool is_raw;       /* text as it is: who prints it escapes it */
	bool has_units;    /* 12.3M instead of bytes */
	const char *empty; /* what stands for an empty set, list or text */
};

/* To be freed by the caller. */
char *value_text(const struct value *value, const struct value_style *style);

void value_write_json(const struct value *value, struct json *json, const char *key);

#endif
