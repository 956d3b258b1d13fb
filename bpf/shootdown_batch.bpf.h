/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel side: whose pages are flushed in a batch. Reclaim and migration unmap pages of whatever address spaces these are
 * in, and flush once for all of them: by then the kernel knows the CPUs, and not any more for whom.
 *
 * So it is noted for whom pages are unmapped, from the first of a batch on. This is seen before it is done, and a mapping
 * that was looked for may not be there: whether anything came of it shows the next time, by the task's mark that its batch
 * is not empty, or by the mm's count of what was put into batches.
 */
#ifndef MMCPUS_BPF_SHOOTDOWN_BATCH_H
#define MMCPUS_BPF_SHOOTDOWN_BATCH_H

#include "kernel.h"

struct batch {
	uint64_t mm; /* that the batch is of, unless it is empty; 0: of several, or it was not seen from the first on */
	uint64_t owner_id; /* context.ctx_id of the mm, which tells it from another at the same address */
	uint64_t other;    /* the last mm but that for which a page was to be unmapped; 0: none */
	int64_t other_count;
};

/* By thread. One that is pushed out by others has a batch of nobody knows whom. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(key_size, sizeof(int32_t));
	__uint(value_size, sizeof(struct batch));
	__uint(max_entries, 1024);
} batches SEC(".maps");

static __always_inline uint64_t read_id(uint64_t mm_address)
{
	const struct mm_struct *mm = (const void *)mm_address;
	uint64_t id = 0;

	if (!bpf_core_field_exists(mm->context.ctx_id))
		return 0;
	READ(id, mm->context.ctx_id);
	return id;
}

/* Each page of the mm that gets into a batch changes it. -1: not known. */
static __always_inline int64_t read_count(uint64_t mm_address)
{
	const struct mm_struct *mm = (const void *)mm_address;
	uint32_t count;

	if (!bpf_core_field_exists(mm->tlb_flush_batched) || !READ(count, mm->tlb_flush_batched.counter))
		return -1;
	return count;
}

static __always_inline bool has_batch_begun(const struct task_struct *task)
{
	return !bpf_core_field_exists(task->tlb_ubc.flush_required) || task->tlb_ubc.flush_required;
}

static __always_inline bool is_of_several(const struct batch *batch)
{
	return batch->other && (batch->other_count < 0 || read_count(batch->other) != batch->other_count);
}

/* The batch is empty so far: whose it is if anything comes of this. Is that new? */
static __always_inline bool begin_batch(struct batch *ret, const struct batch *known, uint64_t mm)
{
	ret->mm = mm;
	ret->owner_id = read_id(mm);
	return !known || known->mm != mm || known->owner_id != ret->owner_id || known->other;
}

/* It is not empty. Is anything new? */
static __always_inline bool go_on_with_batch(struct batch *ret, const struct batch *known, uint64_t mm)
{
	if (known && (!known->mm || known->mm == mm))
		return false;
	if (known && mm && !is_of_several(known)) {
		*ret = *known;
		ret->other = mm;
		ret->other_count = read_count(mm);
	}
	return true;
}

/* A page is about to be unmapped here. */
static __always_inline void note_unmap(const struct vm_area_struct *vma)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	struct batch batch = { 0 };
	int32_t tid = task->pid;
	struct batch *known = bpf_map_lookup_elem(&batches, &tid);
	uint64_t mm;
	bool is_new;

	if (!READ(mm, vma->vm_mm))
		mm = 0;
	if (has_batch_begun(task))
		is_new = go_on_with_batch(&batch, known, mm);
	else
		is_new = begin_batch(&batch, known, mm);
	if (is_new)
		bpf_map_update_elem(&batches, &tid, &batch, BPF_ANY);
}

/* The mm that the current task's batch is of, and its id: the batch ends here. 0: not known. */
static __always_inline uint64_t end_batch(int32_t tid, uint64_t *ret_id)
{
	struct batch *known = bpf_map_lookup_elem(&batches, &tid);
	struct batch batch;

	if (!known)
		return 0;
	batch = *known;
	bpf_map_delete_elem(&batches, &tid);
	/* The process may have exited meanwhile. */
	if (!batch.mm || !batch.owner_id || is_of_several(&batch) || read_id(batch.mm) != batch.owner_id)
		return 0;
	*ret_id = batch.owner_id;
	return batch.mm;
}

#endif
