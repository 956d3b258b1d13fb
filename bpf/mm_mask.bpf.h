/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: where the mm_cpumask of an mm_struct lies. */
#ifndef MMCPUS_BPF_MM_MASK_H
#define MMCPUS_BPF_MM_MASK_H

#include "kernel.h"

static __always_inline bool has_mm_mask(void)
{
	return !bpf_core_type_exists(struct percpu_counter_tree) &&
	       (bpf_core_field_exists(struct mm_struct, cpu_bitmap) ||
		bpf_core_field_exists(struct mm_struct___mask_since_6_19, flexible_array));
}

static __always_inline uint32_t mm_mask_offset(void)
{
	if (bpf_core_field_exists(struct mm_struct, cpu_bitmap))
		return bpf_core_field_offset(struct mm_struct, cpu_bitmap);
	return bpf_core_field_offset(struct mm_struct___mask_since_6_19, flexible_array);
}

#endif
