/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an x86 CPU says of itself and of the hypervisor that it runs under. On others: nothing. */
#ifndef MMCPUS_LIB_X86_CPUID_H
#define MMCPUS_LIB_X86_CPUID_H

#include <stdbool.h>
#include <stdint.h>

struct x86_cpuid {
	uint32_t eax;
	uint32_t ebx;
	uint32_t ecx;
	uint32_t edx;
};

/* False: there is no such leaf. */
bool x86_cpuid_read(uint32_t leaf, struct x86_cpuid *ret);

/*
 * The first of the leaves of a hypervisor with this signature of 12 characters; 0 if it is not there. One may offer the
 * interfaces of several.
 */
uint32_t x86_cpuid_hypervisor(const char *signature);

#endif
