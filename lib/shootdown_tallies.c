// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shootdown_tallies.h"

#include <string.h>
#include <time.h>

#include "clock.h"

/*
 * A program counts for less than a microsecond; for more only if its CPU is taken from it, by an interrupt or a hypervisor. Then it
 * is waited for a little.
 */
#define TRIES       64
#define TRIES_HASTY 32
#define WAIT_NS     (NS_PER_S / 10000)

static bool seize(uint32_t *is_busy)
{
	return !__atomic_exchange_n(is_busy, 1, __ATOMIC_ACQUIRE);
}

static bool is_clear(uint32_t *has_program)
{
	return !__atomic_load_n(has_program, __ATOMIC_SEQ_CST);
}

static bool try_until(bool (*succeeds)(uint32_t *word), uint32_t *word)
{
	const struct timespec wait = { .tv_nsec = WAIT_NS };

	for (int i = 0; i < TRIES; i++) {
		if (succeeds(word))
			return true;
		if (i >= TRIES_HASTY)
			nanosleep(&wait, NULL);
	}
	return false;
}

static bool begin_sent(struct shootdown_sent_tally *tally)
{
	return try_until(seize, &tally->is_busy);
}

static void end(uint32_t *is_busy)
{
	__atomic_store_n(is_busy, 0, __ATOMIC_RELEASE);
}

static void set_all(uint32_t *first, uint32_t nr_cpus, bool value)
{
	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++)
		__atomic_store_n(first + cpu * (sizeof(struct shootdown_cpu) / sizeof(*first)), value,
				 __ATOMIC_SEQ_CST);
}

void shootdown_tallies_set_counting(struct shootdown_cpu *cpus, uint32_t nr_cpus, bool is_counting)
{
	if (is_counting)
		set_all(&cpus->is_counting_hits, nr_cpus, true);
	else
		set_all(&cpus->is_counting_unseen, nr_cpus, false);
	set_all(&cpus->is_counting, nr_cpus, is_counting);
	if (is_counting)
		set_all(&cpus->is_counting_unseen, nr_cpus, true);
	else
		set_all(&cpus->is_counting_hits, nr_cpus, false);
}

/* Programs count in the row, too, and the CPUs in its sets. */
static void add64(uint64_t *counter, uint64_t value)
{
	if (value)
		__atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

static void add32(uint32_t *counter, uint32_t value)
{
	if (value)
		__atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

static void raise64(uint64_t *max, uint64_t value)
{
	uint64_t old = __atomic_load_n(max, __ATOMIC_RELAXED);

	while (old < value && !__atomic_compare_exchange_n(max, &old, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static void add_to_set(const struct tracer_rows *shared, uint32_t row, enum shootdown_set set, uint32_t word,
		       uint64_t bits)
{
	uint64_t *words = shared->sets + ((size_t)row * SHOOTDOWN_NR_SETS + set) * shared->nr_words;

	__atomic_fetch_or(&words[word], bits, __ATOMIC_RELAXED);
}

static void move_sent(const struct tracer_rows *shared, struct shootdown_sent_tally *tally, uint32_t cpu)
{
	struct shootdown_counts *counts = &shared->rows[tally->row].counts;

	if (!tally->sent)
		return;
	add64(&counts->sent, tally->sent);
	add64(&counts->pages, tally->pages);
	add_to_set(shared, tally->row, SHOOTDOWN_SET_SENDERS, cpu / 64, UINT64_C(1) << cpu % 64);
	add_to_set(shared, tally->row, SHOOTDOWN_SET_REQUESTED, 0, tally->requested);
	tally->sent = tally->pages = tally->requested = 0;
}

static void move_hits(const struct tracer_rows *shared, struct shootdown_hit_tally *tally, uint32_t cpu)
{
	struct shootdown_counts *counts = &shared->rows[tally->row].counts;

	add64(&counts->hits, tally->hits);
	add64(&counts->stolen_ns, tally->stolen_ns);
	add64(&counts->wait_ns, tally->wait_ns);
	raise64(&counts->stolen_max_ns, tally->stolen_max_ns);
	raise64(&counts->wait_max_ns, tally->wait_max_ns);
	for (size_t i = 0; i < SHOOTDOWN_NR_BUCKETS; i++) {
		add32(&counts->stolen_log2[i], tally->stolen_log2[i]);
		add32(&counts->wait_log2[i], tally->wait_log2[i]);
	}
	add_to_set(shared, tally->row, SHOOTDOWN_SET_HIT, cpu / 64, UINT64_C(1) << cpu % 64);
	tally->hits = tally->stolen_ns = tally->stolen_max_ns = tally->wait_ns = tally->wait_max_ns = 0;
	memset(tally->stolen_log2, 0, sizeof(tally->stolen_log2));
	memset(tally->wait_log2, 0, sizeof(tally->wait_log2));
}

/* Most CPUs have nothing, and are left alone. */
static bool take_sent(const struct tracer_rows *shared, uint32_t cpu)
{
	struct shootdown_sent_tally *tally = &shared->cpus[cpu].sent;

	if (!__atomic_load_n(&tally->sent, __ATOMIC_RELAXED))
		return true;
	if (!begin_sent(tally))
		return false;
	move_sent(shared, tally, cpu);
	end(&tally->is_busy);
	return true;
}

static bool take_hits(const struct tracer_rows *shared, uint32_t cpu)
{
	struct shootdown_hit_tally *tally = &shared->cpus[cpu].hit;
	bool is_mine;

	if (!__atomic_load_n(&tally->hits, __ATOMIC_RELAXED))
		return true;
	__atomic_store_n(&tally->has_library, 1, __ATOMIC_SEQ_CST); /* until the end, programs count in the row */
	is_mine = try_until(is_clear, &tally->has_program);
	if (is_mine)
		move_hits(shared, tally, cpu);
	end(&tally->has_library);
	return is_mine;
}

bool shootdown_tallies_take(const struct tracer_rows *shared, uint32_t nr_cpus)
{
	bool is_complete = true;

	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++) {
		is_complete &= take_sent(shared, cpu);
		is_complete &= take_hits(shared, cpu);
	}
	return is_complete;
}

/* A program first makes its tally one of the row, and then looks for the mark, which the row has by now. */
static bool forget(const struct tracer_rows *shared, uint32_t cpu, uint32_t row)
{
	struct shootdown_sent_tally *tally = &shared->cpus[cpu].sent;

	if (__atomic_load_n(&tally->row, __ATOMIC_SEQ_CST) != row)
		return true;
	if (!begin_sent(tally))
		return false;
	if (tally->row == row) {
		move_sent(shared, tally, cpu);
		tally->row = 0;
	}
	end(&tally->is_busy);
	return true;
}

bool shootdown_tallies_forget(const struct tracer_rows *shared, uint32_t nr_cpus, uint32_t row)
{
	bool is_complete = true;

	for (uint32_t cpu = 0; cpu < nr_cpus; cpu++)
		is_complete &= forget(shared, cpu, row);
	return is_complete;
}
