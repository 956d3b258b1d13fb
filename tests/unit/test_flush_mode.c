/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a captured machine tells of how flushes travel: never more than it can know. */
#include <mmcpus/mmcpus.h>

#include "machine.h"

#define INTEL "processor\t: 0\nvendor_id\t: GenuineIntel\n"
#define AMD   "processor\t: 0\nvendor_id\t: AuthenticAMD\n"

static const struct {
	const char *arch;
	const char *cpuinfo;
	enum mmcpus_flush_mode mode;
} machines[] = {
	{ "x86_64", INTEL "flags\t\t: fpu pcid monitor\n\n", MMCPUS_FLUSH_IPI },
	/* what the hypervisor offered, CPUID would have told */
	{ "x86_64", INTEL "flags\t\t: fpu hypervisor pcid\n\n", MMCPUS_FLUSH_UNKNOWN },
	{ "x86_64", INTEL "flags\t\t: hypervisor\n", MMCPUS_FLUSH_UNKNOWN },
	/* /proc/cpuinfo does not name INVLPGB, which without PCIDs is not used */
	{ "x86_64", AMD "flags\t\t: fpu pcid\n\n", MMCPUS_FLUSH_UNKNOWN },
	{ "x86_64", AMD "flags\t\t: fpu\n\n", MMCPUS_FLUSH_IPI },
	/* words that only look alike, and what other CPUs say */
	{ "x86_64", INTEL "flags\t\t: fpu hypervisorx\nbugs\t\t: hypervisor \n", MMCPUS_FLUSH_IPI },
	{ "x86_64", INTEL "flags\t\t: fpu\n\n" AMD "flags\t\t: hypervisor pcid\n", MMCPUS_FLUSH_IPI },
	/* nothing to go by */
	{ "x86_64", INTEL "model name\t: none\n", MMCPUS_FLUSH_UNKNOWN },
	{ "x86_64", INTEL "flags\t\t: cut off", MMCPUS_FLUSH_UNKNOWN },
	{ "x86_64", "", MMCPUS_FLUSH_UNKNOWN },
	{ "x86_64", NULL, MMCPUS_FLUSH_UNKNOWN },
	{ "s390x", INTEL "flags\t\t: fpu\n", MMCPUS_FLUSH_UNKNOWN },
	{ "aarch64", "processor\t: 0\nFeatures\t: fp\n", MMCPUS_FLUSH_HARDWARE },
};

static void captures(void **state)
{
	const struct tree *tree = *state;

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		struct mmcpus_system *sys;

		tree_write(tree, "sys/devices/system/cpu/possible", "0-3\n");
		tree_write(tree, "proc/sys/kernel/arch", machines[i].arch);
		tree_write(tree, "proc/cpuinfo", machines[i].cpuinfo ? machines[i].cpuinfo : "");
		if (!machines[i].cpuinfo)
			unlink(tree_path(tree, "proc/cpuinfo"));
		assert_int_equal(mmcpus_system_open(tree->root, &sys, NULL), 0);
		if (mmcpus_system_flush_mode(sys) != machines[i].mode)
			fail_msg("machine %zu: %s", i, mmcpus_flush_mode_name(mmcpus_system_flush_mode(sys)));
		mmcpus_system_close(sys);
	}
}

static void names(void **state)
{
	(void)state;
	for (int mode = MMCPUS_FLUSH_UNKNOWN; mode <= MMCPUS_FLUSH_HARDWARE; mode++) {
		assert_non_null(mmcpus_flush_mode_name(mode));
		assert_non_null(mmcpus_flush_mode_meaning(mode));
	}
	assert_null(mmcpus_flush_mode_name(MMCPUS_FLUSH_HARDWARE + 1));
	assert_null(mmcpus_flush_mode_meaning(MMCPUS_FLUSH_HARDWARE + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(captures),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
