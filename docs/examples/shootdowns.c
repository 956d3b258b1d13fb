// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who interrupts other CPUs to flush their TLBs, in a second. A line for all: shootdowns and hits; and one for each who sends
 * them: name, PID, cause, shootdowns, hits, and nanoseconds that the sender waited. What costs most comes first.
 *
 *	cc -o shootdowns shootdowns.c $(pkg-config --cflags --libs mmcpus)
 *
 * Exit status: 0 counted, or shootdowns can't be counted here, which it says; 1 failed.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <mmcpus/mmcpus.h>

#define NR_ROWS 10

static void explain(const char *failed, const struct mmcpus_reason *why)
{
	fprintf(stderr, "shootdowns: %s%s%s%s\n", failed, why->what, why->remedy[0] ? "; " : "", why->remedy);
}

static int complain(const struct mmcpus_reason *why)
{
	explain("", why);
	return EXIT_FAILURE;
}

/* For lack of a right, or of what the kernel or the processor must have. */
static bool is_impossible(int err)
{
	return err == -EPERM || err == -EACCES || err == -EOPNOTSUPP || err == -ENOSYS;
}

/* A process can give itself any name: let through only what cannot harm a terminal. NULL: it is unknown. */
static void print_name(const char *name)
{
	for (name = name ? name : "?"; *name; name++)
		putchar(*name >= ' ' && *name <= '~' ? *name : '?');
}

static void print_known(int err, uint64_t number)
{
	if (err)
		printf("\t?");
	else
		printf("\t%llu", (unsigned long long)number);
}

static void print_number(const struct mmcpus_shootdown *row, enum mmcpus_shootdown_number which)
{
	uint64_t number = 0;
	int err = mmcpus_shootdown_number(row, which, &number);

	print_known(err, number);
}

static void print_row(const struct mmcpus_shootdown *row)
{
	if (mmcpus_shootdown_joined(row))
		printf("(%zu more)", mmcpus_shootdown_joined(row));
	else
		print_name(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_SENDER_COMM));
	print_number(row, MMCPUS_SHOOTDOWN_SENDER_PID);
	putchar('\t');
	print_name(mmcpus_shootdown_text(row, MMCPUS_SHOOTDOWN_CAUSE));
	print_number(row, MMCPUS_SHOOTDOWN_SENT);
	print_number(row, MMCPUS_SHOOTDOWN_HITS);
	print_number(row, MMCPUS_SHOOTDOWN_WAIT_NS);
	putchar('\n');
}

static void print_sum(const struct mmcpus_interval *interval, enum mmcpus_interval_number which)
{
	uint64_t number = 0;
	int err = mmcpus_interval_number(interval, which, &number);

	print_known(err, number);
}

static int print_interval(struct mmcpus_shootdowns *src)
{
	const struct mmcpus_interval *interval;
	struct mmcpus_shootdown *others;
	struct mmcpus_reason why;

	if (mmcpus_shootdowns_read(src, &interval, &why))
		return complain(&why);
	printf("all");
	print_sum(interval, MMCPUS_INTERVAL_SENT);
	print_sum(interval, MMCPUS_INTERVAL_HITS);
	putchar('\n');
	for (size_t i = 0; i < NR_ROWS && i < mmcpus_interval_count(interval); i++)
		print_row(mmcpus_interval_row(interval, i));
	if (mmcpus_interval_join(interval, NR_ROWS, &others) == 0) {
		print_row(others);
		mmcpus_shootdown_destroy(others);
	}
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Who counts for longer collects in between, when mmcpus_shootdowns_fd() says so. */
static int count(const struct mmcpus_system *sys)
{
	struct mmcpus_shootdowns *src;
	struct mmcpus_reason why;
	int err = mmcpus_shootdowns_open(sys, MMCPUS_BY_FLOW, NULL, &src, &why);
	int status;

	if (is_impossible(err)) {
		explain("can't count here: ", &why);
		return EXIT_SUCCESS;
	}
	if (err)
		return complain(&why);
	if (mmcpus_shootdowns_check_hits(src, &why)) /* then they are unknown */
		explain("hits are not seen: ", &why);
	sleep(1);
	status = print_interval(src);
	mmcpus_shootdowns_close(src);
	return status;
}

int main(void)
{
	struct mmcpus_system *sys;
	struct mmcpus_reason why;
	int status;

	if (mmcpus_system_open(NULL, &sys, &why))
		return complain(&why);
	status = count(sys);
	mmcpus_system_close(sys);
	return status;
}
