// SPDX-License-Identifier: LGPL-2.1-or-later
/* How this machine's kernel flushes the TLBs of other CPUs. */
#include <errno.h>
#include <string.h>

#include "kernel_types.h"
#include "snapshot.h"
#include "system.h"
#include "x86_cpuid.h"

static const struct {
	const char *name;
	const char *meaning;
} modes[] = {
	[MMCPUS_FLUSH_UNKNOWN] = { "unknown", "it is not known how this machine flushes the TLBs of other CPUs" },
	[MMCPUS_FLUSH_IPI] = { "ipi", "flushes of other CPUs' TLBs interrupt those CPUs" },
	[MMCPUS_FLUSH_BROADCAST] = { "broadcast", "processes on many CPUs are flushed by broadcast, which interrupts "
						  "nobody; all others by interrupt" },
	[MMCPUS_FLUSH_PARAVIRT] = { "paravirt",
				    "the hypervisor helps: virtual CPUs that do not run are not interrupted" },
	[MMCPUS_FLUSH_HARDWARE] = { "hardware", "the hardware broadcasts flushes, whatever the mask says" },
};

const char *mmcpus_flush_mode_name(enum mmcpus_flush_mode mode)
{
	return (size_t)mode < sizeof(modes) / sizeof(modes[0]) ? modes[mode].name : NULL;
}

const char *mmcpus_flush_mode_meaning(enum mmcpus_flush_mode mode)
{
	return (size_t)mode < sizeof(modes) / sizeof(modes[0]) ? modes[mode].meaning : NULL;
}

/* ------------------------------------------------------------------------------------------------ what the CPU can -- */

/* What /proc/cpuinfo says of the first CPU, a blank at each end of each word. */
struct cpuinfo {
	struct text text;
	const char *flags;
	bool is_amd;
};

/* The value of a line "key\t: value" of the text, with a blank behind it, too; NULL: there is none. */
static char *cpuinfo_value(const struct text *text, const char *key_and_tab)
{
	char *line = strstr(text->data, key_and_tab);
	char *value = line ? strchr(line, ':') : NULL;

	return value ? value + 1 : NULL;
}

/* -ENODATA: it has no flags. */
static int cpuinfo_read(struct cpuinfo *info, const struct root *root)
{
	const char *vendor;
	char *flags;

	if (root_read(root, "proc/cpuinfo", &info->text))
		return -ENODATA;
	vendor = cpuinfo_value(&info->text, "vendor_id\t");
	info->is_amd = vendor && strncmp(vendor, " AuthenticAMD\n", 14) == 0;
	flags = cpuinfo_value(&info->text, "\nflags\t");
	if (!flags || !strchr(flags, '\n'))
		return -ENODATA;
	strchr(flags, '\n')[1] = '\0';
	*strchr(flags, '\n') = ' ';
	info->flags = flags;
	return 0;
}

static bool has_flag(const struct cpuinfo *info, const char *flag_and_blanks)
{
	return strstr(info->flags, flag_and_blanks);
}

int system_has_cpu_flag(const struct mmcpus_system *sys, const char *flag_and_blanks)
{
	struct cpuinfo info = { 0 };
	int has = cpuinfo_read(&info, &sys->root);

	if (!has)
		has = has_flag(&info, flag_and_blanks);
	text_deinit(&info.text);
	return has;
}

/* ------------------------------------------------------------------------------------------ what the hypervisor can -- */

/* Bits of arch/x86/include/uapi/asm/kvm_para.h, and the conditions of pv_tlb_flush_supported(). */
static bool is_flushed_by_kvm(const struct mmcpus_system *sys, const struct cpuinfo *info)
{
	const uint32_t steal_time = 1u << 5, pv_tlb_flush = 1u << 9, realtime = 1u << 0;
	const struct mmcpus_cpuset *possible = mmcpus_system_set(sys, MMCPUS_SYSTEM_POSSIBLE);
	uint32_t leaf = x86_cpuid_hypervisor("KVMKVMKVM\0\0\0");
	struct x86_cpuid regs;

	if (!leaf || !x86_cpuid_read(leaf + 1, &regs))
		return false;
	return regs.eax & pv_tlb_flush && regs.eax & steal_time && !(regs.edx & realtime) &&
	       !has_flag(info, " monitor ") && (!possible || mmcpus_cpuset_count(possible) > 1);
}

/* HV_X64_REMOTE_TLB_FLUSH_RECOMMENDED, include/hyperv/hvgdk.h. KVM can pose as Hyper-V, and is then taken for KVM. */
static bool is_flushed_by_hyperv(const struct mmcpus_system *sys, const struct cpuinfo *info)
{
	uint32_t leaf = x86_cpuid_hypervisor("Microsoft Hv");
	struct x86_cpuid regs;

	(void)sys;
	(void)info;
	return leaf && !x86_cpuid_hypervisor("KVMKVMKVM\0\0\0") && x86_cpuid_read(leaf + 4, &regs) &&
	       regs.eax & 1u << 2;
}

/* A guest that Xen helps with its page tables leaves flushes to it as well; others do not. */
static bool is_flushed_by_xen(const struct mmcpus_system *sys, const struct cpuinfo *info)
{
	char type[16];

	(void)info;
	return root_read_line(&sys->root, "sys/hypervisor/guest_type", type, sizeof(type)) == 0 &&
	       strcmp(type, "PV") == 0;
}

/* What is offered is used by a kernel that was built for it: it has the function, and a type of it. */
static const struct {
	const char *function;
	bool (*is_offered)(const struct mmcpus_system *sys, const struct cpuinfo *info);
} helpers[] = {
	{ "kvm_flush_tlb_multi", is_flushed_by_kvm },
	{ "hyperv_flush_tlb_multi", is_flushed_by_hyperv },
	{ "xen_flush_tlb_multi", is_flushed_by_xen },
};

static bool is_helped(const struct mmcpus_system *sys, const struct cpuinfo *info, const struct kernel_types *types)
{
	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++)
		if (helpers[i].is_offered(sys, info) && kernel_types_have_name(types, helpers[i].function))
			return true;
	return false;
}

/* -------------------------------------------------------------------------------------------------- the machine's -- */

/*
 * The CPU has INVLPGB, and the kernel uses it (6.15, CONFIG_BROADCAST_TLB_FLUSH), which it does not without PCIDs. The
 * kernel does not name INVLPGB in /proc/cpuinfo: CPUID has to be asked.
 */
static bool is_broadcast(const struct cpuinfo *info, const struct kernel_types *types)
{
	const uint32_t invlpgb = 1u << 3;
	struct x86_cpuid regs;

	return has_flag(info, " pcid ") && x86_cpuid_read(0x80000008, &regs) && regs.ebx & invlpgb &&
	       kernel_types_have_name(types, "global_asid");
}

static enum mmcpus_flush_mode mode_of_kernel(const struct mmcpus_system *sys, const struct cpuinfo *info)
{
	enum mmcpus_flush_mode mode = MMCPUS_FLUSH_IPI;
	struct kernel_types types;

	if (kernel_types_open(&types, &sys->root))
		return MMCPUS_FLUSH_UNKNOWN;
	if (is_broadcast(info, &types))
		mode = MMCPUS_FLUSH_BROADCAST;
	else if (is_helped(sys, info, &types))
		mode = MMCPUS_FLUSH_PARAVIRT;
	kernel_types_close(&types);
	return mode;
}

/* No CPUID in a capture: neither what a hypervisor offered is known, nor whether an AMD CPU had INVLPGB. */
static enum mmcpus_flush_mode mode_of_capture(const struct cpuinfo *info)
{
	if (has_flag(info, " hypervisor ") || (info->is_amd && has_flag(info, " pcid ")))
		return MMCPUS_FLUSH_UNKNOWN;
	return MMCPUS_FLUSH_IPI;
}

enum mmcpus_flush_mode mmcpus_system_flush_mode(const struct mmcpus_system *sys)
{
	const char *arch = mmcpus_system_text(sys, MMCPUS_SYSTEM_ARCH);
	enum mmcpus_flush_mode mode = MMCPUS_FLUSH_UNKNOWN;
	struct cpuinfo info = { 0 };

	if (arch && strcmp(arch, "aarch64") == 0)
		return MMCPUS_FLUSH_HARDWARE;
	if (!arch || strcmp(arch, "x86_64") != 0)
		return MMCPUS_FLUSH_UNKNOWN;
	if (cpuinfo_read(&info, &sys->root) == 0)
		mode = sys->root.is_live ? mode_of_kernel(sys, &info) : mode_of_capture(&info);
	text_deinit(&info.text);
	return mode;
}

/* --------------------------------------------------------------------------------------------- an address space's -- */

enum mmcpus_flush_mode mmcpus_mm_flush_mode(const struct mmcpus_snapshot *snap, const struct mmcpus_mm *mm)
{
	if (!(snap->known & snap->wanted & MMCPUS_FIELD_FLUSH))
		return MMCPUS_FLUSH_UNKNOWN;
	if (snap->flush_mode != MMCPUS_FLUSH_BROADCAST)
		return snap->flush_mode;
	if (!(mm->record.flags & MM_RECORD_KNOWS_ASID))
		return MMCPUS_FLUSH_UNKNOWN;
	return mm->record.flags & MM_RECORD_GLOBAL_ASID ? MMCPUS_FLUSH_BROADCAST : MMCPUS_FLUSH_IPI;
}
