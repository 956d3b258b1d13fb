/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unknowns.h"

#include <stdlib.h>
#include <string.h>

#include "strbuf.h"
#include "xalloc.h"

void unknowns_add(struct unknowns *unknowns, char *why)
{
	unknowns->nr++;
	if (!why)
		return;
	for (size_t i = 0; i < unknowns->nr_reasons; i++) {
		if (strcmp(unknowns->reasons[i].why, why) == 0) {
			unknowns->reasons[i].nr++;
			free(why);
			return;
		}
	}
	unknowns->reasons = xreallocarray(unknowns->reasons, unknowns->nr_reasons + 1, sizeof(unknowns->reasons[0]));
	unknowns->reasons[unknowns->nr_reasons++] = (struct unknown_reason){ why, 1 };
}

void unknowns_deinit(struct unknowns *unknowns)
{
	for (size_t i = 0; i < unknowns->nr_reasons; i++)
		free(unknowns->reasons[i].why);
	free(unknowns->reasons);
	*unknowns = (struct unknowns){ 0 };
}

char *unknowns_text(const struct unknowns *unknowns, size_t nr_all)
{
	struct strbuf text = { 0 };

	strbuf_addf(&text, "not everything is known of %zu of %zu address spaces", unknowns->nr, nr_all);
	for (size_t i = 0; i < unknowns->nr_reasons; i++)
		strbuf_addf(&text, "%s of %zu, %s", i ? ";" : ":", unknowns->reasons[i].nr, unknowns->reasons[i].why);
	return strbuf_take(&text);
}
