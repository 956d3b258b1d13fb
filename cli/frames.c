/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frames.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "json.h"
#include "strbuf.h"
#include "xalloc.h"

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

void frame_list_add(struct frame_list *list, const struct mmcpus_user_frame *frame)
{
	list->frames = xreallocarray(list->frames, list->nr_frames + 1, sizeof(list->frames[0]));
	list->frames[list->nr_frames++] = (struct frame){
		.address = frame->address,
		.offset = frame->offset,
		.symbol_offset = frame->symbol_offset,
		.module = copy(frame->module),
		.symbol = copy(frame->symbol),
	};
}

void frame_list_deinit(struct frame_list *list)
{
	for (size_t i = 0; i < list->nr_frames; i++) {
		free(list->frames[i].module);
		free(list->frames[i].symbol);
	}
	free(list->frames);
	*list = (struct frame_list){ 0 };
}

/* A file without its directory; what is none, such as [vdso], as it is. */
static const char *short_name(const char *module)
{
	const char *slash = strrchr(module, '/');

	return slash ? slash + 1 : module;
}

static void add_escaped(struct strbuf *out, const char *raw)
{
	char *text = escape_text(raw);

	strbuf_add(out, text);
	free(text);
}

static void add_text(struct strbuf *out, const struct frame *frame)
{
	if (!frame->module) {
		strbuf_addf(out, "%#" PRIx64, frame->address);
		return;
	}
	add_escaped(out, short_name(frame->module));
	if (frame->symbol) {
		strbuf_add(out, ":");
		add_escaped(out, frame->symbol);
	}
	strbuf_addf(out, "+%#" PRIx64, frame->symbol ? frame->symbol_offset : frame->offset);
}

char *frame_list_text(const struct frame_list *list)
{
	struct strbuf out = { 0 };

	for (size_t i = list->nr_frames; i > 0; i--) {
		if (out.length)
			strbuf_add(&out, ";");
		add_text(&out, &list->frames[i - 1]);
	}
	return strbuf_take(&out);
}

/* 64 bits do not fit a number of JSON. */
static void write_number(struct json *json, const char *key, bool is_known, uint64_t number)
{
	char *text = is_known ? xasprintf("%#" PRIx64, number) : NULL;

	json_string(json, key, text);
	free(text);
}

void frame_list_write_json(const struct frame_list *list, struct json *json, const char *key)
{
	json_open_array(json, key);
	for (size_t i = list->nr_frames; i > 0; i--) {
		const struct frame *frame = &list->frames[i - 1];

		json_open_object(json, NULL);
		write_number(json, "address", true, frame->address);
		json_string(json, "module", frame->module);
		write_number(json, "offset", frame->module != NULL, frame->offset);
		json_string(json, "symbol", frame->symbol);
		write_number(json, "symbol_offset", frame->symbol != NULL, frame->symbol_offset);
		json_close(json);
	}
	json_close(json);
}
