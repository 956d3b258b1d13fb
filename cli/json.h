/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A JSON writer, pretty-printed. libsmartcols has one, but it writes flat tables only and takes an empty string for
 * null, so that a set known to be empty could not be told from one that is unknown.
 *
 * The key is NULL for the outermost value and inside arrays.
 */
#ifndef MMCPUS_CLI_JSON_H
#define MMCPUS_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 8

struct json {
	FILE *out;
	unsigned depth;
	bool has_members; /* of what is open, one is written */
	bool is_line;     /* the whole document is one line */
	char closers[JSON_DEPTH_MAX];
};

void json_init(struct json *json, FILE *out);

/* The same for a document of one line. */
void json_init_line(struct json *json, FILE *out);

void json_open_object(struct json *json, const char *key);
void json_open_array(struct json *json, const char *key);
/* Close the object or array that was opened last; the outermost ends the document with a line end. */
void json_close(struct json *json);

void json_string(struct json *json, const char *key, const char *raw); /* raw bytes; NULL: null */
void json_number(struct json *json, const char *key, uint64_t number);
void json_decimal(struct json *json, const char *key, uint64_t number, int nr_decimals); /* 205, 2 is 2.05 */
void json_bool(struct json *json, const char *key, bool truth);
void json_null(struct json *json, const char *key);
void json_pids(struct json *json, const char *key, const int32_t *pids, size_t nr_pids);
/* An object of the buckets that are not empty, by what they count from: {"512": 7, "1024": 2}. */
void json_histogram(struct json *json, const char *key, const uint64_t *buckets, size_t nr_buckets);

#endif
