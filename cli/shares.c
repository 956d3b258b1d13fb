/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shares.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "json.h"
#include "strbuf.h"
#include "xalloc.h"

void share_list_add(struct share_list *list, const struct node_share *share)
{
	list->shares = xreallocarray(list->shares, list->nr_shares + 1, sizeof(list->shares[0]));
	list->shares[list->nr_shares++] = *share;
}

void share_list_deinit(struct share_list *list)
{
	free(list->shares);
	*list = (struct share_list){ 0 };
}

int share_list_compare(const struct share_list *a, const struct share_list *b)
{
	for (size_t i = 0; i < a->nr_shares && i < b->nr_shares; i++) {
		const struct node_share *left = &a->shares[i];
		const struct node_share *right = &b->shares[i];

		if (left->node != right->node)
			return left->node < right->node ? -1 : 1;
		if (left->share.share < right->share.share || left->share.share > right->share.share)
			return left->share.share < right->share.share ? -1 : 1;
	}
	return (a->nr_shares > b->nr_shares) - (a->nr_shares < b->nr_shares);
}

/* Neither nothing nor all is claimed of what only comes close to it. */
static void add_text(struct strbuf *text, double share)
{
	double percent = share * 100;

	if (share < 1 && percent >= 99.95)
		strbuf_add(text, ">99.9%");
	else if (share > 0 && percent < 0.05)
		strbuf_add(text, "<0.1%");
	else if (percent >= 0.95 && percent < 99.05)
		strbuf_addf(text, "%.0f%%", percent);
	else
		strbuf_addf(text, share > 0 && share < 1 ? "%.1f%%" : "%.0f%%", percent);
}

char *share_list_text(const struct share_list *list)
{
	struct strbuf text = { 0 };

	for (size_t i = 0; i < list->nr_shares; i++) {
		strbuf_addf(&text, "%s%" PRIu32 ":", i ? " " : "", list->shares[i].node);
		add_text(&text, list->shares[i].share.share);
	}
	return strbuf_take(&text);
}

/* Of a percent. */
#define DECIMALS 4
#define UNITS    1000000

/* As in text: what is not nothing is no 0, and what is not all is no 100. */
static uint64_t nearest(double share)
{
	uint64_t units = (uint64_t)(share * UNITS + 0.5);

	if (share > 0 && units == 0)
		return 1;
	return share < 1 && units >= UNITS ? UNITS - 1 : units;
}

static uint64_t rounded_up(double share)
{
	uint64_t units = (uint64_t)(share * UNITS);

	return (double)units < share * UNITS ? units + 1 : units;
}

/* An interval is not made narrower than it is; what was counted has none. */
static void write_share(const struct node_share *of, struct json *json)
{
	const struct mmcpus_share *share = &of->share;
	bool has_interval = share->low < share->high;
	uint64_t units = nearest(share->share);

	json_open_object(json, NULL);
	json_number(json, "node", of->node);
	json_decimal(json, "share", units, DECIMALS);
	json_decimal(json, "low", has_interval ? (uint64_t)(share->low * UNITS) : units, DECIMALS);
	json_decimal(json, "high", has_interval ? rounded_up(share->high) : units, DECIMALS);
	json_close(json);
}

void share_list_write_json(const struct share_list *list, struct json *json, const char *key)
{
	json_open_array(json, key);
	for (size_t i = 0; i < list->nr_shares; i++)
		write_share(&list->shares[i], json);
	json_close(json);
}
