// SPDX-License-Identifier: GPL-2.0-only
/*
 * One call, one look at every CPU: what its MMU holds and which task it runs, a record each, into a map that the library
 * reads in place.
 *
 * The kernel's per-CPU variables are reached without their symbols, which kernels without CONFIG_KALLSYMS_ALL hide. A
 * variable's address is the start of the CPU's unit of per-CPU memory plus the variable's offset, which the library
 * takes from the kernel's types. Every task has a timer that points to the hrtimer base of some CPU, which is such a
 * variable: that gives one unit. The elements of a per-CPU map lie as far from each other as the units do: that gives
 * the others. A CPU counts only if its run queue, found in this way, bears its number.
 */
#include "cpu_record.h"
#include "percpu_units.bpf.h"
#include "pid_view.bpf.h"

/* Set by the library before each run. One to a loaded program, and thus to a reader. */
struct cpu_walk cpu_walk;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct cpu_record));
	__uint(max_entries, 1); /* set before loading, to the number of CPUs */
} cpus SEC(".maps");

/* Reads of a CPU that switches meanwhile. A switch takes well under a microsecond, a read about half of one. */
#define MAX_TRIES 8

/* arch/x86/include/asm/tlbflush.h: LOADED_MM_SWITCHING */
#define MM_SWITCHING 1ul

static struct pid_view view;

static __always_inline const void *variable_on(uint32_t cpu, enum cpu_variable variable)
{
	return (const void *)(ruler_on(cpu) + unit_less_ruler + cpu_walk.vars[variable]);
}

static __always_inline bool has_fields(void)
{
	return bpf_core_field_exists(struct tlb_state, loaded_mm) &&
	       bpf_core_field_exists(struct tlb_state, loaded_mm_asid) &&
	       bpf_core_field_exists(struct tlb_state, ctxs) &&
	       bpf_core_field_size(struct tlb_state, ctxs) == sizeof(((struct cpu_record *)0)->slots) &&
	       bpf_core_field_exists(struct tlb_state_shared, is_lazy) && bpf_core_field_exists(struct rq, cpu) &&
	       bpf_core_field_exists(struct rq, curr) && bpf_core_field_exists(struct hrtimer_cpu_base, cpu) &&
	       bpf_core_field_exists(struct sched_dl_entity, dl_timer);
}

/* The task of a CPU, and its mm; true if it was the same all the time, so that it cannot have been freed. */
static __always_inline bool read_task(const struct rq *rq, struct cpu_record *rec, const struct mm_struct **ret_mm)
{
	const struct task_struct *leader;
	const struct task_struct *task;
	const struct task_struct *after;
	uint32_t task_flags;
	int32_t tgid;
	int32_t pid;

	rec->tgid = 0;
	rec->pid = 0;
	if (!READ(task, rq->curr) || !READ(task_flags, task->flags) || !READ(pid, task->pid) ||
	    !READ(tgid, task->tgid) || !READ(leader, task->group_leader) || !READ(rec->comm, task->comm) ||
	    !READ(*ret_mm, task->mm))
		return false;
	if (task_flags & PF_KTHREAD)
		rec->flags |= CPU_RECORD_KTHREAD;
	if (task_flags & PF_IDLE)
		rec->flags |= CPU_RECORD_IDLE;
	rec->comm[sizeof(rec->comm) - 1] = '\0'; /* of a task that was freed meanwhile, it is anything */
	rec->pid = number_seen(task, pid, &view);
	rec->tgid = number_seen(leader, tgid, &view);
	rec->flags |= CPU_RECORD_TASK;
	return READ(after, rq->curr) && after == task;
}

/* What the MMU holds, and the mm that is loaded; true if it was the same all the time. */
static __always_inline bool read_mmu(uint32_t cpu, struct cpu_record *rec, const struct mm_struct **ret_mm)
{
	const struct tlb_state_shared *shared = variable_on(cpu, CPU_VAR_TLBSTATE_SHARED);
	const struct tlb_state *state = variable_on(cpu, CPU_VAR_TLBSTATE);
	const struct mm_struct *after;
	const struct mm_struct *mm;
	uint16_t asid = 0;
	bool is_lazy = false;

	rec->loaded_id = 0;
	if (!READ(mm, state->loaded_mm))
		return false;
	if ((uint64_t)mm == MM_SWITCHING)
		rec->flags |= CPU_RECORD_SWITCHING;
	else if (!READ(rec->loaded_id, mm->context.ctx_id))
		return false;
	if (!READ(is_lazy, shared->is_lazy) || !READ(asid, state->loaded_mm_asid) || !READ(rec->slots, state->ctxs))
		return false;
	if (is_lazy)
		rec->flags |= CPU_RECORD_LAZY;
	rec->loaded_slot = asid;
	*ret_mm = mm;
	return READ(after, state->loaded_mm) && after == mm;
}

/* A slot that is the loaded one holds the loaded mm: what the kernel itself takes for granted in flush_tlb_func(). */
static __always_inline bool is_whole(const struct cpu_record *rec)
{
	if (rec->flags & CPU_RECORD_SWITCHING)
		return false;
	return rec->loaded_slot >= CPU_NR_SLOTS || rec->slots[rec->loaded_slot].mm_id == rec->loaded_id;
}

/*
 * __schedule() sets the task before it loads the task's mm. A task without one keeps the mm before, lazily, or has the
 * kernel's own. While the kernel patches its text, another mm is loaded for some microseconds, which looks like a switch.
 */
static __always_inline bool is_loaded_for(const struct cpu_record *rec, const struct mm_struct *own,
					  const struct mm_struct *loaded)
{
	bool is_lazy = rec->flags & CPU_RECORD_LAZY;

	return own ? own == loaded && !is_lazy : is_lazy || rec->loaded_id == CPU_KERNEL_MM_ID;
}

static __always_inline bool is_cpu(const struct rq *rq, uint32_t cpu)
{
	uint32_t number;

	return READ(number, rq->cpu) && number == cpu;
}

/*
 * Read a CPU once: was it the same all the time? Not static: the verifier looks at such a function once, and not for
 * each try anew, which took most of the time to load this.
 */
__noinline int read_cpu(uint32_t cpu)
{
	struct cpu_record *rec = bpf_map_lookup_elem(&cpus, &cpu);
	const struct mm_struct *loaded = NULL;
	const struct mm_struct *own = NULL;

	if (!rec)
		return 0;
	rec->flags = CPU_RECORD_VALID;
	return read_mmu(cpu, rec, &loaded) && is_whole(rec) &&
	       read_task(variable_on(cpu, CPU_VAR_RUNQUEUES), rec, &own) && is_loaded_for(rec, own, loaded);
}

static long visit_cpu(uint32_t cpu, void *unused __attribute__((unused)))
{
	struct cpu_record *rec = bpf_map_lookup_elem(&cpus, &cpu);
	int is_same = 0;

	if (!rec)
		return 1;
	rec->flags = 0;
	if (!ruler_on(cpu))
		return 0;
	if (!is_cpu(variable_on(cpu, CPU_VAR_RUNQUEUES), cpu))
		return 0;
	for (int i = 0; i < MAX_TRIES && !is_same; i++)
		is_same = read_cpu(cpu);
	if (!is_same)
		rec->flags |= CPU_RECORD_CHANGED;
	cpu_walk.nr_valid++;
	return 0;
}

/* On this CPU, the mm of the task that runs this is loaded: it could not run otherwise. */
static __always_inline bool is_own_mm_loaded(const struct task_struct *self)
{
	const struct tlb_state *state = variable_on(bpf_get_smp_processor_id(), CPU_VAR_TLBSTATE);
	const struct mm_struct *loaded;
	const struct mm_struct *own;

	return READ(loaded, state->loaded_mm) && READ(own, self->mm) && own && loaded == own;
}

static __always_inline enum cpu_layout check_layout(const struct task_struct *self)
{
	if (!has_fields())
		return CPU_LAYOUT_FIELDS;
	if (!find_units(self, cpu_walk.vars[CPU_VAR_HRTIMER_BASES]))
		return CPU_LAYOUT_ANCHOR;
	return is_own_mm_loaded(self) ? CPU_LAYOUT_OK : CPU_LAYOUT_MISMATCH;
}

SEC("syscall")
int walk_cpus(void *unused __attribute__((unused)))
{
	const struct task_struct *self = (const void *)bpf_get_current_task();

	cpu_walk.nr_valid = 0;
	cpu_walk.layout = check_layout(self);
	if (cpu_walk.layout != CPU_LAYOUT_OK)
		return 0;
	pid_view_init(&view, self);
	bpf_loop(cpu_walk.nr_cpus, visit_cpu, 0, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
