/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <inttypes.h>
#include <stdlib.h>

#include "escape.h"

#define JSON_INDENT 3 /* as libsmartcols, that is lsblk and others */

void json_init(struct json *json, FILE *out)
{
	*json = (struct json){ .out = out };
}

void json_init_line(struct json *json, FILE *out)
{
	*json = (struct json){ .out = out, .is_line = true };
}

static void start_line(const struct json *json)
{
	if (json->is_line)
		return;
	fprintf(json->out, "\n%*s", (int)json->depth * JSON_INDENT, "");
}

static void start_member(struct json *json, const char *key)
{
	if (json->has_members)
		fputs(json->is_line ? ", " : ",", json->out);
	if (json->depth)
		start_line(json);
	if (key)
		fprintf(json->out, "\"%s\": ", key);
	json->has_members = true;
}

static void open_with(struct json *json, const char *key, char opener, char closer)
{
	start_member(json, key);
	fputc(opener, json->out);
	json->closers[json->depth++] = closer;
	json->has_members = false;
}

void json_open_object(struct json *json, const char *key)
{
	open_with(json, key, '{', '}');
}

void json_open_array(struct json *json, const char *key)
{
	open_with(json, key, '[', ']');
}

void json_close(struct json *json)
{
	json->depth--;
	if (json->has_members)
		start_line(json);
	fputc(json->closers[json->depth], json->out);
	json->has_members = true;
	if (json->depth == 0)
		fputc('\n', json->out);
}

void json_string(struct json *json, const char *key, const char *raw)
{
	char *escaped;

	if (!raw) {
		json_null(json, key);
		return;
	}
	escaped = escape_json(raw);
	start_member(json, key);
	fprintf(json->out, "\"%s\"", escaped);
	free(escaped);
}

void json_number(struct json *json, const char *key, uint64_t number)
{
	start_member(json, key);
	fprintf(json->out, "%" PRIu64, number);
}

void json_decimal(struct json *json, const char *key, uint64_t number, int nr_decimals)
{
	uint64_t unit = 1;

	for (int i = 0; i < nr_decimals; i++)
		unit *= 10;
	start_member(json, key);
	fprintf(json->out, "%" PRIu64 ".%0*" PRIu64, number / unit, nr_decimals, number % unit);
}

void json_bool(struct json *json, const char *key, bool truth)
{
	start_member(json, key);
	fputs(truth ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key)
{
	start_member(json, key);
	fputs("null", json->out);
}

void json_pids(struct json *json, const char *key, const int32_t *pids, size_t nr_pids)
{
	start_member(json, key);
	fputc('[', json->out);
	for (size_t i = 0; i < nr_pids; i++)
		fprintf(json->out, "%s%" PRId32, i ? ", " : "", pids[i]);
	fputc(']', json->out);
}

void json_histogram(struct json *json, const char *key, const uint64_t *buckets, size_t nr_buckets)
{
	const char *separator = "";

	start_member(json, key);
	fputc('{', json->out);
	for (size_t i = 0; i < nr_buckets; i++) {
		if (!buckets[i])
			continue;
		fprintf(json->out, "%s\"%" PRIu64 "\": %" PRIu64, separator, UINT64_C(1) << i, buckets[i]);
		separator = ", ";
	}
	fputc('}', json->out);
}
