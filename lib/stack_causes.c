// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack_causes.h"

#include <string.h>

#include "siphash.h"

/* A function tells no cause. No cause has that number. */
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

/* name: with how far into it that is. */
static int32_t cause_of_function(const char *name)
{
	size_t length = strcspn(name, "+");

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strlen(table[i].function) == length && strncmp(table[i].function, name, length) == 0)
			return table[i].cause;
	return TELLS_NOTHING;
}

static int32_t ask_for_cause(const struct tracer_ops *ops, void *state, uint64_t address)
{
	char name[128];

	return ops->symbol(state, address, name, sizeof(name)) ? TELLS_NOTHING : cause_of_function(name);
}

static int32_t cause_at(struct stack_causes *causes, const struct tracer_ops *ops, void *state, uint64_t address)
{
	static const uint64_t no_key[2];
	size_t place = siphash(no_key, address) % STACK_CAUSES_PLACES;

	if (causes->known[place].address != address) {
		causes->known[place].cause = ask_for_cause(ops, state, address);
		causes->known[place].address = address;
	}
	return causes->known[place].cause;
}

/* Threads of the kernel, exits and the like have causes of their own. */
static bool is_correctable(const struct shootdown_key *key)
{
	return key->stack && key->kind != SHOOTDOWN_KIND_CALL && key->cause >= SHOOTDOWN_CAUSE_FAULT;
}

void stack_causes_correct(struct stack_causes *causes, const struct tracer_ops *ops, void *state,
			  const struct shootdown_stack *stack, struct shootdown_key *key)
{
	int32_t cause = TELLS_NOTHING;

	if (!is_correctable(key))
		return;
	for (size_t i = 0; i < SHOOTDOWN_STACK_FRAMES && stack->frames[i] && cause == TELLS_NOTHING; i++)
		cause = cause_at(causes, ops, state, stack->frames[i]);
	if (cause != TELLS_NOTHING)
		key->cause = cause;
}
