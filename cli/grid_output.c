/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "grid_output.h"

#include <stdlib.h>

#include <mmcpus/mmcpus.h>

#include "columns.h"
#include "grid.h"
#include "message.h"
#include "options.h"
#include "session.h"
#include "strbuf.h"
#include "table.h"

int grid_output(const struct grid *grid, const struct options *opts, const char *name)
{
	const struct table_style style = {
		.is_pairs = opts->pairs,
		.has_header = !opts->noheadings,
		.has_units = !opts->bytes,
	};

	if (opts->json) {
		grid_print_json(grid, name);
		return STATUS_OK;
	}
	if (table_print(grid, &style) == 0)
		return STATUS_OK;
	complain("cannot print the table");
	return STATUS_FAILED;
}

/* Columns that tell nothing at all, and do need what the CPUs hold, or do not. NULL: none. To be freed. */
static char *name_unknown(const struct grid *grid, bool is_residency)
{
	struct strbuf names = { 0 };

	for (size_t i = 0; i < grid->nr_columns; i++) {
		const struct column *column = grid->columns[i];

		if (!(column->fields & MMCPUS_FIELD_RESIDENCY) == !is_residency && grid_is_unknown(grid, i))
			strbuf_addf(&names, "%s%s", names.length ? ", " : "", column->header);
	}
	return names.length ? strbuf_take(&names) : NULL;
}

static void complain_unknown(const struct session *session, const char *names, const struct mmcpus_reason *why)
{
	char *reason = why ? reason_text(why) : NULL;

	complain("unknown on this machine with backend %s: %s%s%s", mmcpus_source_backend(session->src), names,
		 reason ? ": " : "", reason ? reason : "");
	free(reason);
}

void grid_remark_unknown(const struct grid *grid, const struct session *session)
{
	char *others = name_unknown(grid, false);
	char *held = name_unknown(grid, true);
	struct mmcpus_reason why;

	if (others)
		complain_unknown(session, others, NULL);
	if (held)
		complain_unknown(session, held, mmcpus_source_check_residency(session->src, &why) ? &why : NULL);
	free(others);
	free(held);
}
