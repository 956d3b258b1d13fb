/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ASID slots of a CPU that are in use, as a value of a table. */
#ifndef MMCPUS_CLI_SLOTS_H
#define MMCPUS_CLI_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;

enum slot_state {
	SLOT_UNKNOWN, /* nobody can be asked how many flushes there were */
	SLOT_CURRENT,
	SLOT_BEHIND,
};

struct slot {
	uint32_t number;
	uint64_t mm_id;
	int32_t pid; /* that the address space is named by; 0: the kernel's own, or nobody that is seen here */
	bool is_kernel;
	bool is_loaded;
	enum slot_state state;
};

struct slot_list {
	struct slot *slots;
	size_t nr_slots;
};

void slot_list_add(struct slot_list *list, const struct slot *slot);
void slot_list_deinit(struct slot_list *list);

/* "0:1234*,1:567!,2:kernel,3:?": * is loaded, ! is behind, ? is not seen here. To be freed by the caller. */
char *slot_list_text(const struct slot_list *list);

void slot_list_write_json(const struct slot_list *list, struct json *json, const char *key);

#endif
