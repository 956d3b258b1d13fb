/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drawing by chance, and what a sample says about the whole. Whether 95 % intervals hold the truth in some 95 of 100 samples
 * is tried out on populations that are known.
 */
#include "unit.h"

#include "node_share.h"
#include "population.h"
#include "shuffle.h"

/* -------------------------------------------------------------------------------------------------- the drawing -- */

static void shuffles_each_number_once(void **state)
{
	static const uint64_t counts[] = { 1, 2, 3, 4, 5, 16, 17, 1000, 4096, 65537 };

	(void)state;
	for (size_t i = 0; i < NR(counts); i++) {
		bool *is_seen = calloc(counts[i], sizeof(*is_seen));
		struct shuffle shuffle;

		shuffle_init(&shuffle, counts[i], 4711 + i);
		for (uint64_t j = 0; j < counts[i]; j++) {
			uint64_t number = shuffle_at(&shuffle, j);

			check(number < counts[i] && !is_seen[number], "%lu of %lu: %lu", j, counts[i], number);
			is_seen[number] = true;
		}
		free(is_seen);
	}
}

/* The first numbers of many orders: each tenth of all numbers gets a tenth of them. */
static void shuffles_evenly(void **state)
{
	static const uint64_t counts[] = { 1000, 1 << 20, 26214400, UINT64_C(1) << 62 };
	struct shuffle shuffle;

	(void)state;
	for (size_t i = 0; i < NR(counts); i++) {
		unsigned hits[10] = { 0 };

		for (uint64_t seed = 0; seed < 1000; seed++) {
			shuffle_init(&shuffle, counts[i], seed);
			for (uint64_t j = 0; j < 10; j++)
				hits[shuffle_at(&shuffle, j) / (counts[i] / 10 + 1)]++;
		}
		for (size_t j = 0; j < NR(hits); j++)
			check(hits[j] > 850 && hits[j] < 1150, "count %lu, tenth %zu: %u", counts[i], j, hits[j]);
	}
}

static void finds_pages(void **state)
{
	struct population all = { 0 };

	(void)state;
	assert_int_equal(population_add(&all, 100, 10, 0), 0);
	assert_int_equal(population_add(&all, 110, 5, 0), 0); /* continues */
	assert_int_equal(population_add(&all, 115, 5, 1), 0); /* another cluster */
	assert_int_equal(population_add(&all, 200, 0, 1), 0); /* nothing */
	assert_int_equal(population_add(&all, 7, 1, 1), 0);
	assert_int_equal(all.nr_ranges, 3);
	assert_int_equal(all.nr_pages, 21);
	assert_int_equal(population_find(&all, 0)->first, 100);
	assert_int_equal(population_find(&all, 14)->first, 100);
	assert_int_equal(population_find(&all, 15)->first, 115);
	assert_int_equal(population_find(&all, 19)->cluster, 1);
	assert_int_equal(population_find(&all, 20)->first, 7);
	assert_int_equal(population_find(&all, 20)->before, 20);
	assert_int_equal(population_add(&all, 0, UINT64_C(1) << 62, 0), -EOVERFLOW);
	population_clear(&all);
	assert_int_equal(all.nr_pages, 0);
	for (uint64_t i = 0; i < POPULATION_RANGES_MAX; i++)
		assert_int_equal(population_add(&all, 2 * i, 1, 0), 0);
	assert_int_equal(population_find(&all, POPULATION_RANGES_MAX - 1)->first, 2 * (POPULATION_RANGES_MAX - 1));
	assert_int_equal(population_add(&all, 7, 1, 0), -ENOBUFS);
	population_deinit(&all);
}

/* ------------------------------------------------------------------------------------------------- one estimate -- */

static bool is_near(double a, double b)
{
	return a - b < 0.0005 && b - a < 0.0005;
}

static struct mmcpus_share estimate(const struct page_sample *sample, uint32_t node)
{
	struct mmcpus_share share;

	assert_int_equal(node_share_estimate(sample, node, &share), 0);
	return share;
}

/* Intervals after Wilson, as other programs compute them, of so many answers, some of which name node 1. */
static void knows_the_interval(void **state)
{
	static const struct {
		size_t nr;
		size_t nr_there;
		double low;
		double high;
	} cases[] = {
		{ 100, 50, 0.4038, 0.5962 }, { 100, 3, 0.0103, 0.0845 },   { 10, 0, 0, 0.2775 },
		{ 10, 10, 0.7225, 1 },       { 4096, 41, 0.0074, 0.0136 },
	};
	static struct page_answer answers[4096];

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct page_sample sample = { answers, cases[i].nr, cases[i].nr, UINT64_C(1) << 40, 0, 0 };
		struct mmcpus_share share;

		for (size_t j = 0; j < cases[i].nr; j++)
			answers[j].node = j < cases[i].nr_there;
		share = estimate(&sample, 1);
		check(is_near(share.share, (double)cases[i].nr_there / (double)cases[i].nr) &&
			      is_near(share.low, cases[i].low) && is_near(share.high, cases[i].high),
		      "%zu of %zu: %f, %f to %f", cases[i].nr_there, cases[i].nr, share.share, share.low, share.high);
	}
}

static void knows_the_ends(void **state)
{
	struct page_answer answers[4] = { { 0, 0 }, { 0, 1 }, { 0, 1 }, { 0, 1 } };
	struct page_sample all = { answers, 4, 5, 5, 0, 0 }; /* one of five was not resident */
	struct page_sample none = { NULL, 0, 5, 5, 0, 0 };
	struct page_sample one_cluster = { answers, 4, 4, 100, 1, 7 };
	struct mmcpus_share share = estimate(&all, 1);

	(void)state;
	assert_true(share.share == 0.75 && share.low == 0.75 && share.high == 0.75);
	share = estimate(&all, 7);
	assert_true(share.share == 0 && share.low == 0 && share.high == 0);
	share = estimate(&none, 0);
	assert_true(share.share == 0 && share.low == 0 && share.high == 1);
	share = estimate(&one_cluster, 1);
	assert_true(share.share == 0.75 && share.low == 0 && share.high == 1);
}

/* What all clusters say alike counts once for each, however many pages they have. */
static void trusts_clusters_less(void **state)
{
	static struct page_answer answers[4000];
	struct page_sample sample = { answers, 4000, 4000, 1 << 20, 40, 1000000 };

	(void)state;
	for (size_t i = 0; i < NR(answers); i++)
		answers[i] = (struct page_answer){ (uint32_t)(i / 100), 1 };
	assert_true(estimate(&sample, 1).low > 0.89 && estimate(&sample, 1).low < 0.92);
	assert_true(estimate(&sample, 1).high == 1);
	assert_true(estimate(&sample, 0).high > 0.08 && estimate(&sample, 0).high < 0.11);
}

static struct mmcpus_share combine(const struct page_part *parts, uint32_t node)
{
	struct mmcpus_share share;

	assert_int_equal(node_share_combine(parts, 2, node, &share), 0);
	return share;
}

/* 3 of 4 answers of one part name node 1, none of the other's: all were asked. */
static void weighs_parts(void **state)
{
	struct page_answer mixed[4] = { { 0, 0 }, { 0, 1 }, { 0, 1 }, { 0, 1 } };
	struct page_answer zeros[2] = { { 0, 0 }, { 0, 0 } };
	struct page_part parts[2] = { { { mixed, 4, 4, 4, 0, 0 }, 40, 0, 0 }, { { zeros, 2, 2, 2, 0, 0 }, 60, 0, 0 } };
	struct mmcpus_share share = combine(parts, 1);

	(void)state;
	assert_true(is_near(share.share, 0.3) && is_near(share.low, 0.3) && is_near(share.high, 0.3));
	assert_true(is_near(combine(parts, 0).share, 0.7));
	parts[0].nr_guessed = 30; /* of 40: that is near enough */
	assert_true(is_near(combine(parts, 1).high, 0.3));
	parts[0].nr_guessed = 10; /* the rest may be anywhere */
	share = combine(parts, 1);
	assert_true(is_near(share.share, 0.3) && is_near(share.low, 0.3 - 0.4 * 0.5625) &&
		    is_near(share.high, 0.3 + 0.4 * 0.1875));
	parts[0].nr_resident = 0;
	assert_true(is_near(combine(parts, 1).high, 0));
	parts[1].nr_resident = 0;
	share = combine(parts, 1);
	assert_true(share.share == 0 && share.low == 0 && share.high == 1);
}

/* A part of which nobody has answered may be all on one node, or all on another. */
static void admits_parts_without_answers(void **state)
{
	struct page_answer ones[2] = { { 0, 1 }, { 0, 1 } };
	struct page_part parts[2] = { { { NULL, 0, 256, 1000, 5, 50 }, 30, 0, 0 },
				      { { ones, 2, 2, 2, 0, 0 }, 70, 0, 0 } };
	struct mmcpus_share share = combine(parts, 1);

	(void)state;
	assert_true(is_near(share.share, 1) && is_near(share.low, 0.7) && is_near(share.high, 1));
	share = combine(parts, 0);
	assert_true(is_near(share.share, 0) && is_near(share.low, 0) && is_near(share.high, 0.3));
}

/* The kernel's count may be behind: a part that it has the size of may be larger or smaller. */
static void admits_that_sizes_may_be_off(void **state)
{
	struct page_answer ones[2] = { { 0, 1 }, { 0, 1 } };
	struct page_answer zeros[2] = { { 0, 0 }, { 0, 0 } };
	struct page_part parts[2] = { { { zeros, 2, 2, 2, 0, 0 }, 40, 0, 0 }, { { ones, 2, 2, 2, 0, 0 }, 60, 0, 0 } };
	struct mmcpus_share share;

	(void)state;
	parts[0].nr_unsure = 20;
	share = combine(parts, 1);
	assert_true(is_near(share.share, 0.6));
	assert_true(share.low < 60. / (100 + 20) && share.high >= 60. / (100 - 20) - 1e-9);
	zeros[0].node = zeros[1].node = 1; /* wherever these are more of, they are there */
	share = combine(parts, 1);
	assert_true(is_near(share.low, 1) && is_near(share.high, 1));
	parts[0].sample.nr_answers = 0; /* all on node 0, and 20 more */
	share = combine(parts, 1);
	assert_true(share.low < 60. / (100 + 20));
	parts[0].nr_unsure = 60; /* the total is hardly more than that: it is not known at all */
	share = combine(parts, 1);
	assert_true(is_near(share.low, 0) && is_near(share.high, 1));
}

/* What chance may have put off in one part comes on top of what is not known of the other. */
static void adds_chance_to_the_unknown(void **state)
{
	struct page_answer answers[4] = { { 0, 0 }, { 0, 1 }, { 0, 1 }, { 0, 1 } };
	struct page_part parts[2] = { { { NULL, 0, 256, 1000, 5, 50 }, 80, 0, 0 },
				      { { answers, 4, 4, 20, 0, 0 }, 20, 0, 0 } };
	struct mmcpus_share known;
	struct mmcpus_share share = combine(parts, 1);

	(void)state;
	assert_int_equal(node_share_estimate(&parts[1].sample, 1, &known), 0);
	assert_true(known.low < 0.75 && known.high > 0.75);
	assert_true(is_near(share.low, 0.2 * known.low) && is_near(share.high, 0.8 + 0.2 * known.high));
}

/* ----------------------------------------------------------------------------------------- many, where it is known -- */

#define NR_TRIALS      2000
#define NR_PAGES       40000
#define NR_CLUSTERS    400
#define DRAWN_CLUSTERS 40

/* Runs of pages on node 1, of a length that a cluster has or more, and pages elsewhere on node 0. */
static double fill_world(uint8_t *world, unsigned percent, unsigned run, uint64_t *seed)
{
	size_t nr_there = 0;

	for (size_t i = 0; i < NR_PAGES; i++) {
		if (i % run == 0)
			world[i] = next_random(seed) % 100 < percent;
		else
			world[i] = world[i - 1];
		nr_there += world[i];
	}
	return (double)nr_there / NR_PAGES;
}

static void draw_simple(const uint8_t *world, struct page_sample *sample, uint64_t seed)
{
	struct shuffle shuffle;

	shuffle_init(&shuffle, NR_PAGES, seed);
	for (size_t i = 0; i < sample->nr_answers; i++)
		sample->answers[i] = (struct page_answer){ 0, world[shuffle_at(&shuffle, i)] };
}

/* Clusters of equal width, of which some pages are not resident: the more so, the further behind they are. */
static void draw_clusters(const uint8_t *world, struct page_sample *sample, uint64_t seed)
{
	const size_t width = NR_PAGES / NR_CLUSTERS;
	struct shuffle shuffle;

	shuffle_init(&shuffle, NR_CLUSTERS, seed);
	sample->nr_answers = 0;
	for (uint32_t i = 0; i < DRAWN_CLUSTERS; i++)
		for (size_t j = 0; j < width; j += 4)
			sample->answers[sample->nr_answers++] =
				(struct page_answer){ i, world[shuffle_at(&shuffle, i) * width + j] };
	sample->nr_asked = sample->nr_answers;
}

/* In how many of 100 samples the truth is within the interval. */
static unsigned covered(unsigned percent, unsigned run, bool has_clusters)
{
	static struct page_answer answers[NR_PAGES];
	static uint8_t world[NR_PAGES];
	uint64_t seed = 4711 + percent * 1000 + run;
	struct page_sample sample = { answers, 400, 400, NR_PAGES, 0, 0 };
	double truth = fill_world(world, percent, run, &seed);
	unsigned nr_covered = 0;

	if (has_clusters)
		sample = (struct page_sample){ answers, 0, 0, 0, DRAWN_CLUSTERS, NR_CLUSTERS };
	for (unsigned i = 0; i < NR_TRIALS; i++) {
		struct mmcpus_share share;

		if (has_clusters)
			draw_clusters(world, &sample, next_random(&seed));
		else
			draw_simple(world, &sample, next_random(&seed));
		share = estimate(&sample, 1);
		nr_covered += share.low <= truth && truth <= share.high;
	}
	return nr_covered * 100 / NR_TRIALS;
}

static void covers_the_truth(void **state)
{
	static const unsigned percents[] = { 2, 10, 50, 90 };
	static const unsigned runs[] = { 1, 10, 100, 300 };

	(void)state;
	for (size_t i = 0; i < NR(percents); i++)
		for (size_t j = 0; j < NR(runs); j++) {
			unsigned simple = covered(percents[i], runs[j], false);
			unsigned clusters = covered(percents[i], runs[j], true);

			check(simple >= 93, "%u %%, runs of %u: %u of 100", percents[i], runs[j], simple);
			check(clusters >= 90, "%u %%, runs of %u, clusters: %u of 100", percents[i], runs[j], clusters);
		}
}

/*
 * As of a process that has much mapped, little of it resident and all that in some places: most blocks are empty, and what
 * is known of small mappings says nothing of large ones.
 */
static unsigned covered_rare(unsigned nr_full, unsigned nr_visited, unsigned percent, uint64_t *seed)
{
	static struct page_answer answers[64 * 256];
	static uint8_t nodes[256];
	struct page_answer small[200] = { 0 };
	unsigned nr_covered = 0;
	unsigned nr_there = 0;

	for (unsigned i = 0; i < nr_full; i++) {
		nodes[i] = next_random(seed) % 100 < percent;
		nr_there += nodes[i];
	}
	for (unsigned trial = 0; trial < NR_TRIALS; trial++) {
		struct page_part parts[2] = {
			{ { answers, 0, 0, 64 * 256, nr_visited, 256 }, nr_full * 64, 1, 0 },
			{ { small, NR(small), NR(small), 900, 0, 0 }, 900, 0, 0 },
		};
		double truth = nr_there * 64.0 / (nr_full * 64 + 900);
		struct shuffle shuffle;
		struct mmcpus_share share;

		shuffle_init(&shuffle, 256, next_random(seed));
		for (uint32_t i = 0; i < nr_visited; i++)
			for (uint64_t j = 0, block = shuffle_at(&shuffle, i); j < 64 && block < nr_full; j++)
				answers[parts[0].sample.nr_answers++] = (struct page_answer){ i, nodes[block] };
		parts[0].nr_guessed += parts[0].sample.nr_answers * 256 / nr_visited;
		share = combine(parts, 1);
		nr_covered += share.low <= truth && truth <= share.high;
	}
	return nr_covered * 100 / NR_TRIALS;
}

static void covers_rare_clusters(void **state)
{
	static const unsigned fulls[] = { 4, 16, 64, 256 };
	static const unsigned visits[] = { 3, 10, 40, 200 };
	static const unsigned percents[] = { 10, 50, 90 };
	uint64_t seed = 4711;

	(void)state;
	for (size_t i = 0; i < NR(fulls); i++)
		for (size_t j = 0; j < NR(visits); j++)
			for (size_t k = 0; k < NR(percents); k++) {
				unsigned covered = covered_rare(fulls[i], visits[j], percents[k], &seed);

				check(covered >= 88, "%u full, %u visited, %u %%: %u of 100", fulls[i], visits[j],
				      percents[k], covered);
			}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(shuffles_each_number_once),
		cmocka_unit_test(shuffles_evenly),
		cmocka_unit_test(finds_pages),
		cmocka_unit_test(knows_the_interval),
		cmocka_unit_test(knows_the_ends),
		cmocka_unit_test(trusts_clusters_less),
		cmocka_unit_test(covers_the_truth),
		cmocka_unit_test(covers_rare_clusters),
		cmocka_unit_test(weighs_parts),
		cmocka_unit_test(admits_parts_without_answers),
		cmocka_unit_test(admits_that_sizes_may_be_off),
		cmocka_unit_test(adds_chance_to_the_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
