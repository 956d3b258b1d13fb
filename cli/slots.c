/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slots.h"

#include <inttypes.h>
#include <stdlib.h>

#include "json.h"
#include "strbuf.h"
#include "xalloc.h"

void slot_list_add(struct slot_list *list, const struct slot *slot)
{
	list->slots = xreallocarray(list->slots, list->nr_slots + 1, sizeof(list->slots[0]));
	list->slots[list->nr_slots++] = *slot;
}

void slot_list_deinit(struct slot_list *list)
{
	free(list->slots);
	*list = (struct slot_list){ 0 };
}

static void add_text(struct strbuf *out, const struct slot *slot)
{
	strbuf_addf(out, "%s%" PRIu32 ":", out->length ? "," : "", slot->number);
	if (slot->pid)
		strbuf_addf(out, "%" PRId32, slot->pid);
	else
		strbuf_add(out, slot->is_kernel ? "kernel" : "?");
	if (slot->is_loaded)
		strbuf_add(out, "*");
	if (slot->state == SLOT_BEHIND)
		strbuf_add(out, "!");
}

char *slot_list_text(const struct slot_list *list)
{
	struct strbuf out = { 0 };

	for (size_t i = 0; i < list->nr_slots; i++)
		add_text(&out, &list->slots[i]);
	return strbuf_take(&out);
}

static void write_slot(const struct slot *slot, struct json *json)
{
	char *id = xasprintf("%#" PRIx64, slot->mm_id);

	json_open_object(json, NULL);
	json_number(json, "slot", slot->number);
	if (slot->pid)
		json_number(json, "pid", (uint64_t)slot->pid);
	else
		json_null(json, "pid");
	json_string(json, "mm", id);
	json_bool(json, "loaded", slot->is_loaded);
	if (slot->state == SLOT_UNKNOWN)
		json_null(json, "current");
	else
		json_bool(json, "current", slot->state == SLOT_CURRENT);
	json_close(json);
	free(id);
}

void slot_list_write_json(const struct slot_list *list, struct json *json, const char *key)
{
	json_open_array(json, key);
	for (size_t i = 0; i < list->nr_slots; i++)
		write_slot(&list->slots[i], json);
	json_close(json);
}
