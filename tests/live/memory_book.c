// SPDX-License-Identifier: GPL-2.0-or-later
/* What an audit does about a process with too much memory to be counted in time: this one, which needs no right for that. */
#include "../unit/unit.h"

#include <inttypes.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "memory_book.h"

#define BYTES     (256 << 20)
#define LIMIT_NS  6000000 /* counting BYTES is taken to last 6.5 ms */
#define ENOUGH_NS UINT64_C(1000000000)

static uint64_t spent_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* A mapping of small pages, all of them resident. */
static void *hold_memory(void)
{
	void *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	madvise(memory, BYTES, MADV_NOHUGEPAGE);
	memset(memory, 1, BYTES);
	return memory;
}

struct answer {
	int err;
	uint32_t nr_asked;
	uint64_t took_ns;
	uint64_t left_ns; /* for others */
};

static struct answer count(const struct mmcpus_system *sys, uint64_t one_ns)
{
	const struct mmcpus_memory *memory;
	struct memory_book book;
	struct answer answer = { 0 };
	uint64_t begin_ns = spent_ns();

	memory_book_init(&book, sys, MEMORY_UNSET, NULL);
	memory_book_limit_counts(&book, one_ns, ENOUGH_NS);
	answer.err = memory_book_count(&book, getpid(), &memory);
	answer.took_ns = spent_ns() - begin_ns;
	answer.nr_asked = answer.err ? 0 : mmcpus_memory_nr_asked(memory);
	answer.left_ns = book.count_left_ns;
	memory_book_deinit(&book);
	return answer;
}

/* Others run, too: what counts is that it can be done, and that it does not go on as if there were no limit. */
static void too_much_is_sampled_in_time(void **state)
{
	struct mmcpus_system *sys;
	void *memory = hold_memory();
	struct answer answer;
	int tries = 0;

	(void)state;
	assert_int_equal(mmcpus_system_open(NULL, &sys, NULL), 0);
	do
		answer = count(sys, LIMIT_NS);
	while (++tries < 50 && (answer.err || answer.took_ns > 2 * LIMIT_NS));
	check(answer.err == 0, "error %d after %" PRIu64 " ns", answer.err, answer.took_ns);
	check(answer.nr_asked > 0, "it was counted");
	check(answer.took_ns <= 2 * LIMIT_NS, "took %" PRIu64 " ns", answer.took_ns);
	check(answer.left_ns < ENOUGH_NS && answer.left_ns > ENOUGH_NS - 2 * LIMIT_NS, "%" PRIu64 " ns are left",
	      answer.left_ns);
	answer = count(sys, ENOUGH_NS);
	assert_int_equal(answer.err, 0);
	assert_int_equal(answer.nr_asked, 0); /* counted */
	mmcpus_system_close(sys);
	munmap(memory, BYTES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_much_is_sampled_in_time),
	};

	if (access("/proc/self/numa_maps", R_OK)) {
		puts("1..0 # SKIP the kernel has no numa_maps");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
