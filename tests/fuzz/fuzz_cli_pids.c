/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <inttypes.h>

#include "pids.h"

/* Written as numbers again, they parse to the same list. */
static void check_round_trip(const struct pid_list *list)
{
	char *text = malloc(list->nr_pids * 12);
	struct pid_list back = { 0 };
	char *why = NULL;
	int length = 0;

	must(text && list->nr_pids > 0);
	for (size_t i = 0; i < list->nr_pids; i++) {
		must(list->pids[i] > 0 && pid_list_has(list, list->pids[i]));
		length += sprintf(text + length, "%s%" PRId32, i ? "," : "", list->pids[i]);
	}
	must(pid_list_parse(&back, text, &why) == 0 && !why);
	must(back.nr_pids == list->nr_pids);
	must(memcmp(back.pids, list->pids, list->nr_pids * sizeof(list->pids[0])) == 0);
	pid_list_deinit(&back);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = string_of(data, size);
	struct pid_list list = { 0 };
	char *why = NULL;
	int err = pid_list_parse(&list, text, &why);

	must(err == 0 || err == -EINVAL);
	must(!err == !why);
	if (!err)
		check_round_trip(&list);
	free(why);
	pid_list_deinit(&list);
	free(text);
	return 0;
}
