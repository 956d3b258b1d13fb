/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Causes of shootdowns, in words. */
#include "unit.h"

#include <asm/unistd.h>

#include "../../bpf/shootdown_record.h"
#include "shootdown_cause.h"

static void names_causes(void **state)
{
	static const struct {
		int32_t cause;
		const char *comm;
		const char *text; /* NULL: unknown */
	} cases[] = {
		{ __NR_munmap, "a", "munmap" },
		{ __NR_read, "a", "read" },
		{ 91 | SHOOTDOWN_CAUSE_COMPAT, "a", "munmap (32-bit)" },
		{ 100000, "a", "system call 100000" },
		{ SHOOTDOWN_CAUSE_FAULT, "a", "page fault" },
		{ SHOOTDOWN_CAUSE_EXIT, "a", "exit" },
		{ SHOOTDOWN_CAUSE_BALANCING, "a", "NUMA balancing" },
		{ SHOOTDOWN_CAUSE_KTHREAD, "kswapd1", "reclaim" },
		{ SHOOTDOWN_CAUSE_KTHREAD, "kcompactd0", "compaction" },
		{ SHOOTDOWN_CAUSE_KTHREAD, "iou-wrk-4242", "io_uring" },
		{ SHOOTDOWN_CAUSE_KTHREAD, "vhost-4242", "vhost" },
		{ SHOOTDOWN_CAUSE_KTHREAD, "kworker/u8:1", "kworker/u8:1" },
		{ SHOOTDOWN_CAUSE_UNKNOWN, "a", NULL },
		{ SHOOTDOWN_CAUSE_OTHER, "a", NULL },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		int err = shootdown_cause_format(cases[i].cause, cases[i].comm, text, sizeof(text));

		check((err == 0) == (cases[i].text != NULL), "cause %d: %d", cases[i].cause, err);
		check(err || strcmp(text, cases[i].text) == 0, "cause %d: '%s'", cases[i].cause, text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
