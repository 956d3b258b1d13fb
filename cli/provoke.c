/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "provoke.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helper.h"
#include "stop.h"

/* A guest whose other CPU is not run by the hypervisor just now may need some time. */
#define PATIENCE_MS 50

struct victim {
	uint32_t cpu;
	atomic_int state;
};

enum {
	VICTIM_STARTS,
	VICTIM_RUNS,
	VICTIM_FAILED,
	VICTIM_ENDS,
};

/* Runs, so that the address space is loaded on its CPU and not lent to idle. */
static void *be_victim(void *arg)
{
	struct victim *victim = arg;

	if (helper_bind(victim->cpu)) {
		atomic_store(&victim->state, VICTIM_FAILED);
		return NULL;
	}
	atomic_store(&victim->state, VICTIM_RUNS);
	while (atomic_load_explicit(&victim->state, memory_order_relaxed) == VICTIM_RUNS)
		;
	return NULL;
}

/* Two CPUs that we may use and nobody wants to be left alone. */
static bool find_cpus(const struct mmcpus_system *sys, const cpu_set_t *ours, uint32_t ret[2])
{
	const struct mmcpus_cpuset *isolated = mmcpus_system_set(sys, MMCPUS_SYSTEM_ISOLATED);
	int nr = 0;

	for (uint32_t cpu = 0; cpu < CPU_SETSIZE && nr < 2; cpu++)
		if (CPU_ISSET(cpu, ours) && !(isolated && mmcpus_cpuset_has(isolated, cpu)))
			ret[nr++] = cpu;
	return nr == 2;
}

static void flush(char *page, size_t size)
{
	*(volatile char *)page = 1;
	madvise(page, size, MADV_DONTNEED);
}

static void flush_until_seen(struct mmcpus_shootdowns *src, const struct victim *victim)
{
	uint64_t end_ms = stop_now_ms() + PATIENCE_MS;
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	while (atomic_load(&victim->state) != VICTIM_FAILED && stop_now_ms() < end_ms &&
	       mmcpus_shootdowns_check_hits(src, NULL)) {
		if (atomic_load(&victim->state) == VICTIM_RUNS)
			flush(page, size);
		sched_yield();
	}
	munmap(page, size);
}

static void flush_against(struct mmcpus_shootdowns *src, uint32_t cpu)
{
	struct victim victim = { .cpu = cpu };
	pthread_t thread;

	if (pthread_create(&thread, NULL, be_victim, &victim))
		return;
	flush_until_seen(src, &victim);
	while (atomic_load(&victim.state) == VICTIM_STARTS)
		sched_yield();
	atomic_store(&victim.state, VICTIM_ENDS);
	pthread_join(thread, NULL);
}

void provoke_hit(struct mmcpus_shootdowns *src, const struct mmcpus_system *sys)
{
	uint32_t cpus[2];
	cpu_set_t ours;

	if (sched_getaffinity(0, sizeof(ours), &ours) || !find_cpus(sys, &ours, cpus) || helper_bind(cpus[0]))
		return;
	flush_against(src, cpus[1]);
	sched_setaffinity(0, sizeof(ours), &ours);
	mmcpus_shootdowns_restart(src);
}
