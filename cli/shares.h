/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How something is spread over NUMA nodes, as a value of a table. */
#ifndef MMCPUS_CLI_SHARES_H
#define MMCPUS_CLI_SHARES_H

#include <stddef.h>
#include <stdint.h>

#include <mmcpus/mmcpus.h>

struct json;

struct node_share {
	uint32_t node;
	struct mmcpus_share share;
};

/* By node, ascending. Zero-initialized it is empty. */
struct share_list {
	struct node_share *shares;
	size_t nr_shares;
};

void share_list_add(struct share_list *list, const struct node_share *share);
void share_list_deinit(struct share_list *list);

/* By the first node that they do not have in common, or of which the one has more. */
int share_list_compare(const struct share_list *a, const struct share_list *b);

/* "0:97% 1:3%". To be freed by the caller. */
char *share_list_text(const struct share_list *list);

/* An array of objects: node; share, low and high in percent. */
void share_list_write_json(const struct share_list *list, struct json *json, const char *key);

#endif
