/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of a kernel, of which nothing is believed: no read goes beyond them, and what is found lies within the section. */
#include "fuzz.h"

#include "percpu_vars.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct percpu_var vars[] = { { .name = "cpu_tlbstate" }, { .name = "runqueues" } };
	int nr_found = percpu_vars_find(data, size, vars, 2);

	must(nr_found == -EBADMSG || nr_found == -EOPNOTSUPP || (nr_found >= 0 && nr_found <= 2));
	must(nr_found < 0 || nr_found == (vars[0].size > 0) + (vars[1].size > 0));
	return 0;
}
