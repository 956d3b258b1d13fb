// SPDX-License-Identifier: LGPL-2.1-or-later
#include "stack_causes.h"

/* A function on the stack, and what it is there for. */
static const struct {
	const char *function;
	int32_t cause;
} table[STACK_CAUSES_NR] = {
	{ "task_numa_work", SHOOTDOWN_CAUSE_BALANCING },
	{ "migrate_misplaced_folio", SHOOTDOWN_CAUSE_BALANCING },
	{ "migrate_misplaced_page", SHOOTDOWN_CAUSE_BALANCING }, /* before 6.7 */
};

/* Where the addresses are hidden, none of them is on any stack. */
static void find_functions(struct stack_causes *causes, const struct root *root)
{
	for (size_t i = 0; i < STACK_CAUSES_NR; i++)
		causes->functions[i] = (struct kernel_function){ .name = table[i].function };
	kernel_functions_find(root, causes->functions, STACK_CAUSES_NR);
	causes->has_looked = true;
}

static bool is_on_stack(const struct kernel_function *function, const uint64_t *addresses, int nr)
{
	for (int i = 0; i < nr; i++)
		if (addresses[i] > function->start && addresses[i] < function->end)
			return true;
	return false;
}

/* Threads of the kernel, exits and the like have causes of their own. */
static bool is_correctable(const struct shootdown_key *key)
{
	return key->stack >= 0 && key->kind != SHOOTDOWN_KIND_CALL && key->cause >= SHOOTDOWN_CAUSE_FAULT;
}

void stack_causes_correct(struct stack_causes *causes, const struct root *root, const struct tracer_ops *ops,
			  void *state, struct shootdown_key *key)
{
	uint64_t addresses[SHOOTDOWN_STACK_FRAMES];
	int nr;

	if (!is_correctable(key))
		return;
	if (!causes->has_looked)
		find_functions(causes, root);
	nr = ops->stack(state, key->stack, addresses);
	for (size_t i = 0; i < STACK_CAUSES_NR; i++)
		if (is_on_stack(&causes->functions[i], addresses, nr))
			key->cause = table[i].cause;
}
