// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the pinned files hold. They outlive the program that pinned them, and anyone permitted reads them, several at
 * the same time: so walk is set before loading and not written any more, and what a read needs besides is the reading
 * task's own.
 */
#include "mm_read.bpf.h"
#include "pin_format.h"

/* To a program of an iterator, 1 means that the kernel shall show this task again. */
#define DONE  0
#define AGAIN 1

/* A read in progress. */
struct reader {
	struct pid_view view;
	struct mm_record record;
	uint64_t set[MM_SET_BYTES_MAX / sizeof(uint64_t)]; /* the record's first */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct reader);
} readers SEC(".maps");

static __always_inline int64_t mm_rss_pages(const struct mm_struct *mm)
{
	return bpf_core_type_exists(struct mm_rss_stat) ? mm_rss_before_6_2((const void *)mm) : mm_rss_since_6_2(mm);
}

static __always_inline struct reader *find_reader(void)
{
	struct task_struct *self = bpf_get_current_task_btf();
	struct reader *rd = bpf_task_storage_get(&readers, self, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (rd)
		pid_view_init(&rd->view, self);
	return rd;
}

static __always_inline uint64_t *words_of(struct reader *rd)
{
	return ((struct mmcpus_cpuset *)rd->set)->words;
}

/* A kernel address must not get into a file: an mm without a number of its own has no identity there. */
static __always_inline void hide_address(struct mm_record *rec)
{
	if (!rec->mm_address)
		return;
	rec->mm_address = 0;
	rec->flags &= ~(uint32_t)MM_RECORD_HAS_ID;
}

static __always_inline enum mm_read read_task(struct reader *rd, const struct task_struct *task)
{
	const struct task_struct *leader = task->group_leader;
	enum mm_read outcome;

	rd->record.pid = pid_seen(leader, &rd->view);
	if (!rd->record.pid)
		return MM_NONE;
	outcome = read_mm(leader, task, &rd->view, &rd->record);
	if (outcome == MM_CHANGED)
		outcome = read_mm(leader, task, &rd->view, &rd->record);
	hide_address(&rd->record);
	return outcome;
}

/* ---------------------------------------------------------------------------------------------------- snapshot -- */

static __always_inline void write_header(struct seq_file *seq)
{
	struct pin_header header = {
		.magic = PIN_MAGIC,
		.version = PIN_VERSION,
		.header_bytes = sizeof(header),
		.record_bytes = record_bytes(),
		.nr_cpus = walk.nr_cpus,
		.fields = walk.fields,
		.layout = mm_layout(),
	};

	bpf_seq_write(seq, &header, sizeof(header));
}

/* What is known of one thread: the sets behind ACTIVE. The library makes RUNNING from the CPU's number. */
static __always_inline void write_thread_sets(struct seq_file *seq, struct reader *rd, const struct task_struct *task)
{
	copy_words(words_of(rd), &task->cpus_mask);
	bpf_seq_write(seq, rd->set, set_bytes());
	bpf_seq_write(seq, rd->set, set_bytes());
}

SEC("iter/task")
int mmcpus_snapshot(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct reader *rd;

	if (!task)
		return DONE;
	if (ctx->meta->seq_num == 0)
		write_header(seq);
	if (mm_layout() != MM_LAYOUT_OK || task->flags & PF_KTHREAD)
		return DONE;
	rd = find_reader();
	if (!rd)
		return AGAIN;
	if (read_task(rd, task) != MM_READ)
		return DONE;
	rd->record.running_cpu = running_cpu(task);
	bpf_seq_write(seq, &rd->record, sizeof(rd->record));
	bpf_seq_write(seq, rd->set, set_bytes());
	write_thread_sets(seq, rd, task);
	return DONE;
}

/* ------------------------------------------------------------------------------------------------------ status -- */

/* Threads looked at for one that still has the mm, when the leader has exited. */
#define MAX_THREADS_SEARCHED 64

/* Is @task the one thread that stands for its process: the leader, or when it is gone the first that has the mm? */
static __always_inline bool stands_for_process(const struct task_struct *task)
{
	const struct task_struct *leader = task->group_leader;
	const struct list_head *at = &leader->thread_node;

	if (task->pid == task->tgid)
		return true;
	if (leader->mm)
		return false;
	for (int i = 0; i < MAX_THREADS_SEARCHED; i++) {
		const struct task_struct *other;
		const struct mm_struct *mm;

		if (bpf_core_read(&at, sizeof(at), &at->next) || !at)
			return false;
		other = (const void *)at - bpf_core_field_offset(struct task_struct, thread_node);
		if (other == task)
			return true;
		if (bpf_core_read(&mm, sizeof(mm), &other->mm) || mm)
			return false;
	}
	return false;
}

/* As the kernel does in status files, and other control characters as well: a name may not forge a line. */
static __always_inline void write_escaped(struct seq_file *seq, char c)
{
	char octal[4] = { '\\', (char)('0' + (c >> 6 & 3)), (char)('0' + (c >> 3 & 7)), (char)('0' + (c & 7)) };
	char pair[2] = { '\\', c == '\n' ? 'n' : '\\' };

	if (c == '\n' || c == '\\')
		bpf_seq_write(seq, pair, sizeof(pair));
	else if ((c >= 0 && c < ' ') || c == '\x7f')
		bpf_seq_write(seq, octal, sizeof(octal));
	else
		bpf_seq_write(seq, &c, 1);
}

static __always_inline void write_name(struct seq_file *seq, const char *name)
{
	for (int i = 0; i < 16 && name[i]; i++)
		write_escaped(seq, name[i]);
}

/* A walk over a set, for bpf_loop(). */
struct set_writer {
	struct seq_file *seq;
	struct reader *rd;
	uint64_t word;      /* where the walk is … */
	uint32_t first_cpu; /* … and the CPU of its lowest bit */
	uint32_t start;     /* of the range that is open, or NO_RANGE */
	uint32_t is_next;   /* there is something in front */
};

#define NO_RANGE UINT32_MAX

#define GROUP_BITS 32u

static __always_inline char hex_digit(uint32_t value)
{
	return (char)(value < 10 ? '0' + value : 'a' + value - 10);
}

/* The digits of a group, as many as its bits need; the highest group may be narrower than the others. */
static __always_inline void write_group(struct seq_file *seq, uint32_t group, uint32_t nr_bits)
{
	uint32_t nr_digits = (nr_bits + 3) / 4;
	char digits[GROUP_BITS / 4];

	if (nr_digits == 0 || nr_digits > sizeof(digits))
		return;
	group <<= GROUP_BITS - nr_digits * 4;
	for (uint32_t i = 0; i < sizeof(digits); i++)
		digits[i] = hex_digit(group >> (28 - i * 4) & 15);
	bpf_seq_write(seq, digits, nr_digits);
}

/* From the highest group down. */
static long write_nth_group(uint32_t nth, struct set_writer *writer)
{
	uint32_t index = (walk.nr_cpus - 1) / GROUP_BITS - nth;
	uint32_t group = (uint32_t)(words_of(writer->rd)[index / 2 % MM_SET_WORDS_MAX] >> (index % 2 * GROUP_BITS));

	if (nth == 0) {
		write_group(writer->seq, group, (walk.nr_cpus - 1) % GROUP_BITS + 1);
	} else {
		bpf_seq_write(writer->seq, ",", 1);
		write_group(writer->seq, group, GROUP_BITS);
	}
	return 0;
}

static __always_inline void close_range(struct set_writer *writer, uint32_t end)
{
	if (writer->is_next)
		bpf_seq_write(writer->seq, ",", 1);
	writer->is_next = 1;
	if (end - writer->start == 1)
		BPF_SEQ_PRINTF(writer->seq, "%u", writer->start);
	else
		BPF_SEQ_PRINTF(writer->seq, "%u-%u", writer->start, end - 1);
	writer->start = NO_RANGE;
}

static long visit_bit(uint32_t bit, struct set_writer *writer)
{
	bool is_set = writer->word >> (bit % 64) & 1;
	bool is_open = writer->start != NO_RANGE;

	if (is_set && !is_open)
		writer->start = writer->first_cpu + bit;
	else if (!is_set && is_open)
		close_range(writer, writer->first_cpu + bit);
	return 0;
}

static long visit_word(uint32_t index, struct set_writer *writer)
{
	writer->word = words_of(writer->rd)[index % MM_SET_WORDS_MAX];
	writer->first_cpu = index * 64;
	if (writer->word != (writer->start == NO_RANGE ? 0 : UINT64_MAX)) /* something begins or ends here */
		bpf_loop(64, visit_bit, writer, 0);
	return 0;
}

static __always_inline void write_mask(struct seq_file *seq, struct reader *rd)
{
	struct set_writer writer = { .seq = seq, .rd = rd };

	bpf_loop((walk.nr_cpus - 1) / GROUP_BITS + 1, write_nth_group, &writer, 0);
}

static __always_inline void write_list(struct seq_file *seq, struct reader *rd)
{
	struct set_writer writer = { .seq = seq, .rd = rd, .start = NO_RANGE };

	bpf_loop(walk.nr_words, visit_word, &writer, 0);
	if (writer.start != NO_RANGE)
		close_range(&writer, walk.nr_cpus);
}

SEC("iter/task")
int mmcpus_status(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct reader *rd;

	if (!task || mm_layout() != MM_LAYOUT_OK || task->flags & PF_KTHREAD || !stands_for_process(task))
		return DONE;
	rd = find_reader();
	if (!rd)
		return AGAIN;
	if (read_task(rd, task) != MM_READ)
		return DONE;
	BPF_SEQ_PRINTF(seq, "Name:\t");
	write_name(seq, rd->record.comm);
	BPF_SEQ_PRINTF(seq, "\nPid:\t%d\nCpus_active_mm:\t", rd->record.pid);
	write_mask(seq, rd);
	BPF_SEQ_PRINTF(seq, "\nCpus_active_mm_list:\t");
	write_list(seq, rd);
	BPF_SEQ_PRINTF(seq, "\n\n");
	return DONE;
}

char LICENSE[] SEC("license") = "GPL";
