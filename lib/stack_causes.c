// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack_causes.h"

#include <string.h>

/* A stack that was looked at tells no cause. No cause has that number. */
#define TELLS_NOTHING INT32_MIN

/* A function on the stack, and what it is there for. */
static const struct {
	const char *function;
	int32_t cause;
} table[] = {
	{ "task_numa_work", SHOOTDOWN_CAUSE_BALANCING },
	{ "migrate_misplaced_folio", SHOOTDOWN_CAUSE_BALANCING },
	{ "migrate_misplaced_page", SHOOTDOWN_CAUSE_BALANCING }, /* before 6.7 */
};

static int32_t cause_of_function(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].function, name) == 0)
			return table[i].cause;
	return TELLS_NOTHING;
}

static int32_t cause_of_stack(const struct tracer_ops *ops, void *state, int32_t id)
{
	uint64_t addresses[SHOOTDOWN_STACK_FRAMES];
	int32_t cause = TELLS_NOTHING;
	int nr = ops->stack(state, id, addresses);

	for (int i = 0; i < nr && cause == TELLS_NOTHING; i++) {
		char name[64];

		if (ops->symbol(state, addresses[i], name, sizeof(name)) == 0)
			cause = cause_of_function(name);
	}
	return cause;
}

/* Threads of the kernel, exits and the like have causes of their own. */
static bool is_correctable(const struct shootdown_key *key)
{
	return key->stack >= 0 && key->stack < SHOOTDOWN_NR_STACKS && key->kind != SHOOTDOWN_KIND_CALL &&
	       key->cause >= SHOOTDOWN_CAUSE_FAULT;
}

void stack_causes_correct(struct stack_causes *causes, const struct tracer_ops *ops, void *state,
			  struct shootdown_key *key)
{
	int32_t *found;

	if (!is_correctable(key))
		return;
	found = &causes->found[key->stack];
	if (!*found)
		*found = cause_of_stack(ops, state, key->stack);
	if (*found != TELLS_NOTHING)
		key->cause = *found;
}
