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

/* What the set knows to say of a column that tells nothing at all. NULL: it does tell, or there is nothing to say. */
static char *own_reason(const struct grid *grid, size_t column, const struct column_set *set,
			const struct session *session)
{
	return set->why_unknown && grid_is_unknown(grid, column) ? set->why_unknown(grid->columns[column], session->sys)
								 : NULL;
}

/* reason: NULL if there is none. It is freed. */
static void complain_unknown(const struct session *session, const char *names, char *reason)
{
	complain("unknown on this machine with backend %s: %s%s%s", mmcpus_source_backend(session->src), names,
		 reason ? ": " : "", reason ? reason : "");
	free(reason);
}

void grid_remark_unknown(const struct grid *grid, const struct column_set *set, const struct session *session)
{
	struct strbuf others = { 0 };
	struct strbuf held = { 0 }; /* those that need what the CPUs hold */
	struct mmcpus_reason why;

	for (size_t i = 0; i < grid->nr_columns; i++) {
		const struct column *column = grid->columns[i];
		struct strbuf *names = column->fields & MMCPUS_FIELD_RESIDENCY ? &held : &others;
		char *reason = own_reason(grid, i, set, session);

		if (reason)
			complain_unknown(session, column->header, reason);
		else if (grid_is_unknown(grid, i))
			strbuf_addf(names, "%s%s", names->length ? ", " : "", column->header);
	}
	if (others.length)
		complain_unknown(session, others.text, NULL);
	if (held.length)
		complain_unknown(session, held.text,
				 mmcpus_source_check_residency(session->src, &why) ? reason_text(&why) : NULL);
	strbuf_deinit(&others);
	strbuf_deinit(&held);
}
