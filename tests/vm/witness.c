// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * witness ROUNDS COMMAND: the TLB state of every address space as a debugger would read it, to compare with what mmcpus
 * says. It shares no code with mmcpus and runs nothing in the kernel: it reads the machine's memory from /proc/kcore,
 * finds variables in /proc/kallsyms and the layout of structures in BTF, and follows the kernel's list of tasks.
 *
 * It leaves itself out: while it looks it is loaded, while the command runs it is not. It has to be bound to a CPU.
 *
 * In each round it reads, lets a shell run the command, and reads again. Its own lines are "before" and "after", then MM
 * ACTIVE LOADED LAZY CACHED BEHIND: the ctx_id and CPU lists, "-" if empty. x86-64 only.
 */
#include <bpf/btf.h>
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_CPUS  256
#define MAX_TASKS 65536
#define MAX_ASIDS 16

/* ------------------------------------------------------------------------------------------- the kernel's memory -- */

static int kcore;
static Elf64_Phdr segments[256];
static size_t nr_segments;

static void open_kcore(void)
{
	Elf64_Ehdr header;
	size_t bytes;

	kcore = open("/proc/kcore", O_RDONLY);
	if (kcore < 0 || pread(kcore, &header, sizeof(header), 0) != sizeof(header))
		err(2, "/proc/kcore");
	if (header.e_phnum > sizeof(segments) / sizeof(segments[0]))
		errx(2, "/proc/kcore has %u segments", header.e_phnum);
	nr_segments = header.e_phnum;
	bytes = nr_segments * sizeof(segments[0]);
	if (pread(kcore, segments, bytes, (off_t)header.e_phoff) != (ssize_t)bytes)
		err(2, "segments of /proc/kcore");
}

static void read_memory(uint64_t address, void *ret, size_t bytes)
{
	for (size_t i = 0; i < nr_segments; i++) {
		const Elf64_Phdr *segment = &segments[i];

		if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
		    address - segment->p_vaddr >= segment->p_memsz)
			continue;
		if (pread(kcore, ret, bytes, (off_t)(segment->p_offset + (address - segment->p_vaddr))) !=
		    (ssize_t)bytes)
			err(2, "memory at %#" PRIx64, address);
		return;
	}
	errx(2, "nothing in /proc/kcore at %#" PRIx64, address);
}

static uint64_t read_u64(uint64_t address)
{
	uint64_t value;

	read_memory(address, &value, sizeof(value));
	return value;
}

static uint32_t read_u32(uint64_t address)
{
	uint32_t value;

	read_memory(address, &value, sizeof(value));
	return value;
}

/* ------------------------------------------------------------------------------------------------------- symbols -- */

static struct {
	const char *name;
	uint64_t value;
	bool is_found;
} symbols[] = { { "init_task", 0, false },
		{ "__per_cpu_offset", 0, false },
		{ "cpu_tlbstate", 0, false },
		{ "cpu_tlbstate_shared", 0, false } };

enum {
	INIT_TASK,
	PER_CPU_OFFSET,
	TLBSTATE,
	TLBSTATE_SHARED,
	NR_SYMBOLS
};

static void find_symbols(void)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[1024];

	if (!file)
		err(2, "/proc/kallsyms");
	while (fgets(line, sizeof(line), file)) {
		char name[512];
		uint64_t value;

		if (sscanf(line, "%" SCNx64 " %*c %511s", &value, name) != 2 || strchr(line, '['))
			continue;
		for (size_t i = 0; i < NR_SYMBOLS; i++) {
			if (strcmp(symbols[i].name, name) == 0) {
				symbols[i].value = value;
				symbols[i].is_found = true;
			}
		}
	}
	fclose(file);
	for (size_t i = 0; i < NR_SYMBOLS; i++)
		if (!symbols[i].is_found)
			errx(2, "no %s in /proc/kallsyms", symbols[i].name);
}

static uint64_t per_cpu(unsigned symbol, unsigned cpu)
{
	return read_u64(symbols[PER_CPU_OFFSET].value + cpu * sizeof(uint64_t)) + symbols[symbol].value;
}

/* ------------------------------------------------------------------------------------------------------- layouts -- */

static struct btf *btf;

static const struct btf_type *strip(__u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type)))
		type = btf__type_by_id(btf, type->type);
	return type;
}

/* Offset of a member in bytes, also one of an unnamed struct within; -1: there is none. */
static int64_t find_member(const struct btf_type *type, const char *name, size_t length, const struct btf_type **ret)
{
	const struct btf_member *member = btf_members(type);

	for (unsigned i = 0; i < btf_vlen(type); i++, member++) {
		const char *its_name = btf__name_by_offset(btf, member->name_off);
		const struct btf_type *its_type = strip(member->type);
		int64_t offset = btf_member_bit_offset(type, i) / 8;
		int64_t inside;

		if (strlen(its_name) == length && strncmp(its_name, name, length) == 0) {
			*ret = its_type;
			return offset;
		}
		if (*its_name || !its_type || !btf_is_composite(its_type))
			continue;
		inside = find_member(its_type, name, length, ret);
		if (inside >= 0)
			return offset + inside;
	}
	return -1;
}

/* Offset of "member.of.member" in a struct; -1: there is none. */
static int64_t find_path(const char *name, const char *path, const struct btf_type **ret)
{
	int32_t id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	int64_t offset = 0;

	while (type && *path) {
		size_t length = strcspn(path, ".");
		int64_t inside = find_member(type, path, length, &type);

		if (inside < 0)
			return -1;
		offset += inside;
		path += length + (path[length] == '.');
	}
	*ret = type;
	return type ? offset : -1;
}

static uint64_t offset_of(const char *name, const char *path)
{
	const struct btf_type *type;
	int64_t offset = find_path(name, path, &type);

	if (offset < 0)
		errx(2, "no %s in struct %s", path, name);
	return (uint64_t)offset;
}

static struct {
	uint64_t task_tasks, task_thread_node, task_signal, task_mm, signal_thread_head;
	uint64_t mm_ctx_id, mm_tlb_gen, mm_mask;
	uint64_t loaded_mm, ctxs, ctx_bytes, nr_asids, ctx_ctx_id, ctx_tlb_gen, is_lazy;
} at;

static void find_layout(void)
{
	const struct btf_type *type;
	int64_t mask;

	btf = btf__load_vmlinux_btf();
	if (!btf)
		err(2, "BTF");
	at.task_tasks = offset_of("task_struct", "tasks");
	at.task_thread_node = offset_of("task_struct", "thread_node");
	at.task_signal = offset_of("task_struct", "signal");
	at.task_mm = offset_of("task_struct", "mm");
	at.signal_thread_head = offset_of("signal_struct", "thread_head");
	at.mm_ctx_id = offset_of("mm_struct", "context.ctx_id");
	at.mm_tlb_gen = offset_of("mm_struct", "context.tlb_gen");
	mask = find_path("mm_struct", "cpu_bitmap", &type);
	at.mm_mask = mask >= 0 ? (uint64_t)mask : offset_of("mm_struct", "flexible_array");
	at.loaded_mm = offset_of("tlb_state", "loaded_mm");
	at.ctxs = (uint64_t)find_path("tlb_state", "ctxs", &type);
	if (!type || !btf_is_array(type) || btf_array(type)->nelems > MAX_ASIDS)
		errx(2, "tlb_state.ctxs is not as expected");
	at.nr_asids = btf_array(type)->nelems;
	at.ctx_bytes = strip(btf_array(type)->type)->size;
	at.ctx_ctx_id = offset_of("tlb_context", "ctx_id");
	at.ctx_tlb_gen = offset_of("tlb_context", "tlb_gen");
	at.is_lazy = offset_of("tlb_state_shared", "is_lazy");
}

/* ---------------------------------------------------------------------------------------------------------- CPUs -- */

static struct cpu {
	uint64_t loaded_mm;
	uint64_t ctx_ids[MAX_ASIDS];
	uint64_t tlb_gens[MAX_ASIDS];
	uint8_t is_lazy;
} cpus[MAX_CPUS];
static unsigned nr_cpus;

static void read_cpu(unsigned nr)
{
	uint64_t state = per_cpu(TLBSTATE, nr);
	struct cpu *cpu = &cpus[nr];

	cpu->loaded_mm = read_u64(state + at.loaded_mm);
	read_memory(per_cpu(TLBSTATE_SHARED, nr) + at.is_lazy, &cpu->is_lazy, sizeof(cpu->is_lazy));
	for (uint64_t i = 0; i < at.nr_asids; i++) {
		uint64_t context = state + at.ctxs + i * at.ctx_bytes;

		cpu->ctx_ids[i] = read_u64(context + at.ctx_ctx_id);
		cpu->tlb_gens[i] = read_u64(context + at.ctx_tlb_gen);
	}
}

/* ------------------------------------------------------------------------------------------------ address spaces -- */

struct address_space {
	uint64_t address;
	uint64_t ctx_id;
	uint64_t tlb_gen;
	uint64_t mask[MAX_CPUS / 64];
};

static bool is_active(const struct address_space *mm, unsigned cpu)
{
	return mm->mask[cpu / 64] >> cpu % 64 & 1;
}

static bool is_loaded(const struct address_space *mm, unsigned cpu)
{
	return cpus[cpu].loaded_mm == mm->address;
}

static bool is_lazy(const struct address_space *mm, unsigned cpu)
{
	return is_loaded(mm, cpu) && cpus[cpu].is_lazy;
}

static bool is_cached(const struct address_space *mm, unsigned cpu)
{
	for (uint64_t i = 0; i < at.nr_asids; i++)
		if (cpus[cpu].ctx_ids[i] == mm->ctx_id)
			return true;
	return false;
}

static bool is_behind(const struct address_space *mm, unsigned cpu)
{
	for (uint64_t i = 0; i < at.nr_asids; i++)
		if (cpus[cpu].ctx_ids[i] == mm->ctx_id && cpus[cpu].tlb_gens[i] < mm->tlb_gen)
			return true;
	return false;
}

static void print_set(const struct address_space *mm, bool (*is_in)(const struct address_space *mm, unsigned cpu))
{
	const char *separator = " ";

	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		unsigned first = cpu;

		if (!is_in(mm, cpu))
			continue;
		while (cpu + 1 < nr_cpus && is_in(mm, cpu + 1))
			cpu++;
		printf(first == cpu ? "%s%u" : "%s%u-%u", separator, first, cpu);
		separator = ",";
	}
	if (*separator == ' ')
		printf(" -");
}

static const char *moment;
static uint64_t seen[MAX_TASKS];
static size_t nr_seen;

static bool is_seen(uint64_t address)
{
	for (size_t i = 0; i < nr_seen; i++)
		if (seen[i] == address)
			return true;
	if (nr_seen == MAX_TASKS)
		errx(2, "more than %d address spaces", MAX_TASKS);
	seen[nr_seen++] = address;
	return false;
}

static uint64_t own_mm;

static void print_mm(uint64_t address)
{
	struct address_space mm = { .address = address, .ctx_id = read_u64(address + at.mm_ctx_id) };

	mm.tlb_gen = read_u64(address + at.mm_tlb_gen);
	read_memory(address + at.mm_mask, mm.mask, (nr_cpus + 63) / 64 * sizeof(uint64_t));
	printf("%s 0x%" PRIx64, moment, mm.ctx_id);
	print_set(&mm, is_active);
	print_set(&mm, is_loaded);
	print_set(&mm, is_lazy);
	print_set(&mm, is_cached);
	print_set(&mm, is_behind);
	puts("");
}

/* PF_KTHREAD of include/linux/sched.h: a kernel thread may have borrowed an mm that belongs to nobody in this list. */
#define PF_KTHREAD 0x00200000

static void visit_threads(uint64_t leader, uint64_t task_flags)
{
	uint64_t head = read_u64(leader + at.task_signal) + at.signal_thread_head;
	size_t nr = 0;

	for (uint64_t node = read_u64(head); node != head; node = read_u64(node)) {
		uint64_t task = node - at.task_thread_node;
		uint64_t mm = read_u64(task + at.task_mm);

		if (mm && mm != own_mm && !(read_u32(task + task_flags) & PF_KTHREAD) && !is_seen(mm))
			print_mm(mm);
		if (++nr > MAX_TASKS)
			errx(2, "a list of threads without end: the machine is not at rest");
	}
}

static void print_machine(const char *when)
{
	uint64_t task_flags = offset_of("task_struct", "flags");
	uint64_t head = symbols[INIT_TASK].value + at.task_tasks;
	size_t nr = 0;

	moment = when;
	nr_seen = 0;
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		read_cpu(cpu);
	own_mm = cpus[sched_getcpu()].loaded_mm;
	for (uint64_t node = read_u64(head); node != head; node = read_u64(node)) {
		visit_threads(node - at.task_tasks, task_flags);
		if (++nr > MAX_TASKS)
			errx(2, "a list of tasks without end: the machine is not at rest");
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned long nr_rounds = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;

	if (!nr_rounds)
		errx(2, "usage: witness ROUNDS COMMAND");
	open_kcore();
	find_symbols();
	find_layout();
	nr_cpus = (unsigned)sysconf(_SC_NPROCESSORS_CONF);
	if (nr_cpus > MAX_CPUS)
		errx(2, "%u CPUs are too many", nr_cpus);
	while (nr_rounds-- > 0) {
		print_machine("before");
		if (system(argv[2]))
			errx(2, "the command failed");
		print_machine("after");
	}
	return ferror(stdout) ? 2 : 0;
}
