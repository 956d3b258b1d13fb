/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stack in user space, as a value of a table. */
#ifndef MMCPUS_CLI_FRAMES_H
#define MMCPUS_CLI_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include <mmcpus/mmcpus.h>

struct json;

struct frame {
	uint64_t address;
	uint64_t offset;
	uint64_t symbol_offset;
	char *module; /* raw bytes; NULL: unknown */
	char *symbol; /* the same */
};

/* Innermost first. Zero-initialized it is empty. */
struct frame_list {
	struct frame *frames;
	size_t nr_frames;
};

void frame_list_add(struct frame_list *list, const struct mmcpus_user_frame *frame);
void frame_list_deinit(struct frame_list *list);

/* Escaped, outermost first: "java:main+0x1b;libc.so.6:madvise+0xb". To be freed. */
char *frame_list_text(const struct frame_list *list);

/* In the same order. */
void frame_list_write_json(const struct frame_list *list, struct json *json, const char *key);

#endif
