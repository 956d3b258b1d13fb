/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule about isolated CPUs that are interrupted: the only one about what happens, and not about how things are. */
#include <errno.h>
#include <inttypes.h>

#include "message.h"
#include "rule_checks.h"
#include "strbuf.h"
#include "xalloc.h"

/* So many senders are named, those with the most shootdowns. */
#define OFFENDERS_MAX 5

/* Not a need of the rule's: where nothing is watched, it does not matter what is isolated. */
static int prepare_isolated(const struct scene *scene, char **why)
{
	if (!scene->isolated) {
		*why = xstrdup("the machine does not tell which CPUs are isolated; name them with -C");
		return -ENODATA;
	}
	if (!mmcpus_cpuset_is_empty(scene->isolated))
		return 1;
	*why = xstrdup("no CPU is isolated");
	return 0;
}

int prepare_shootdown(const struct scene *scene, char **why)
{
	int prepared;

	if (!scene->is_watched) {
		*why = xstrdup(mmcpus_system_is_live(scene->sys) ? "nothing is watched without --window"
								 : "a captured machine does not run");
		return 0;
	}
	prepared = prepare_isolated(scene, why);
	if (prepared <= 0)
		return prepared;
	if (scene->why_not_watched) {
		*why = reason_text(scene->why_not_watched);
		return -ENODATA;
	}
	return scene->shootdowns != NULL;
}

static uint64_t number_of(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_number which)
{
	uint64_t number;

	return mmcpus_shootdown_number(row, which, &number) ? 0 : number;
}

static const char *text_of(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_text which)
{
	const char *text = mmcpus_shootdown_text(row, which);

	return text ? text : "?";
}

/* "12 hits by java/4242 (munmap)" */
static void add_offender(struct strbuf *detail, const struct mmcpus_shootdown *row)
{
	uint64_t hits = number_of(row, MMCPUS_SHOOTDOWN_HITS);

	strbuf_addf(detail, "%s%" PRIu64 " hit%s by ", detail->length ? ", " : "", hits, hits == 1 ? "" : "s");
	if (mmcpus_shootdown_is_other(row))
		strbuf_add(detail, "others");
	else
		strbuf_addf(detail, "%s/%" PRIu64 " (%s)", text_of(row, MMCPUS_SHOOTDOWN_SENDER_COMM),
			    number_of(row, MMCPUS_SHOOTDOWN_SENDER_PID), text_of(row, MMCPUS_SHOOTDOWN_CAUSE));
}

int check_shootdown(const struct scene *scene, const struct mmcpus_mm *mm __attribute__((unused)), struct evidence *ret)
{
	size_t nr = mmcpus_interval_count(scene->shootdowns);
	struct mmcpus_cpuset *cpus;
	struct strbuf detail = { 0 };
	size_t nr_offenders = 0;

	cpus = scene_make_cpus(scene);
	for (size_t i = 0; i < nr; i++) {
		const struct mmcpus_shootdown *row = mmcpus_interval_row(scene->shootdowns, i);

		if (!number_of(row, MMCPUS_SHOOTDOWN_HITS))
			continue;
		mmcpus_cpuset_or(cpus, mmcpus_shootdown_set(row, MMCPUS_SHOOTDOWN_HIT_CPUS));
		if (++nr_offenders <= OFFENDERS_MAX)
			add_offender(&detail, row);
	}
	if (!nr_offenders) {
		mmcpus_cpuset_destroy(cpus);
		return 0;
	}
	if (nr_offenders > OFFENDERS_MAX)
		strbuf_addf(&detail, " and %zu more", nr_offenders - OFFENDERS_MAX);
	ret->cpus = cpus;
	ret->detail = strbuf_take(&detail);
	return 1;
}
