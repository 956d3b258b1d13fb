// SPDX-License-Identifier: LGPL-2.1-or-later
/* How this machine's kernel flushes the TLBs of other CPUs. */
#include <errno.h>
#include <string.h>

#include "kernel_types.h"
#include "snapshot.h"
#include "system.h"

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

/* The line "flags" of the first CPU, with a blank at each end of each word. -ENODATA: there is none. */
static int read_flags(const struct root *root, struct text *ret)
{
	char *flags;
	size_t length;

	if (root_read(root, "proc/cpuinfo", ret))
		return -ENODATA;
	flags = strstr(ret->data, "\nflags\t");
	flags = flags ? strchr(flags, ':') : NULL;
	length = flags ? strcspn(flags, "\n") : 0;
	if (!flags || !flags[length])
		return -ENODATA;
	memmove(ret->data, flags + 1, length);
	ret->data[length - 1] = ' ';
	ret->data[length] = '\0';
	return 0;
}

static bool has_flag(const struct text *flags, const char *flag_and_blanks)
{
	return strstr(flags->data, flag_and_blanks);
}

/* ------------------------------------------------------------------------------------------ what the hypervisor can -- */

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

/* Bits of arch/x86/include/uapi/asm/kvm_para.h, and the conditions of pv_tlb_flush_supported(). */
static bool flushes_by_kvm(const struct mmcpus_system *sys, const struct text *flags)
{
	const unsigned int steal_time = 1u << 5, pv_tlb_flush = 1u << 9, realtime = 1u << 0;
	unsigned int eax, ebx, ecx, edx;

	__cpuid(0x40000001, eax, ebx, ecx, edx);
	return eax & pv_tlb_flush && eax & steal_time && !(edx & realtime) && !has_flag(flags, " monitor ") &&
	       sys->nr_cpus > 1;
}

/* HV_X64_REMOTE_TLB_FLUSH_RECOMMENDED, include/hyperv/hvgdk.h */
static bool flushes_by_hyperv(void)
{
	unsigned int eax, ebx, ecx, edx;

	__cpuid(0x40000004, eax, ebx, ecx, edx);
	return eax & 1u << 2;
}
#else
static bool flushes_by_kvm(const struct mmcpus_system *sys, const struct text *flags)
{
	(void)sys;
	(void)flags;
	return false;
}

static bool flushes_by_hyperv(void)
{
	return false;
}
#endif

/* A guest that Xen helps with its page tables leaves flushes to it as well; others do not. */
static bool flushes_by_xen(const struct root *root)
{
	char type[16];

	return root_read_line(root, "sys/hypervisor/guest_type", type, sizeof(type)) == 0 && strcmp(type, "PV") == 0;
}

static bool flushes_by_hypervisor(const struct mmcpus_system *sys, const char *hypervisor, const struct text *flags)
{
	if (strcmp(hypervisor, "kvm") == 0)
		return flushes_by_kvm(sys, flags);
	if (strcmp(hypervisor, "hyperv") == 0)
		return flushes_by_hyperv();
	return strcmp(hypervisor, "xen") == 0 && flushes_by_xen(&sys->root);
}

/* -------------------------------------------------------------------------------------------------- the machine's -- */

/* 6.15, if CONFIG_BROADCAST_TLB_FLUSH */
static enum mmcpus_flush_mode mode_of_invlpgb(const struct root *root)
{
	struct kernel_types types;
	bool has_global_asid;

	if (kernel_types_open(&types, root))
		return MMCPUS_FLUSH_UNKNOWN;
	has_global_asid = kernel_types_have_name(&types, "global_asid");
	kernel_types_close(&types);
	return has_global_asid ? MMCPUS_FLUSH_BROADCAST : MMCPUS_FLUSH_IPI;
}

static enum mmcpus_flush_mode mode_of_x86(const struct mmcpus_system *sys, const struct text *flags)
{
	const char *hypervisor = mmcpus_system_text(sys, MMCPUS_SYSTEM_HYPERVISOR);

	if (!hypervisor)
		return MMCPUS_FLUSH_UNKNOWN;
	if (strcmp(hypervisor, "none") != 0) {
		if (!sys->root.is_live)
			return MMCPUS_FLUSH_UNKNOWN;
		if (flushes_by_hypervisor(sys, hypervisor, flags))
			return MMCPUS_FLUSH_PARAVIRT;
	}
	return has_flag(flags, " invlpgb ") ? mode_of_invlpgb(&sys->root) : MMCPUS_FLUSH_IPI;
}

enum mmcpus_flush_mode mmcpus_system_flush_mode(const struct mmcpus_system *sys)
{
	const char *arch = mmcpus_system_text(sys, MMCPUS_SYSTEM_ARCH);
	enum mmcpus_flush_mode mode = MMCPUS_FLUSH_UNKNOWN;
	struct text flags = { 0 };

	if (arch && strcmp(arch, "aarch64") == 0)
		return MMCPUS_FLUSH_HARDWARE;
	if (!arch || strcmp(arch, "x86_64") != 0)
		return MMCPUS_FLUSH_UNKNOWN;
	if (read_flags(&sys->root, &flags) == 0)
		mode = mode_of_x86(sys, &flags);
	text_deinit(&flags);
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
