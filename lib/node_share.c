// SPDX-License-Identifier: LGPL-2.1-or-later
#include "node_share.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* 97.5 % of the normal distribution are below. */
#define Z 1.959964

/* The same of Student's t distribution: the expansion of Cornish and Fisher around Z. Few clusters vary by chance. */
static double t_quantile(double freedom)
{
	return Z + (2.37227 + (2.82250 + 2.55585 / freedom) / freedom) / freedom;
}

/* nr: of independent answers; it need not be a whole number. */
static struct mmcpus_share wilson(double share, double nr, double quantile)
{
	double q = quantile * quantile / nr;
	double middle = (share + q / 2) / (1 + q);
	double half = sqrt(q * share * (1 - share) + q * q / 4) / (1 + q);

	return (struct mmcpus_share){
		.share = share,
		.low = share > 0 ? fmax(0, fmin(middle - half, share)) : 0,
		.high = share < 1 ? fmin(1, fmax(middle + half, share)) : 1,
	};
}

/* Who has asked a good part of all pages knows more than who has asked as many of countless ones. */
static struct mmcpus_share share_of_simple(const struct page_sample *sample, double share)
{
	double left = (double)(sample->nr_pages - sample->nr_asked);

	if (left <= 0)
		return (struct mmcpus_share){ share, share, share };
	return wilson(share, (double)sample->nr_answers * (double)(sample->nr_pages - 1) / left, Z);
}

/* In each cluster: answers, and those that name the node. */
struct tally {
	uint32_t nr;
	uint32_t nr_there;
};

/* How many answers of independent pages would vary as the share does from cluster to cluster; 0: there is no telling. */
static double effective_answers(const struct page_sample *sample, const struct tally *tallies, double share,
				double *ret_quantile)
{
	double nr_answers = (double)sample->nr_answers;
	double squares = 0;
	double nr_used = 0;
	double variance;

	for (uint32_t i = 0; i < sample->nr_clusters; i++) {
		double off = tallies[i].nr_there - share * tallies[i].nr;

		nr_used += tallies[i].nr > 0;
		squares += off * off;
	}
	if (nr_used < 2)
		return 0;
	*ret_quantile = t_quantile(nr_used - 1);
	variance = squares / (nr_answers * nr_answers) * nr_used / (nr_used - 1) *
		   (1 - sample->nr_clusters / (double)sample->all_clusters);
	/* All the same: what one cluster says the rest of it says, too, so that each counts once. */
	if (share <= 0 || share >= 1)
		return nr_used;
	return variance * nr_answers > share * (1 - share) ? share * (1 - share) / variance : nr_answers;
}

static int share_of_clusters(const struct page_sample *sample, uint32_t node, double share, struct mmcpus_share *ret)
{
	struct tally *tallies = calloc(sample->nr_clusters, sizeof(*tallies));
	double quantile = Z;
	double nr;

	if (!tallies)
		return -ENOMEM;
	for (size_t i = 0; i < sample->nr_answers; i++) {
		struct tally *tally = &tallies[sample->answers[i].cluster];

		tally->nr++;
		tally->nr_there += sample->answers[i].node == node;
	}
	nr = effective_answers(sample, tallies, share, &quantile);
	free(tallies);
	*ret = nr > 0 ? wilson(share, nr, quantile) : (struct mmcpus_share){ share, 0, 1 };
	return 0;
}

int node_share_estimate(const struct page_sample *sample, uint32_t node, struct mmcpus_share *ret)
{
	size_t nr_there = 0;
	double share;

	if (sample->nr_answers == 0) {
		*ret = (struct mmcpus_share){ 0, 0, 1 };
		return 0;
	}
	for (size_t i = 0; i < sample->nr_answers; i++)
		nr_there += sample->answers[i].node == node;
	share = (double)nr_there / (double)sample->nr_answers;
	if (sample->nr_clusters)
		return share_of_clusters(sample, node, share, ret);
	*ret = share_of_simple(sample, share);
	return 0;
}

/* ------------------------------------------------------------------------------------------------------- in parts -- */

/* How far the truth may be below the share, and how far above. */
struct distance {
	double below;
	double above;
};

/* By how much chance may have put the share of a part off, and by how much what the sample has not met. */
struct part_estimate {
	double share;
	struct distance chance;
	struct distance unknown;
};

/* The part of the pages that the sample speaks for. */
static double part_met(const struct page_part *part)
{
	double met = (double)part->nr_guessed / (double)part->nr_resident;

	if (part->sample.nr_answers == 0)
		return 0;
	return part->nr_guessed && met < 0.5 ? met : 1;
}

/* share: what to take for it if nobody has answered. */
static int estimate_part(const struct page_part *part, uint32_t node, double share, struct part_estimate *ret)
{
	double met = part_met(part);
	struct mmcpus_share answered = { share, share, share };
	int err = part->sample.nr_answers ? node_share_estimate(&part->sample, node, &answered) : 0;

	*ret = (struct part_estimate){
		.share = answered.share,
		.chance = { met * (answered.share - answered.low), met * (answered.high - answered.share) },
		.unknown = { (1 - met) * answered.share, (1 - met) * (1 - answered.share) },
	};
	return err;
}

/* The share in those parts where somebody has answered. */
static double share_of_answers(const struct page_part *parts, size_t nr_parts, uint32_t node)
{
	double nr_there = 0;
	double nr = 0;

	for (size_t i = 0; i < nr_parts; i++) {
		const struct page_sample *sample = &parts[i].sample;
		size_t nr_named = 0;

		if (sample->nr_answers == 0)
			continue;
		for (size_t j = 0; j < sample->nr_answers; j++)
			nr_named += sample->answers[j].node == node;
		nr += (double)parts[i].nr_resident;
		nr_there += (double)parts[i].nr_resident * (double)nr_named / (double)sample->nr_answers;
	}
	return nr > 0 ? nr_there / nr : 0;
}

/* Pages that a part has more or less than its size says draw the share of all to that of the part, or away from it. */
static double off_by_size(const struct page_part *part, const struct part_estimate *estimate, double share,
			  double total)
{
	double nr = (double)part->nr_unsure;
	double weight = total > 2 * nr ? nr / (total - nr) : 1;
	double low = estimate->share - estimate->chance.below - estimate->unknown.below;
	double high = estimate->share + estimate->chance.above + estimate->unknown.above;

	return weight * fmax(fabs(share - low), fabs(high - share));
}

static double square(double value)
{
	return value * value;
}

/*
 * Errors of chance are independent and add up by their squares (MOVER: method of variance estimates recovery). What nothing is
 * known of may be as far off as it can be, whatever chance does elsewhere: it adds up as it is.
 */
int node_share_combine(const struct page_part *parts, size_t nr_parts, uint32_t node, struct mmcpus_share *ret)
{
	double share = share_of_answers(parts, nr_parts, node);
	struct distance chance = { 0, 0 };
	struct distance unknown = { 0, 0 };
	double total = 0;
	int err = 0;

	for (size_t i = 0; i < nr_parts; i++)
		total += (double)parts[i].nr_resident;
	for (size_t i = 0; i < nr_parts && !err; i++) {
		double weight = (double)parts[i].nr_resident / total;
		struct part_estimate part;
		double off;

		if (parts[i].nr_resident == 0)
			continue;
		err = estimate_part(&parts[i], node, share, &part);
		chance.below += square(weight * part.chance.below);
		chance.above += square(weight * part.chance.above);
		off = off_by_size(&parts[i], &part, share, total);
		unknown.below += weight * part.unknown.below + off;
		unknown.above += weight * part.unknown.above + off;
	}
	*ret = (struct mmcpus_share){ share, fmax(0, share - sqrt(chance.below) - unknown.below),
				      fmin(1, share + sqrt(chance.above) + unknown.above) };
	if (total == 0)
		*ret = (struct mmcpus_share){ 0, 0, 1 };
	return err;
}
