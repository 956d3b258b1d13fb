/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel side: reads the kernel's memory by plain loads where the kernel allows that, with bpf_rdonly_cast() (6.2). A call
 * of bpf_probe_read_kernel() takes ten times as long. Where nothing can be read, such a load gives 0.
 */
#ifndef MMCPUS_BPF_CAST_READ_H
#define MMCPUS_BPF_CAST_READ_H

#include "kernel.h"

/* Declared once more: where the kernel lacks it, a program that does not call it is loaded all the same. */
void *bpf_rdonly_cast(const void *object, uint32_t btf_id) __ksym __weak;

/* Set before loading, so that the verifier takes out what the kernel can't do. */
const volatile bool can_cast;

#define CAST(type, address) ((const type *)bpf_rdonly_cast((const void *)(address), bpf_core_type_id_kernel(type)))

/* Any word, as if one of the kernel's structures that begin with a word lay there. Only behind can_cast. */
static __always_inline uint64_t cast_word(uint64_t address)
{
	return CAST(struct tlb_context, address)->ctx_id;
}

/* 0 where loads are not allowed. */
static __always_inline uint64_t read_word(uint64_t address)
{
	return can_cast ? cast_word(address) : 0;
}

#endif
