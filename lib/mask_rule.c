// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which rule sets and clears the bits of the mm_cpumask on this kernel. */
#include <string.h>

#include "kernel_types.h"
#include "system.h"

static const struct {
	const char *name;
	const char *meaning;
} rules[] = {
	[MMCPUS_RULE_UNKNOWN] = { "unknown", "nobody has described yet how this architecture keeps the mask" },
	[MMCPUS_RULE_EAGER] = { "eager", "a bit is set at switch-in and cleared when that CPU switches to another "
					 "process; kernel threads and idle keep it" },
	[MMCPUS_RULE_LAZY] = { "lazy", "a bit is set at switch-in and stays until a TLB flush finds another process "
				       "there: a CPU once visited may be listed long after" },
	[MMCPUS_RULE_X86_UNDECIDED] = { "undecided", "x86: eager or lazy clearing, the kernel shows no type "
						     "information to tell them apart" },
	[MMCPUS_RULE_NEVER_CLEARED] = { "never-cleared",
					"a bit is set at the first visit and never cleared (riscv: where the CPUs have ASIDs)" },
	[MMCPUS_RULE_NOT_MAINTAINED] = { "not-maintained", "the architecture keeps no bits: the mask is always empty "
							   "and means nothing" },
};

static const struct {
	const char *arch;
	enum mmcpus_mask_rule rule;
} arch_rules[] = {
	{ "x86_64", MMCPUS_RULE_X86_UNDECIDED },   { "i686", MMCPUS_RULE_X86_UNDECIDED },
	{ "i586", MMCPUS_RULE_X86_UNDECIDED },     { "i386", MMCPUS_RULE_X86_UNDECIDED },
	{ "aarch64", MMCPUS_RULE_NOT_MAINTAINED }, { "armv8l", MMCPUS_RULE_NOT_MAINTAINED },
	{ "arm64", MMCPUS_RULE_NOT_MAINTAINED },   { "m68k", MMCPUS_RULE_NOT_MAINTAINED },
	{ "riscv64", MMCPUS_RULE_NEVER_CLEARED },  { "riscv32", MMCPUS_RULE_NEVER_CLEARED },
	{ "arc", MMCPUS_RULE_NEVER_CLEARED },
};

static enum mmcpus_mask_rule rule_of_arch(const struct mmcpus_system *sys)
{
	const char *arch = sys->texts[MMCPUS_SYSTEM_ARCH];

	for (size_t i = 0; arch && i < sizeof(arch_rules) / sizeof(arch_rules[0]); i++)
		if (strcmp(arch, arch_rules[i].arch) == 0)
			return arch_rules[i].rule;
	return MMCPUS_RULE_UNKNOWN;
}

bool system_maintains_mask(const struct mmcpus_system *sys)
{
	return rule_of_arch(sys) != MMCPUS_RULE_NOT_MAINTAINED;
}

/*
 * 6.14, 2815a56e4b72 ("x86/mm/tlb: Add tracepoint for TLB flush IPI to stale CPU"), came with the series that made
 * clearing lazy, and left its mark in the types: enum tlb_flush_reason got TLB_REMOTE_WRONG_CPU. The version tells
 * less: stable kernels carry one half of that series, and with it context.next_trim_cpumask, without the other.
 */
#define LAZY_MARK "TLB_REMOTE_WRONG_CPU"

static enum mmcpus_mask_rule rule_of_types(const struct root *root)
{
	struct kernel_types types;
	bool is_lazy;

	if (kernel_types_open(&types, root))
		return MMCPUS_RULE_X86_UNDECIDED;
	is_lazy = kernel_types_have_name(&types, LAZY_MARK);
	kernel_types_close(&types);
	return is_lazy ? MMCPUS_RULE_LAZY : MMCPUS_RULE_EAGER;
}

/* A capture leaves out the types, but for the names of that enum: a file of lines, which the kernel does not have. */
static enum mmcpus_mask_rule rule_of_capture(const struct root *root)
{
	enum mmcpus_mask_rule rule = MMCPUS_RULE_X86_UNDECIDED;
	struct text names = { 0 };

	if (root_read(root, "sys/kernel/btf/tlb_flush_reason", &names) == 0 && names.length)
		rule = strstr(names.data, LAZY_MARK "\n") ? MMCPUS_RULE_LAZY : MMCPUS_RULE_EAGER;
	text_deinit(&names);
	return rule;
}

enum mmcpus_mask_rule mmcpus_system_mask_rule(const struct mmcpus_system *sys)
{
	enum mmcpus_mask_rule rule = rule_of_arch(sys);

	if (rule != MMCPUS_RULE_X86_UNDECIDED)
		return rule;
	return sys->root.is_live ? rule_of_types(&sys->root) : rule_of_capture(&sys->root);
}

const char *mmcpus_mask_rule_name(enum mmcpus_mask_rule rule)
{
	return (size_t)rule < sizeof(rules) / sizeof(rules[0]) ? rules[rule].name : NULL;
}

const char *mmcpus_mask_rule_meaning(enum mmcpus_mask_rule rule)
{
	return (size_t)rule < sizeof(rules) / sizeof(rules[0]) ? rules[rule].meaning : NULL;
}
