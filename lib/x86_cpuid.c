// SPDX-License-Identifier: LGPL-2.1-or-later
#include "x86_cpuid.h"

#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

/* Leaves of a hypervisor answer only where there is one, and __get_cpuid() does not know where they end. */
bool x86_cpuid_read(uint32_t leaf, struct x86_cpuid *ret)
{
	if (leaf >> 16 == 0x4000) {
		__cpuid(leaf, ret->eax, ret->ebx, ret->ecx, ret->edx);
		return true;
	}
	return __get_cpuid(leaf, &ret->eax, &ret->ebx, &ret->ecx, &ret->edx);
}
#else
bool x86_cpuid_read(uint32_t leaf, struct x86_cpuid *ret)
{
	(void)leaf;
	*ret = (struct x86_cpuid){ 0 };
	return false;
}
#endif

#define FIRST_LEAF    0x40000000u
#define LAST_LEAF     0x40010000u
#define LEAF_DISTANCE 0x100u

/* As hypervisor_cpuid_base() of the kernel looks for it. */
uint32_t x86_cpuid_hypervisor(const char *signature)
{
	struct x86_cpuid regs;

	if (!x86_cpuid_read(1, &regs) || !(regs.ecx & 1u << 31))
		return 0;
	for (uint32_t leaf = FIRST_LEAF; leaf < LAST_LEAF; leaf += LEAF_DISTANCE) {
		char found[12];

		x86_cpuid_read(leaf, &regs);
		memcpy(found, &regs.ebx, 4);
		memcpy(found + 4, &regs.ecx, 4);
		memcpy(found + 8, &regs.edx, 4);
		if (memcmp(found, signature, sizeof(found)) == 0)
			return leaf;
	}
	return 0;
}
