/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel side: what the kernel says about a flush, for as long as it is under way: struct flush_tlb_info. */
#ifndef MMCPUS_BPF_SHOOTDOWN_FLUSH_H
#define MMCPUS_BPF_SHOOTDOWN_FLUSH_H

#include "cast_read.bpf.h"
#include "shootdown_record.h"

/* arch/x86/include/asm/tlbflush.h */
#define TLB_FLUSH_ALL (~0ull)
#define PAGE_SHIFT    12
#define PAGE_SIZE     (1ull << PAGE_SHIFT)

#define INFO_BYTES 64

struct flush {
	uint64_t mm;
	uint64_t start;
	uint64_t end;
	uint64_t generation; /* of the mm's TLB, one more with each flush; a batch has none */
	uint32_t initiating_cpu;
	bool is_freeing_tables;
};

static __always_inline bool knows_info(void)
{
	return bpf_core_type_exists(struct flush_tlb_info) && bpf_core_field_exists(struct flush_tlb_info, mm) &&
	       bpf_core_field_exists(struct flush_tlb_info, start) &&
	       bpf_core_field_exists(struct flush_tlb_info, end) &&
	       bpf_core_field_exists(struct flush_tlb_info, new_tlb_gen) &&
	       bpf_core_field_exists(struct flush_tlb_info, initiating_cpu) &&
	       bpf_core_field_exists(struct flush_tlb_info, freed_tables);
}

static __always_inline void load_flush(struct flush *ret, uint64_t info)
{
	const struct flush_tlb_info *from = CAST(struct flush_tlb_info, info);

	ret->mm = (uint64_t)from->mm;
	ret->start = from->start;
	ret->end = from->end;
	ret->generation = from->new_tlb_gen;
	ret->initiating_cpu = from->initiating_cpu;
	ret->is_freeing_tables = from->freed_tables;
}

/*
 * By a call, at once: six calls would cost six times as much. What could not be read is 0. It is looked at before the
 * result: the verifier of 6.1 does not see that one goes with the other, and takes the rest for not initialized.
 */
static __always_inline bool copy_flush(struct flush *ret, uint64_t info)
{
	char bytes[INFO_BYTES] __attribute__((aligned(8)));
	long err = bpf_probe_read_kernel(bytes, sizeof(bytes), (const void *)info);

	ret->mm = *(uint64_t *)(bytes + bpf_core_field_offset(struct flush_tlb_info, mm));
	ret->start = *(uint64_t *)(bytes + bpf_core_field_offset(struct flush_tlb_info, start));
	ret->end = *(uint64_t *)(bytes + bpf_core_field_offset(struct flush_tlb_info, end));
	ret->generation = *(uint64_t *)(bytes + bpf_core_field_offset(struct flush_tlb_info, new_tlb_gen));
	ret->initiating_cpu = *(uint32_t *)(bytes + bpf_core_field_offset(struct flush_tlb_info, initiating_cpu));
	ret->is_freeing_tables = *(uint8_t *)(bytes + bpf_core_field_offset(struct flush_tlb_info, freed_tables));
	asm volatile("" ::: "memory");
	return !err;
}

static __always_inline bool read_flush(struct flush *ret, uint64_t info)
{
	if (!can_cast)
		return copy_flush(ret, info);
	load_flush(ret, info);
	return true;
}

/* What a function is handed that runs on another CPU: of one that flushes, the address of the description. 0: unknown. */
static __always_inline uint64_t info_of(const struct __call_single_data *csd)
{
	uint64_t info = 0;

	if (can_cast)
		return (uint64_t)CAST(struct __call_single_data, csd)->info;
	READ(info, csd->info);
	return info;
}

static __always_inline uint32_t kind_of(const struct flush *flush)
{
	if (!flush->mm)
		return SHOOTDOWN_KIND_BATCH;
	if (flush->is_freeing_tables)
		return SHOOTDOWN_KIND_TABLES;
	return flush->end == TLB_FLUSH_ALL ? SHOOTDOWN_KIND_WHOLE : SHOOTDOWN_KIND_RANGE;
}

#endif
