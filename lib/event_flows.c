// SPDX-License-Identifier: LGPL-2.1-or-later
#include "event_flows.h"

#include <stdlib.h>
#include <string.h>

#include "shootdown_callbacks.h"
#include "shootdown_cgroups.h"
#include "shootdown_source.h"
#include "shootdown_stacks.h"

/* ---------------------------------------------------------------------------------------------------------- what is kept -- */

static void forget(struct event_flows *flows, uint32_t index)
{
	if (flows->of_row[index])
		group_destroy(flows->of_row[index]);
	flows->of_row[index] = NULL;
}

void event_flows_deinit(struct event_flows *flows)
{
	for (uint32_t i = 0; i < SHOOTDOWN_NR_ROWS; i++)
		forget(flows, i);
	kernel_frames_destroy(flows->kernel_frames);
	user_frames_destroy(flows->user_frames);
	text_pool_clear(&flows->texts);
	*flows = (struct event_flows){ 0 };
}

/* For one more of any kind. */
static bool has_room(const struct event_flows *flows)
{
	return flows->kernel_frames->nr + SHOOTDOWN_STACK_FRAMES < KERNEL_FRAMES_MAX &&
	       flows->user_frames->nr + SHOOTDOWN_STACK_FRAMES < USER_FRAMES_MAX &&
	       flows->texts.bytes < TEXT_POOL_BYTES_MAX / 2 &&
	       flows->kernel_frames->texts.bytes < TEXT_POOL_BYTES_MAX / 2 &&
	       flows->user_frames->texts.bytes < TEXT_POOL_BYTES_MAX / 2;
}

/* What has no room any more begins anew: senders that are still there are looked up again. */
static bool make_room(struct event_flows *flows)
{
	if (flows->kernel_frames && flows->user_frames && has_room(flows))
		return true;
	event_flows_deinit(flows);
	flows->kernel_frames = calloc(1, sizeof(*flows->kernel_frames));
	flows->user_frames = calloc(1, sizeof(*flows->user_frames));
	return flows->kernel_frames && flows->user_frames;
}

/* In the place of the one that was looked up longest ago. A row that is looked up again has two places for a while. */
static void keep(struct event_flows *flows, uint32_t index, struct mmcpus_shootdown *flow)
{
	uint16_t *place = &flows->rows[flows->nr % EVENT_FLOWS_MAX];

	if (flows->nr++ >= EVENT_FLOWS_MAX)
		forget(flows, *place);
	forget(flows, index);
	*place = (uint16_t)index;
	flows->of_row[index] = flow;
}

/* A row that became free may be another's by now. */
static bool is_same(const struct mmcpus_shootdown *flow, const struct shootdown_row *row)
{
	const struct group_row *of = &flow->row;

	return memcmp(&of->key, &row->key, sizeof(of->key)) == 0 &&
	       memcmp(&of->sender, &row->sender, sizeof(of->sender)) == 0 && of->owner_pid == row->owner_pid &&
	       memcmp(of->owner_comm, row->owner_comm, sizeof(of->owner_comm)) == 0 && of->cgroup == row->cgroup;
}

/* ---------------------------------------------------------------------------------------------------------------- names -- */

static void name_stacks(struct mmcpus_shootdowns *src, struct mmcpus_shootdown *flow, const struct row_stacks *stacks,
			const struct kernel_symbolizer *symbolizer)
{
	struct event_flows *flows = &src->event_flows;

	if (stacks->kernel)
		group_keep_stack(flow, stacks->kernel, flows->kernel_frames);
	if (flow->nr_frames)
		stack_name(flow, flows->kernel_frames, symbolizer);
	if (stacks->user)
		group_keep_user_stack(flow, stacks->user);
	if (flow->nr_user_addresses)
		user_stack_name(&src->user_stacks, flow, flows->user_frames, &src->sys->root);
}

static void name_flow(struct mmcpus_shootdowns *src, struct mmcpus_shootdown *flow, const struct row_stacks *stacks)
{
	const struct kernel_symbolizer symbolizer = { src->ops->symbol, src->state };
	struct event_flows *flows = &src->event_flows;

	group_describe(flow, &(struct group_knowledge){ 0 }, &flows->texts);
	callback_name(flows->kernel_frames, flow, &flows->texts, &symbolizer);
	cgroup_name(flow, &flows->texts, &src->sys->root);
	name_stacks(src, flow, stacks, &symbolizer);
}

static struct mmcpus_shootdown *make_flow(struct mmcpus_shootdowns *src, uint32_t index,
					  const struct shootdown_row *row)
{
	const struct row_stacks stacks = shootdowns_stacks_of_row(src, index, row, src->stacks);
	struct mmcpus_shootdown *flow;
	struct group_key key;

	group_key_make(&key, MMCPUS_BY_FLOW, row);
	flow = key.is_other ? group_create_other(MMCPUS_BY_FLOW, src->sys->nr_cpus, &key)
			    : group_create(MMCPUS_BY_FLOW, src->sys->nr_cpus, &key, row);
	if (!flow)
		return NULL;
	flow->row.key = row->key; /* also of rows of many, to be known again */
	group_note_row(flow, row);
	name_flow(src, flow, &stacks);
	flow->counts_nothing = true;
	flow->knows_hits = flow->knows_hit_cpus = false;
	return flow;
}

const struct mmcpus_shootdown *event_flow_of(struct mmcpus_shootdowns *src, uint32_t index,
					     const struct shootdown_row *row)
{
	struct event_flows *flows = &src->event_flows;
	struct mmcpus_shootdown *flow = flows->of_row[index];

	if (flow && is_same(flow, row))
		return flow;
	if (!make_room(flows))
		return NULL;
	flow = make_flow(src, index, row);
	if (flow)
		keep(flows, index, flow);
	return flow;
}
