// SPDX-License-Identifier: LGPL-2.1-or-later
#include "user_stacks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "code_maps.h"
#include "proc_stat.h"

/* Of symbols that are kept; then they begin anew. One file more can be on top of it. */
#define MODULES_BYTES_MAX (64u << 20)

/* A process whose frames are being named. */
struct process {
	pid_t pid;
	bool is_there;
	uint64_t start_ticks;
	bool knows_mm_id;
	uint64_t mm_id;
	char comm[16]; /* empty: not known */
	struct code_maps maps;
	struct root root; /* as it sees files; fd -1: not to be had */
};

static void module_deinit(struct user_module *module)
{
	elf_symbols_deinit(&module->symbols);
	free(module->path);
}

static void forget_modules(struct user_stacks *stacks)
{
	for (size_t i = 0; i < stacks->nr_modules; i++)
		module_deinit(&stacks->modules[i]);
	stacks->nr_modules = stacks->next = 0;
}

void user_stacks_deinit(struct user_stacks *stacks)
{
	forget_modules(stacks);
	*stacks = (struct user_stacks){ 0 };
}

/* --------------------------------------------------------------------------------------------------------- processes -- */

static bool read_start(struct process *process, const struct root *root)
{
	struct text text = { 0 };
	struct proc_stat stat;
	char path[64];
	bool is_read;

	snprintf(path, sizeof(path), "proc/%d/stat", (int)process->pid);
	is_read = root_read(root, path, &text) == 0 && proc_stat_parse(text.data, &stat) == 0;
	text_deinit(&text);
	if (is_read)
		process->start_ticks = stat.start_ticks;
	return is_read;
}

/* It began before the thread that sent: so it is not another that has got the number since. */
static bool is_same(const struct process *process, const struct group_row *row)
{
	long ticks_per_s = sysconf(_SC_CLK_TCK);

	return ticks_per_s > 0 && process->start_ticks <= row->key.start_ns / (NS_PER_S / (uint64_t)ticks_per_s);
}

static void process_close(struct process *process)
{
	if (process->root.fd >= 0)
		close(process->root.fd);
	code_maps_deinit(&process->maps);
	*process = (struct process){ .root.fd = -1 };
}

/* Once the maps are read: an exec before that has given the process another mm, which it keeps until the next. */
static void read_identity(struct process *process, const struct user_stacks *stacks, const struct root *root)
{
	char path[64];

	process->knows_mm_id =
		stacks->read_mm_id && stacks->read_mm_id(stacks->arg, process->pid, &process->mm_id) == 0;
	snprintf(path, sizeof(path), "proc/%d/comm", (int)process->pid);
	if (root_read_line(root, path, process->comm, sizeof(process->comm)))
		process->comm[0] = '\0';
}

static void process_open(struct process *process, const struct user_stacks *stacks, const struct root *root, pid_t pid)
{
	char path[64];

	process_close(process);
	process->pid = pid;
	if (pid <= 0 || code_maps_read(&process->maps, root, pid) || !read_start(process, root))
		return;
	process->is_there = true;
	read_identity(process, stacks, root);
	snprintf(path, sizeof(path), "proc/%d/root", (int)pid);
	/* What is in there may come from anybody: opened as files of a captured machine are, never beyond that root. */
	if (root_enter(root, path, &process->root) == 0)
		process->root.is_live = false;
}

/* The mm that the sender had when it sent, if that is what it flushed. 0: not known. */
static uint64_t own_mm_id(const struct group_row *row)
{
	bool is_flush = row->key.kind != SHOOTDOWN_KIND_CALL && row->key.kind != SHOOTDOWN_KIND_KERNEL;
	bool is_own = row->flags & SHOOTDOWN_ROW_OWNER_NAMED && row->owner_pid == row->sender.pid;

	return is_flush && is_own ? row->key.owner_id : 0;
}

/* Has it made no exec since? If only the name tells, one that has changed its name is in doubt. */
static bool runs_same_program(const struct process *process, const struct group_row *row)
{
	uint64_t mm_id = own_mm_id(row);

	if (!process->is_there || !is_same(process, row))
		return false;
	if (mm_id && process->knows_mm_id)
		return mm_id == process->mm_id;
	return process->comm[0] && strncmp(process->comm, row->sender.comm, sizeof(process->comm)) == 0;
}

/* ----------------------------------------------------------------------------------------------------------- modules -- */

static const struct user_module *find_module(const struct user_stacks *stacks, const struct code_map *map)
{
	for (size_t i = 0; i < stacks->nr_modules; i++)
		if (stacks->modules[i].inode == map->inode && strcmp(stacks->modules[i].path, map->path) == 0)
			return &stacks->modules[i];
	return NULL;
}

static size_t count_bytes(const struct user_stacks *stacks)
{
	size_t bytes = 0;

	for (size_t i = 0; i < stacks->nr_modules; i++)
		bytes += elf_symbols_bytes(&stacks->modules[i].symbols);
	return bytes;
}

static struct user_module *take_place(struct user_stacks *stacks)
{
	struct user_module *module;

	if (count_bytes(stacks) > MODULES_BYTES_MAX)
		forget_modules(stacks);
	if (stacks->nr_modules < USER_MODULES_MAX)
		return &stacks->modules[stacks->nr_modules++];
	module = &stacks->modules[stacks->next++ % USER_MODULES_MAX];
	module_deinit(module);
	return module;
}

/* The file that is mapped, and not another that has its name by now. */
static void read_symbols(struct elf_symbols *ret, const struct process *process, const struct code_map *map)
{
	int fd = process->root.fd < 0 ? -1 : root_open_file(&process->root, map->path);
	struct stat st;

	*ret = (struct elf_symbols){ 0 };
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_ino == map->inode)
		elf_symbols_read(ret, fd);
	close(fd);
}

static const struct user_module *get_module(struct user_stacks *stacks, const struct process *process,
					    const struct code_map *map)
{
	const struct user_module *known = find_module(stacks, map);
	struct user_module *module;
	char *path;

	if (known || !map->inode || map->path[0] != '/')
		return known;
	path = strdup(map->path);
	if (!path)
		return NULL;
	module = take_place(stacks);
	module->inode = map->inode;
	module->path = path;
	read_symbols(&module->symbols, process, map);
	return module;
}

/* ------------------------------------------------------------------------------------------------------------ frames -- */

/* An address that is returned to belongs to the call before it, which may be the last thing that a function does. */
static void name_frame(struct user_stacks *stacks, const struct process *process, bool is_innermost,
		       struct user_frame *frame, struct text_pool *texts)
{
	uint64_t address = frame->address - (is_innermost ? 0 : 1);
	const struct code_map *map = code_maps_find(&process->maps, address);
	const struct user_module *module;
	const char *symbol = NULL;

	if (!map || !map->path[0])
		return;
	frame->module = text_pool_keep(texts, map->path);
	if (!frame->module)
		return;
	frame->offset = frame->address - map->start + map->offset;
	module = get_module(stacks, process, map);
	if (module)
		symbol = elf_symbols_find(&module->symbols, address - map->start + map->offset, &frame->symbol_offset);
	if (!symbol)
		return;
	frame->symbol_offset += frame->address - address;
	frame->symbol = text_pool_keep(texts, symbol);
}

static void name_stack(struct user_stacks *stacks, const struct process *process, struct mmcpus_shootdown *group,
		       struct user_frames *kept)
{
	const uint64_t *addresses = group->user_addresses;
	size_t nr = group->nr_user_addresses;
	bool is_named = runs_same_program(process, &group->row);

	group->user_frames = calloc(nr, sizeof(*group->user_frames));
	group->user_frames_kept = kept->frames;
	for (size_t i = 0; group->user_frames && i < nr; i++) {
		struct user_frame frame = { .address = addresses[i] };

		/* What was taken for a frame pointer was none. */
		if (i && is_named && !code_maps_find(&process->maps, addresses[i] - 1))
			break;
		if (is_named)
			name_frame(stacks, process, i == 0, &frame, &kept->texts);
		if (!user_frames_keep(kept, &frame, &group->user_frames[i]))
			break;
		group->nr_user_frames++;
	}
	free(group->user_addresses);
	group->user_addresses = NULL;
}

static int compare_senders(const void *a, const void *b)
{
	const struct mmcpus_shootdown *left = *(struct mmcpus_shootdown *const *)a;
	const struct mmcpus_shootdown *right = *(struct mmcpus_shootdown *const *)b;
	int32_t x = left->row.sender.pid;
	int32_t y = right->row.sender.pid;

	return (x > y) - (x < y);
}

/* Those with addresses alone, the ones of a process together: it takes a look at all of the machine to open one. */
static size_t find_unnamed(const struct shootdown_groups *groups, struct mmcpus_shootdown **ret)
{
	size_t nr = 0;

	for (size_t i = 0; i < groups->nr_groups; i++) {
		struct mmcpus_shootdown *group = groups->groups[i];

		if (group->user_addresses)
			ret[nr++] = group;
	}
	qsort(ret, nr, sizeof(ret[0]), compare_senders);
	return nr;
}

void user_stacks_name(struct user_stacks *stacks, struct shootdown_groups *groups, const struct root *root)
{
	struct mmcpus_shootdown **unnamed = calloc(groups->nr_groups + 1, sizeof(struct mmcpus_shootdown *));
	size_t nr_unnamed = unnamed ? find_unnamed(groups, unnamed) : 0;
	struct process process = { .root.fd = -1 };

	if (nr_unnamed && !groups->user_frames)
		groups->user_frames = calloc(1, sizeof(*groups->user_frames));
	if (!groups->user_frames)
		nr_unnamed = 0;
	for (size_t i = 0; i < nr_unnamed; i++) {
		pid_t pid = unnamed[i]->row.sender.pid;

		if (process.pid != pid)
			process_open(&process, stacks, root, pid);
		name_stack(stacks, &process, unnamed[i], groups->user_frames);
	}
	process_close(&process);
	free(unnamed);
}

void user_stack_name(struct user_stacks *stacks, struct mmcpus_shootdown *group, struct user_frames *kept,
		     const struct root *root)
{
	struct process process = { .root.fd = -1 };

	process_open(&process, stacks, root, group->row.sender.pid);
	name_stack(stacks, &process, group, kept);
	process_close(&process);
}
