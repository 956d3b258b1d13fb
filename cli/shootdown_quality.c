/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shootdown_quality.h"

#include <inttypes.h>
#include <stdbool.h>

#include "json.h"
#include "strbuf.h"

/* The kernel counts, for each CPU, the flushes that it carries out for another: just what a hit is. */
enum tlb_row {
	TLB_ROW_UNKNOWN, /* there is nothing to compare */
	TLB_ROW_SAME,
	TLB_ROW_LESS,    /* by what may have been under way */
	TLB_ROW_UNSOUND, /* by more: it does not count each */
	TLB_ROW_MORE,    /* it counts what was not seen here */
};

/* difference: how much less, or more. */
static enum tlb_row compare_tlb_row(const struct mmcpus_interval *interval, uint64_t *difference)
{
	uint64_t hits;
	uint64_t row;

	if (mmcpus_interval_number(interval, MMCPUS_INTERVAL_TLB_ROW, &row) ||
	    mmcpus_interval_number(interval, MMCPUS_INTERVAL_HITS, &hits) || (!row && !hits))
		return TLB_ROW_UNKNOWN;
	*difference = row > hits ? row - hits : hits - row;
	if (row == hits)
		return TLB_ROW_SAME;
	if (row > hits)
		return TLB_ROW_MORE;
	return mmcpus_interval_tlb_row_is_behind(interval) ? TLB_ROW_UNSOUND : TLB_ROW_LESS;
}

/* Each that was lost is missing here, and not there. */
static bool is_lost(const struct mmcpus_interval *interval, uint64_t nr)
{
	uint64_t nr_lost;

	return mmcpus_interval_number(interval, MMCPUS_INTERVAL_LOST, &nr_lost) == 0 && nr_lost >= nr;
}

void shootdown_quality_add_tlb_row(struct strbuf *text, const struct mmcpus_interval *interval)
{
	uint64_t difference = 0;

	switch (compare_tlb_row(interval, &difference)) {
	case TLB_ROW_UNKNOWN:
		strbuf_add(text, ", with nothing to compare it with");
		break;
	case TLB_ROW_SAME:
		strbuf_add(text, ", as it should be");
		break;
	case TLB_ROW_LESS:
		strbuf_addf(text, ", %" PRIu64 " less than hits: under way", difference);
		break;
	case TLB_ROW_UNSOUND:
		strbuf_addf(text, ", %" PRIu64 " less than hits: not to be trusted here", difference);
		break;
	case TLB_ROW_MORE:
		strbuf_addf(text, ", %" PRIu64 " more than hits: %s", difference,
			    is_lost(interval, difference) ? "so many were lost"
							  : "under way, or of processes hidden from BPF");
	}
}

void shootdown_quality_add_missing(struct strbuf *text, const struct mmcpus_shootdowns *src)
{
	struct mmcpus_missing missing;
	size_t i;

	for (i = 0; mmcpus_shootdowns_missing(src, i, &missing) == 0; i++)
		strbuf_addf(text, "%s%s", i ? ", " : "; not told here: ", missing.what);
	if (i)
		strbuf_add(text, " (--json says why)");
}

/* More hits than it has grown by tell that it does not count each. Fewer may be lost or hidden, and tell nothing. */
static void write_tlb_row(struct json *json, const struct mmcpus_interval *interval)
{
	uint64_t difference;
	enum tlb_row row = compare_tlb_row(interval, &difference);

	if (row == TLB_ROW_SAME || row == TLB_ROW_UNSOUND)
		json_bool(json, "tlb_row_is_sound", row == TLB_ROW_SAME);
	else
		json_null(json, "tlb_row_is_sound");
}

void shootdown_quality_write(struct json *json, const struct mmcpus_shootdowns *src,
			     const struct mmcpus_interval *interval)
{
	struct mmcpus_missing missing;

	write_tlb_row(json, interval);
	json_open_array(json, "not_told");
	for (size_t i = 0; mmcpus_shootdowns_missing(src, i, &missing) == 0; i++) {
		json_open_object(json, NULL);
		json_string(json, "what", missing.what);
		json_string(json, "reason", missing.why.what);
		json_string(json, "remedy", missing.why.remedy[0] ? missing.why.remedy : NULL);
		json_close(json);
	}
	json_close(json);
}
