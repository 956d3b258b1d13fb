// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpf_tracer_build.h"

#include "shootdowns.lskel.h"
#include "shootdowns_calls.lskel.h"
#include "shootdowns_fentry.lskel.h"
#include "shootdowns_kernel.lskel.h"
#include "shootdowns_tracepoint.lskel.h"

/* What only some of them have: the others size nothing more. */
#define SIZE_NO_MORE
#define SIZE_TRACEPOINT skel->rodata->with_queue = sizes->with_queue;
#define SIZE_CALLS      SIZE_TRACEPOINT skel->maps.calls.max_entries = sizes->nr_calls;

/* The skeletons have the same members, in types of their own. */
#define DEFINE_LOAD(function, name, size_more)                                                                      \
	static void destroy_##name(void *skel)                                                                      \
	{                                                                                                           \
		name##__destroy(skel);                                                                              \
	}                                                                                                           \
	static int function(struct tracer_build *ret, const struct tracer_sizes *sizes)                             \
	{                                                                                                           \
		struct name *skel = name##__open();                                                                 \
		int err;                                                                                            \
                                                                                                                    \
		if (!skel)                                                                                          \
			return -ENOMEM;                                                                             \
		skel->maps.row_sets.max_entries = SHOOTDOWN_NR_ROWS * SHOOTDOWN_NR_SETS * sizes->settings.nr_words; \
		skel->maps.requested.max_entries = 2 * sizes->settings.nr_cpus * sizes->settings.nr_words;          \
		skel->maps.watched.max_entries = sizes->settings.nr_words;                                          \
		skel->maps.row_user_stacks.max_entries = sizes->nr_user_stacks;                                     \
		skel->maps.stacks_taken.max_entries = SHOOTDOWN_NR_TAKERS * sizes->settings.nr_cpus;                \
		skel->maps.events.max_entries = sizes->event_bytes;                                                 \
		skel->maps.stack_memos.max_entries = sizes->nr_memos > 0 ? sizes->nr_memos : 1;                     \
		skel->maps.cpus.max_entries = sizes->settings.nr_cpus;                                              \
		skel->rodata->settings = sizes->settings;                                                           \
		skel->rodata->can_cast = sizes->can_cast;                                                           \
		skel->rodata->with_memos = sizes->nr_memos > 0;                                                     \
		skel->maps.kernel_states.max_entries = sizes->settings.nr_cpus;                                     \
		size_more err = name##__load(skel);                                                                 \
		if (err) {                                                                                          \
			name##__destroy(skel);                                                                      \
			return err;                                                                                 \
		}                                                                                                   \
		*ret = (struct tracer_build){                                                                       \
			.skel = skel,                                                                               \
			.destroy = destroy_##name,                                                                  \
			.programs = { [TRACER_PROGRAM_SENT] = skel->progs.on_tlb_flush.prog_fd,                     \
				      [TRACER_PROGRAM_HIT_BEGIN] = skel->progs.on_hit_begin.prog_fd,                \
				      [TRACER_PROGRAM_HIT_END] = skel->progs.on_hit_end.prog_fd,                    \
				      [TRACER_PROGRAM_LEARN] = skel->progs.learn_fault.prog_fd,                     \
				      [TRACER_PROGRAM_FIND] = skel->progs.find_functions.prog_fd,                   \
				      [TRACER_PROGRAM_START] = skel->progs.start.prog_fd,                           \
				      [TRACER_PROGRAM_NAME] = skel->progs.name_address.prog_fd },                   \
			.maps = { [TRACER_MAP_ROWS] = skel->maps.rows.map_fd,                                       \
				  [TRACER_MAP_ROW_SETS] = skel->maps.row_sets.map_fd,                               \
				  [TRACER_MAP_ROW_OF] = skel->maps.row_of.map_fd,                                   \
				  [TRACER_MAP_FREE_ROWS] = skel->maps.free_rows.map_fd,                             \
				  [TRACER_MAP_WATCHED] = skel->maps.watched.map_fd,                                 \
				  [TRACER_MAP_ROW_STACKS] = skel->maps.row_stacks.map_fd,                           \
				  [TRACER_MAP_ROW_USER_STACKS] = skel->maps.row_user_stacks.map_fd,                 \
				  [TRACER_MAP_CPUS] = skel->maps.cpus.map_fd,                                       \
				  [TRACER_MAP_EVENTS] = skel->maps.events.map_fd },                                 \
			.control = &skel->bss->control,                                                             \
			.symbol = &skel->bss->symbol,                                                               \
		};                                                                                                  \
		return 0;                                                                                           \
	}

DEFINE_LOAD(load_csd, shootdowns_csd, SIZE_NO_MORE)
DEFINE_LOAD(load_kernel, shootdowns_kernel, SIZE_NO_MORE)
DEFINE_LOAD(load_fentry, shootdowns_fentry, SIZE_NO_MORE)
DEFINE_LOAD(load_tracepoint, shootdowns_tracepoint, SIZE_TRACEPOINT)
DEFINE_LOAD(load_calls, shootdowns_calls, SIZE_CALLS)

/* Programs that not every build has. */

/* Of those that take fentry of what sends. */
#define SET_UNMAP_PROGRAMS                                                  \
	ret->programs[TRACER_PROGRAM_UNMAP] = skel->progs.on_unmap.prog_fd; \
	ret->programs[TRACER_PROGRAM_MIGRATE] = skel->progs.on_migrate.prog_fd;

int tracer_build_load_csd(struct tracer_build *ret, const struct tracer_sizes *sizes)
{
	const struct shootdowns_csd *skel;
	int err = load_csd(ret, sizes);

	if (err)
		return err;
	skel = ret->skel;
	ret->programs[TRACER_PROGRAM_CROSS_CALL] = skel->progs.on_cross_call.prog_fd;
	SET_UNMAP_PROGRAMS
	return 0;
}

int tracer_build_load_fentry(struct tracer_build *ret, const struct tracer_sizes *sizes)
{
	const struct shootdowns_fentry *skel;
	int err = load_fentry(ret, sizes);

	if (err)
		return err;
	skel = ret->skel;
	SET_UNMAP_PROGRAMS
	return 0;
}

#define SET_KERNEL_PROGRAMS(which, name)                                              \
	ret->programs[TRACER_PROGRAM_KERNEL_BEGIN + SHOOTDOWN_FUNCTION_##which - 1] = \
		skel->progs.begin_##which.prog_fd;                                    \
	ret->programs[TRACER_PROGRAM_KERNEL_END + SHOOTDOWN_FUNCTION_##which - 1] = skel->progs.end_##which.prog_fd;

int tracer_build_load_kernel(struct tracer_build *ret, const struct tracer_sizes *sizes)
{
	const struct shootdowns_kernel *skel;
	int err = load_kernel(ret, sizes);

	if (err)
		return err;
	skel = ret->skel;
	ret->programs[TRACER_PROGRAM_CROSS_CALL] = skel->progs.on_cross_call.prog_fd;
	SHOOTDOWN_KERNEL_FUNCTIONS(SET_KERNEL_PROGRAMS)
	SET_UNMAP_PROGRAMS
	return 0;
}

int tracer_build_load_tracepoint(struct tracer_build *ret, const struct tracer_sizes *sizes)
{
	int err = load_tracepoint(ret, sizes);

	if (!err)
		ret->programs[TRACER_PROGRAM_CALL] =
			((const struct shootdowns_tracepoint *)ret->skel)->progs.on_call.prog_fd;
	return err;
}

int tracer_build_load_calls(struct tracer_build *ret, const struct tracer_sizes *sizes)
{
	const struct shootdowns_calls *skel;
	int err = load_calls(ret, sizes);

	if (err)
		return err;
	skel = ret->skel;
	ret->programs[TRACER_PROGRAM_CALL] = skel->progs.on_call.prog_fd;
	ret->programs[TRACER_PROGRAM_RESCHEDULE] = skel->progs.on_reschedule.prog_fd;
	ret->programs[TRACER_PROGRAM_RESCHEDULE_BEGIN] = skel->progs.on_reschedule_begin.prog_fd;
	ret->programs[TRACER_PROGRAM_RESCHEDULE_END] = skel->progs.on_reschedule_end.prog_fd;
	return 0;
}

void tracer_build_unload(struct tracer_build *build)
{
	if (build->skel)
		build->destroy(build->skel);
	*build = (struct tracer_build){ 0 };
}

int tracer_build_run(const struct tracer_build *build, enum tracer_program program)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)build->programs[program];
	return syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) < 0 ? -errno : 0;
}
