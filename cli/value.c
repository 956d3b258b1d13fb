/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "json.h"
#include "strbuf.h"
#include "xalloc.h"

void value_deinit(struct value *value)
{
	if (!value->is_known)
		return;
	switch (value->type) {
	case VALUE_TEXT:
		free(value->text);
		break;
	case VALUE_SET:
	case VALUE_MASK:
		mmcpus_cpuset_destroy(value->set);
		break;
	case VALUE_PIDS:
		free(value->pids);
		break;
	case VALUE_SLOTS:
		slot_list_deinit(&value->slots);
		break;
	case VALUE_SHARES:
		share_list_deinit(&value->shares);
		break;
	case VALUE_FRAMES:
		frame_list_deinit(&value->frames);
		break;
	case VALUE_HISTOGRAM:
		free(value->buckets);
		break;
	case VALUE_NUMBER:
	case VALUE_BYTES:
	case VALUE_PERCENT:
	case VALUE_RATE:
	case VALUE_ID:
	case VALUE_TRUTH:
		break;
	}
	value->is_known = false;
}

/* --------------------------------------------------------------------------------------------------- comparing -- */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_sets(const struct mmcpus_cpuset *a, const struct mmcpus_cpuset *b)
{
	int order = compare_numbers(mmcpus_cpuset_count(a), mmcpus_cpuset_count(b));
	uint32_t in_a = 0;
	uint32_t in_b = 0;

	for (uint32_t from = 0; !order && mmcpus_cpuset_next(a, from, &in_a) && mmcpus_cpuset_next(b, from, &in_b);
	     from = in_a + 1)
		order = compare_numbers(in_a, in_b);
	return order;
}

static int compare_pids(const struct value *a, const struct value *b)
{
	int order = compare_numbers(a->nr_pids, b->nr_pids);

	for (size_t i = 0; !order && i < a->nr_pids; i++)
		order = (a->pids[i] > b->pids[i]) - (a->pids[i] < b->pids[i]);
	return order;
}

/* By the highest bucket in which they differ. */
static int compare_histograms(const struct value *a, const struct value *b)
{
	int order = compare_numbers(a->nr_buckets, b->nr_buckets);

	for (size_t i = a->nr_buckets; !order && i > 0; i--)
		order = compare_numbers(a->buckets[i - 1], b->buckets[i - 1]);
	return order;
}

int value_compare(const struct value *a, const struct value *b)
{
	if (!a->is_known || !b->is_known)
		return a->is_known - b->is_known;
	switch (a->type) {
	case VALUE_TRUTH:
		return a->truth - b->truth;
	case VALUE_TEXT:
		return strcmp(a->text, b->text);
	case VALUE_SET:
	case VALUE_MASK:
		return compare_sets(a->set, b->set);
	case VALUE_PIDS:
		return compare_pids(a, b);
	case VALUE_SLOTS:
		return compare_numbers(a->slots.nr_slots, b->slots.nr_slots);
	case VALUE_SHARES:
		return share_list_compare(&a->shares, &b->shares);
	case VALUE_FRAMES:
		return compare_numbers(a->frames.nr_frames, b->frames.nr_frames);
	case VALUE_HISTOGRAM:
		return compare_histograms(a, b);
	case VALUE_NUMBER:
	case VALUE_BYTES:
	case VALUE_PERCENT:
	case VALUE_RATE:
	case VALUE_ID:
		break;
	}
	return compare_numbers(a->number, b->number);
}

/* ---------------------------------------------------------------------------------------------------- printing -- */

/* As lsblk: "512B", "64K", "12.3M". One decimal, rounded, left out if it is 0. */
static char *bytes_text(uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	double size = (double)bytes;
	size_t unit = 0;
	unsigned tenths;

	for (; size >= 1023.95 && units[unit + 1]; unit++)
		size /= 1024;
	tenths = (unsigned)(size * 10 + 0.5);
	if (tenths % 10)
		return xasprintf("%u.%u%c", tenths / 10, tenths % 10, units[unit]);
	return xasprintf("%u%c", tenths / 10, units[unit]);
}

/* "5%", "0.31%" */
static char *percent_text(uint64_t hundredths)
{
	if (hundredths % 100 == 0)
		return xasprintf("%" PRIu64 "%%", hundredths / 100);
	return xasprintf("%" PRIu64 ".%02u%%", hundredths / 100, (unsigned)(hundredths % 100));
}

static char *set_text(const struct mmcpus_cpuset *set,
		      size_t (*format)(const struct mmcpus_cpuset *set, char *buf, size_t size))
{
	size_t size = format(set, NULL, 0) + 1;
	char *text = xcalloc(size, 1);

	format(set, text, size);
	return text;
}

static char *pids_text(const struct value *value)
{
	struct strbuf out = { 0 };

	for (size_t i = 0; i < value->nr_pids; i++)
		strbuf_addf(&out, "%s%" PRId32, i ? "," : "", value->pids[i]);
	return strbuf_take(&out);
}

/* A text that looks like the sign for unknown or for empty is written as a byte, so that it can be told from it. */
static char *safe_text(const char *text)
{
	bool is_sign = strcmp(text, "?") == 0 || strcmp(text, "-") == 0;

	return is_sign ? xasprintf("\\x%02x", (unsigned)text[0]) : escape_text(text);
}

/* A known value; the text is empty if the value is. */
static char *histogram_text(const struct value *value)
{
	struct strbuf out = { 0 };

	for (size_t i = 0; i < value->nr_buckets; i++)
		if (value->buckets[i])
			strbuf_addf(&out, "%s%" PRIu64 ":%" PRIu64, out.length ? "," : "", UINT64_C(1) << i,
				    value->buckets[i]);
	return strbuf_take(&out);
}

/* "0.3", "99.9", "100": whatever there is of it does not look like nothing. */
static char *rate_text(uint64_t thousandths)
{
	uint64_t tenths = (thousandths + 50) / 100;

	if (thousandths && !tenths)
		return xstrdup("<0.1");
	if (tenths && tenths < 1000)
		return xasprintf("%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
	return xasprintf("%" PRIu64, (thousandths + 500) / 1000);
}

static char *known_text(const struct value *value, const struct value_style *style)
{
	switch (value->type) {
	case VALUE_BYTES:
		if (style->has_units)
			return bytes_text(value->number);
		break;
	case VALUE_PERCENT:
		return percent_text(value->number);
	case VALUE_ID:
		return xasprintf("%#" PRIx64, value->number);
	case VALUE_TRUTH:
		return xstrdup(value->truth ? "yes" : "no");
	case VALUE_TEXT:
		return style->is_raw ? xstrdup(value->text) : safe_text(value->text);
	case VALUE_SET:
		return set_text(value->set, mmcpus_cpuset_format_list);
	case VALUE_MASK:
		return set_text(value->set, mmcpus_cpuset_format_mask);
	case VALUE_PIDS:
		return pids_text(value);
	case VALUE_SLOTS:
		return slot_list_text(&value->slots);
	case VALUE_SHARES:
		return share_list_text(&value->shares);
	case VALUE_FRAMES:
		return frame_list_text(&value->frames);
	case VALUE_HISTOGRAM:
		return histogram_text(value);
	case VALUE_RATE:
		return rate_text(value->number);
	case VALUE_NUMBER:
		break;
	}
	return xasprintf("%" PRIu64, value->number);
}

char *value_text(const struct value *value, const struct value_style *style)
{
	char *text;

	if (!value->is_known)
		return xstrdup("?");
	text = known_text(value, style);
	if (text[0])
		return text;
	free(text);
	return xstrdup(style->empty);
}

void value_write_json(const struct value *value, struct json *json, const char *key)
{
	static const struct value_style style = { .is_raw = true, .empty = "" };
	char *text;

	if (!value->is_known) {
		json_null(json, key);
	} else if (value->type == VALUE_NUMBER || value->type == VALUE_BYTES) {
		json_number(json, key, value->number);
	} else if (value->type == VALUE_PERCENT) {
		json_decimal(json, key, value->number, 2);
	} else if (value->type == VALUE_RATE) {
		json_decimal(json, key, value->number, 3);
	} else if (value->type == VALUE_TRUTH) {
		json_bool(json, key, value->truth);
	} else if (value->type == VALUE_PIDS) {
		json_pids(json, key, value->pids, value->nr_pids);
	} else if (value->type == VALUE_SLOTS) {
		slot_list_write_json(&value->slots, json, key);
	} else if (value->type == VALUE_SHARES) {
		share_list_write_json(&value->shares, json, key);
	} else if (value->type == VALUE_FRAMES) {
		frame_list_write_json(&value->frames, json, key);
	} else if (value->type == VALUE_HISTOGRAM) {
		json_histogram(json, key, value->buckets, value->nr_buckets);
	} else {
		text = known_text(value, &style);
		json_string(json, key, text);
		free(text);
	}
}
