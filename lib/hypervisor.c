// SPDX-License-Identifier: LGPL-2.1-or-later
/* Is this a virtual machine, and whose? Some hypervisors flush TLBs without any interrupt that the guest could count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

static const struct {
	const char *signature; /* CPUID leaf 0x40000000 */
	const char *name;
} signatures[] = {
	{ "KVMKVMKVM", "kvm" },       { "Microsoft Hv", "hyperv" }, { "XenVMMXenVMM", "xen" },
	{ "VMwareVMware", "vmware" }, { "TCGTCGTCGTCG", "qemu" },   { "ACRNACRNACRN", "acrn" },
	{ "bhyve bhyve ", "bhyve" },
};

static const char *name_from_cpuid(void)
{
	unsigned int eax, ebx, ecx, edx;
	char signature[13] = { 0 };

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & 1u << 31))
		return "none";
	__cpuid(0x40000000, eax, ebx, ecx, edx);
	memcpy(signature, &ebx, 4);
	memcpy(signature + 4, &ecx, 4);
	memcpy(signature + 8, &edx, 4);
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
		if (strcmp(signature, signatures[i].signature) == 0)
			return signatures[i].name;
	return "unnamed";
}
#else
static const char *name_from_cpuid(void)
{
	return NULL;
}
#endif

/* x86 only: the flag "hypervisor" tells that there is one. */
static const char *name_from_cpuinfo(const struct root *root)
{
	struct text text = { 0 };
	const char *name = NULL;
	char *flags;

	if (root_read(root, "proc/cpuinfo", &text) == 0) {
		flags = strstr(text.data, "\nflags\t");
		if (flags) {
			flags[1 + strcspn(flags + 1, "\n")] = '\0';
			name = strstr(flags, " hypervisor") ? "unnamed" : "none";
		}
	}
	text_deinit(&text);
	return name;
}

char *system_read_hypervisor(const struct root *root)
{
	char type[64];
	const char *name;

	if (root_read_line(root, "sys/hypervisor/type", type, sizeof(type)) == 0 && type[0])
		return strdup(type);
	name = root->is_live ? name_from_cpuid() : name_from_cpuinfo(root);
	return name ? strdup(name) : NULL;
}
