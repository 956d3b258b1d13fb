/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a captured machine is: CPUs, nodes, texts, the rule of its mask. */
#include "machine.h"

#include "backends/bpf.h"

static struct mmcpus_system *open_system(const struct tree *tree)
{
	struct mmcpus_system *sys;
	struct mmcpus_reason why = { 0 };
	int err = mmcpus_system_open(tree->root, &sys, &why);

	check(!err, "%d: %s", err, why.what);
	return sys;
}

static void describes_a_machine(void **state)
{
	struct mmcpus_system *sys;

	write_machine(*state);
	sys = open_system(*state);
	assert_false(mmcpus_system_is_live(sys));
	assert_int_equal(mmcpus_system_nr_cpus(sys), 8);
	assert_int_equal(mmcpus_system_pid_ns(sys), 0);
	assert_set(mmcpus_system_set(sys, MMCPUS_SYSTEM_POSSIBLE), "0-7");
	assert_set(mmcpus_system_set(sys, MMCPUS_SYSTEM_ONLINE), "0-5");
	assert_set(mmcpus_system_set(sys, MMCPUS_SYSTEM_NODES), "0-1");
	assert_null(mmcpus_system_set(sys, MMCPUS_NR_SYSTEM_SETS));
	assert_string_equal(mmcpus_system_text(sys, MMCPUS_SYSTEM_ARCH), "x86_64");
	assert_string_equal(mmcpus_system_text(sys, MMCPUS_SYSTEM_RELEASE), "6.12.0-test");
	assert_null(mmcpus_system_text(sys, MMCPUS_SYSTEM_LOCKDOWN));
	assert_null(mmcpus_system_text(sys, MMCPUS_SYSTEM_HYPERVISOR));
	assert_null(mmcpus_system_text(sys, MMCPUS_NR_SYSTEM_TEXTS));
	mmcpus_system_close(sys);
	mmcpus_system_close(NULL);
}

static void counts_cpus(void **state)
{
	static const struct {
		const char *possible;
		uint32_t nr_cpus;
		const char *set;
	} cases[] = {
		{ "0\n", 1, "0" },
		{ "0-1\n", 2, "0-1" },
		{ "0-1", 2, "0-1" },
		{ "0-3,8-11\n", 12, "0-3,8-11" }, /* holes in the numbering */
		{ "0-63\n", 64, "0-63" },
		{ "0-64\n", 65, "0-64" },
		{ "0-191,256-447\n", 448, "0-191,256-447" },
		{ "0-8191\n", 8192, "0-8191" },
	};

	write_machine(*state);
	for (size_t i = 0; i < NR(cases); i++) {
		struct mmcpus_system *sys;

		tree_write(*state, "sys/devices/system/cpu/possible", cases[i].possible);
		sys = open_system(*state);
		check(mmcpus_system_nr_cpus(sys) == cases[i].nr_cpus, "'%s': %u", cases[i].possible,
		      mmcpus_system_nr_cpus(sys));
		assert_set(mmcpus_system_set(sys, MMCPUS_SYSTEM_POSSIBLE), cases[i].set);
		mmcpus_system_close(sys);
	}
}

/* The masks in status files are as wide as nr_cpu_ids, rounded up to four bits. */
static void counts_cpus_without_sys(void **state)
{
	static const struct {
		const char *mask;
		uint32_t nr_cpus; /* 0: unknown */
	} cases[] = {
		{ "1", 4 },         { "3f", 8 },          { "fff", 12 },
		{ "ffffffff", 32 }, { "1,ffffffff", 36 }, { "ffffffff,00000000", 64 },
		{ "", 0 },          { "x", 0 },
	};

	for (size_t i = 0; i < NR(cases); i++) {
		struct task init = { .tgid = 1, .rss_kib = 4, .allowed = cases[i].mask };
		struct mmcpus_reason why = { 0 };
		struct mmcpus_system *sys = NULL;
		int err;

		write_task(*state, &init);
		err = mmcpus_system_open(((struct tree *)*state)->root, &sys, &why);
		if (cases[i].nr_cpus == 0) {
			check(err == -ENODATA && why.what[0], "'%s': %d", cases[i].mask, err);
			continue;
		}
		check(err == 0, "'%s': %d", cases[i].mask, err);
		assert_int_equal(mmcpus_system_nr_cpus(sys), cases[i].nr_cpus);
		for (int which = 0; which < MMCPUS_NR_SYSTEM_SETS; which++)
			check(!mmcpus_system_set(sys, which), "set %d is known", which);
		for (int which = 0; which < MMCPUS_NR_SYSTEM_TEXTS; which++)
			check(!mmcpus_system_text(sys, which), "text %d is known", which);
		assert_null(mmcpus_system_node_cpus(sys, 0));
		assert_int_equal(mmcpus_system_mask_rule(sys), MMCPUS_RULE_UNKNOWN);
		mmcpus_system_close(sys);
	}
}

/* A file that is no list of CPUs is as good as none. */
static void survives_bad_possible(void **state)
{
	static const char *const possible[] = { "", "\n", "x", "3-1", "0-99999", " (null)\n", "0-8192" };
	static const struct task init = { .tgid = 1, .rss_kib = 4, .allowed = "ff" };

	write_machine(*state);
	write_task(*state, &init);
	for (size_t i = 0; i < NR(possible); i++) {
		struct mmcpus_system *sys;

		tree_write(*state, "sys/devices/system/cpu/possible", possible[i]);
		sys = open_system(*state);
		assert_int_equal(mmcpus_system_nr_cpus(sys), 8);
		assert_null(mmcpus_system_set(sys, MMCPUS_SYSTEM_POSSIBLE));
		assert_set(mmcpus_system_set(sys, MMCPUS_SYSTEM_ONLINE), "0-5");
		mmcpus_system_close(sys);
	}
}

static void refuses_what_is_no_machine(void **state)
{
	struct tree *tree = *state;
	struct mmcpus_system *sys = NULL;
	struct mmcpus_reason why = { 0 };

	assert_int_equal(mmcpus_system_open(tree->root, &sys, &why), -ENOENT);
	assert_non_null(strstr(why.what, "proc"));
	assert_int_equal(mmcpus_system_open(tree_path(tree, "none"), &sys, NULL), -ENOENT);
	tree_mkdir(tree, "proc");
	assert_int_equal(mmcpus_system_open(tree->root, &sys, &why), -ENODATA); /* how many CPUs? */
	assert_null(sys);
}

static void knows_nodes(void **state)
{
	struct mmcpus_cpuset *nodes = mmcpus_cpuset_create(1024);
	static const struct {
		const char *cpus;
		const char *nodes;
	} cases[] = {
		{ "", "" }, { "0", "0" }, { "3,4", "0,7" }, { "6-7", "7" }, { "0-7", "0,7" },
	};
	struct mmcpus_system *sys;

	write_machine(*state);
	tree_write(*state, "sys/devices/system/node/online", "0,3,7\n"); /* 3 has memory only, 5 is not there */
	tree_write(*state, "sys/devices/system/node/node3/cpulist", "\n");
	tree_write(*state, "sys/devices/system/node/node7/cpulist", "4-7\n");
	sys = open_system(*state);
	assert_set(mmcpus_system_set(sys, MMCPUS_SYSTEM_NODES), "0,3,7");
	assert_set(mmcpus_system_node_cpus(sys, 0), "0-3");
	assert_set(mmcpus_system_node_cpus(sys, 3), "");
	assert_set(mmcpus_system_node_cpus(sys, 7), "4-7");
	assert_null(mmcpus_system_node_cpus(sys, 1)); /* there is a file, but it is offline */
	assert_null(mmcpus_system_node_cpus(sys, 5));
	assert_null(mmcpus_system_node_cpus(sys, UINT32_MAX));
	for (size_t i = 0; i < NR(cases); i++) {
		struct mmcpus_cpuset *cpus = set_of(8, cases[i].cpus);

		assert_int_equal(mmcpus_cpuset_add(nodes, 99), 0);
		assert_int_equal(mmcpus_system_nodes_of(sys, cpus, nodes), 0);
		assert_set(nodes, cases[i].nodes);
		mmcpus_cpuset_destroy(cpus);
	}
	mmcpus_system_close(sys);
	mmcpus_cpuset_destroy(nodes);
}

static void nodes_may_be_unknown(void **state)
{
	struct mmcpus_cpuset *cpus = set_of(8, "0-7");
	struct mmcpus_cpuset *nodes = set_of(8, "1");
	struct mmcpus_system *sys;

	write_machine(*state);
	assert_int_equal(unlink(tree_path(*state, "sys/devices/system/node/online")), 0);
	sys = open_system(*state);
	assert_null(mmcpus_system_set(sys, MMCPUS_SYSTEM_NODES));
	assert_int_equal(mmcpus_system_nodes_of(sys, cpus, nodes), -ENODATA);
	assert_true(mmcpus_cpuset_is_empty(nodes));
	mmcpus_system_close(sys);
	mmcpus_cpuset_destroy(cpus);
	mmcpus_cpuset_destroy(nodes);
}

/* One text of a machine, after one file was written; NULL: unknown. */
static void check_text(const struct tree *tree, enum mmcpus_system_text which, const char *path, const char *content,
		       const char *expected)
{
	struct mmcpus_system *sys;
	const char *text;

	tree_write(tree, path, content);
	sys = open_system(tree);
	text = mmcpus_system_text(sys, which);
	if (expected)
		check(text && strcmp(text, expected) == 0, "'%s': '%s'", content, text ? text : "(unknown)");
	else
		check(!text, "'%s': '%s'", content, text);
	mmcpus_system_close(sys);
}

static void reads_lockdown(void **state)
{
	static const struct {
		const char *content;
		const char *expected;
	} cases[] = {
		{ "[none] integrity confidentiality\n", "none" },
		{ "none [integrity] confidentiality\n", "integrity" },
		{ "none integrity [confidentiality]\n", "confidentiality" },
		{ "none integrity confidentiality\n", NULL },
		{ "none [integrity confidentiality\n", NULL },
		{ "none] [integrity]\n", "integrity" },
		{ "", NULL },
	};

	write_machine(*state);
	for (size_t i = 0; i < NR(cases); i++)
		check_text(*state, MMCPUS_SYSTEM_LOCKDOWN, "sys/kernel/security/lockdown", cases[i].content,
			   cases[i].expected);
}

/* What the machine tells of it is not asked for again. */
static void explains_fentry_by_lockdown(void **state)
{
	static const struct {
		const char *lockdown;
		const char *remedy;
	} cases[] = {
		{ "[none] integrity confidentiality\n", "CONFIG_FUNCTION_TRACER=y; a container or a security module" },
		{ "none [integrity] confidentiality\n", "CONFIG_FUNCTION_TRACER=y, and no lockdown: it is integrity" },
		{ "", "CONFIG_FUNCTION_TRACER=y, and no lockdown (whether there is one can't be read here)" },
	};

	write_machine(*state);
	for (size_t i = 0; i < NR(cases); i++) {
		struct mmcpus_system *sys;
		struct mmcpus_reason why;

		tree_write(*state, "sys/kernel/security/lockdown", cases[i].lockdown);
		sys = open_system(*state);
		bpf_explain_fentry(-EPERM, sys, &why);
		check(strstr(why.remedy, cases[i].remedy), "case %zu: %s", i, why.remedy);
		mmcpus_system_close(sys);
	}
}

static void reads_hypervisor_from_cpuinfo(void **state)
{
	static const struct {
		const char *content;
		const char *expected;
	} cases[] = {
		{ "processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\nbugs\t\t:\n", "unnamed" },
		{ "processor\t: 0\nflags\t\t: fpu hypervisor\n", "unnamed" },
		{ "processor\t: 0\nflags\t\t: fpu vme lahf_lm\nbugs\t\t: hypervisor\n", "none" },
		{ "processor\t: 0\nvmx flags\t: hypervisor\nflags\t\t: fpu\n", "none" },
		{ "processor\t: 0\nFeatures\t: fp asimd\n", NULL }, /* arm64 has no such flag */
		{ "", NULL },
	};

	write_machine(*state);
	for (size_t i = 0; i < NR(cases); i++)
		check_text(*state, MMCPUS_SYSTEM_HYPERVISOR, "proc/cpuinfo", cases[i].content, cases[i].expected);
}

static void type_of_hypervisor_wins(void **state)
{
	write_machine(*state);
	tree_write(*state, "proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor\n");
	check_text(*state, MMCPUS_SYSTEM_HYPERVISOR, "sys/hypervisor/type", "xen\n", "xen");
	check_text(*state, MMCPUS_SYSTEM_HYPERVISOR, "sys/hypervisor/type", "\n", "unnamed");
}

static void knows_the_rule_of_an_architecture(void **state)
{
	static const struct {
		const char *arch;
		enum mmcpus_mask_rule rule;
	} cases[] = {
		{ "x86_64\n", MMCPUS_RULE_X86_UNDECIDED },   { "i686\n", MMCPUS_RULE_X86_UNDECIDED },
		{ "aarch64\n", MMCPUS_RULE_NOT_MAINTAINED }, { "riscv64\n", MMCPUS_RULE_NEVER_CLEARED },
		{ "arc\n", MMCPUS_RULE_NEVER_CLEARED },      { "s390x\n", MMCPUS_RULE_UNKNOWN },
		{ "x86_64x\n", MMCPUS_RULE_UNKNOWN },        { "\n", MMCPUS_RULE_UNKNOWN },
	};

	write_machine(*state);
	for (size_t i = 0; i < NR(cases); i++) {
		struct mmcpus_system *sys;

		tree_write(*state, "proc/sys/kernel/arch", cases[i].arch);
		sys = open_system(*state);
		check(mmcpus_system_mask_rule(sys) == cases[i].rule, "%s: %d", cases[i].arch,
		      mmcpus_system_mask_rule(sys));
		mmcpus_system_close(sys);
	}
}

/* Captured are the names of one enum, lines of a file that the kernel does not have. */
static void tells_the_rule_by_the_types(void **state)
{
	static const struct {
		const char *names;
		enum mmcpus_mask_rule rule;
	} cases[] = {
		{ "TLB_FLUSH_ON_TASK_SWITCH\nTLB_REMOTE_SHOOTDOWN\n", MMCPUS_RULE_EAGER },
		{ "TLB_REMOTE_SHOOTDOWN\nTLB_REMOTE_WRONG_CPU\n", MMCPUS_RULE_LAZY },
		{ "TLB_REMOTE_WRONG_CPU\nTLB_REMOTE_SHOOTDOWN\n", MMCPUS_RULE_LAZY },
		{ "TLB_REMOTE_WRONG_CPUS\n", MMCPUS_RULE_EAGER },
	};
	struct mmcpus_system *sys;

	write_machine(*state);
	for (size_t i = 0; i < NR(cases); i++) {
		tree_write(*state, "sys/kernel/btf/tlb_flush_reason", cases[i].names);
		sys = open_system(*state);
		check(mmcpus_system_mask_rule(sys) == cases[i].rule, "case %zu: %d", i, mmcpus_system_mask_rule(sys));
		mmcpus_system_close(sys);
	}
	tree_write(*state, "proc/sys/kernel/arch", "riscv64\n"); /* not a question of types */
	sys = open_system(*state);
	assert_int_equal(mmcpus_system_mask_rule(sys), MMCPUS_RULE_NEVER_CLEARED);
	mmcpus_system_close(sys);
}

/* A capture names a file outside of it: what is there must not become part of the answer. */
static void links_lead_nowhere(void **state)
{
	const struct tree *tree = *state;
	char outside[PATH_MAX];

	write_machine(tree);
	tree_write(tree, "../outside/secret", "secret\n");
	snprintf(outside, sizeof(outside), "%s/outside/secret", tree->base);
	assert_int_equal(unlink(tree_path(tree, "proc/sys/kernel/osrelease")), 0);
	tree_link(tree, "proc/sys/kernel/osrelease", outside);
	check_text(tree, MMCPUS_SYSTEM_RELEASE, "proc/other", "", NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		tree_test(describes_a_machine),         tree_test(counts_cpus),
		tree_test(counts_cpus_without_sys),     tree_test(survives_bad_possible),
		tree_test(refuses_what_is_no_machine),  tree_test(knows_nodes),
		tree_test(nodes_may_be_unknown),        tree_test(reads_lockdown),
		tree_test(explains_fentry_by_lockdown), tree_test(reads_hypervisor_from_cpuinfo),
		tree_test(type_of_hypervisor_wins),     tree_test(knows_the_rule_of_an_architecture),
		tree_test(tells_the_rule_by_the_types), tree_test(links_lead_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
