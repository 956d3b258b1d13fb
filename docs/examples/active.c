// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every address space of this machine: PID, name, and the CPUs it is active on.
 *
 *	cc -o active active.c $(pkg-config --cflags --libs mmcpus)
 */
#include <stdio.h>
#include <stdlib.h>

#include <mmcpus/mmcpus.h>

static int complain(const struct mmcpus_reason *why)
{
	fprintf(stderr, "active: %s%s%s\n", why->what, why->remedy[0] ? "; " : "", why->remedy);
	return EXIT_FAILURE;
}

/* A process can give itself any name: let through only what cannot harm a terminal. */
static void print_name(const char *name)
{
	for (; name && *name; name++)
		putchar(*name > ' ' && *name <= '~' ? *name : '?');
}

static void print_set(const struct mmcpus_cpuset *set)
{
	size_t size = set ? mmcpus_cpuset_format_list(set, NULL, 0) + 1 : 0;
	char *list = size ? malloc(size) : NULL;

	if (list)
		mmcpus_cpuset_format_list(set, list, size);
	printf("\t%s\n", !list ? "?" : *list ? list : "-");
	free(list);
}

static int print_all(struct mmcpus_source *src)
{
	const struct mmcpus_snapshot *snap;
	struct mmcpus_reason why;

	if (mmcpus_source_snapshot(src, MMCPUS_FIELD_COMM | MMCPUS_FIELD_SHARERS, &snap, &why))
		return complain(&why);
	for (size_t i = 0; i < mmcpus_snapshot_count(snap); i++) {
		const struct mmcpus_mm *mm = mmcpus_snapshot_mm(snap, i);

		printf("%d\t", mmcpus_mm_pid(mm));
		print_name(mmcpus_mm_comm(mm));
		print_set(mmcpus_mm_active(snap, mm));
	}
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(void)
{
	struct mmcpus_system *sys = NULL;
	struct mmcpus_source *src = NULL;
	struct mmcpus_reason why;
	int status;

	if (mmcpus_system_open(NULL, &sys, &why))
		return complain(&why);
	if (mmcpus_source_open(sys, NULL, &src, &why)) {
		mmcpus_system_close(sys);
		return complain(&why);
	}
	if (mmcpus_source_fallback(src, &why)) /* not the best backend: say which, and why */
		fprintf(stderr, "active: %s answers (%s), because %s\n", mmcpus_source_backend(src),
			mmcpus_quality_name(mmcpus_source_quality(src)), why.what);
	status = print_all(src);
	mmcpus_source_close(src);
	mmcpus_system_close(sys);
	return status;
}
