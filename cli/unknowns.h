/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address spaces of which a rule can't be told, by the reason. */
#ifndef MMCPUS_CLI_UNKNOWNS_H
#define MMCPUS_CLI_UNKNOWNS_H

#include <stddef.h>

struct unknown_reason {
	char *why;
	size_t nr;
};

/* Zero-initialized there are none. */
struct unknowns {
	struct unknown_reason *reasons;
	size_t nr_reasons;
	size_t nr; /* of all, also of those without a reason */
};

/* One more. why is taken over; NULL: there is nothing more to say. */
void unknowns_add(struct unknowns *unknowns, char *why);
void unknowns_deinit(struct unknowns *unknowns);

/* "not everything is known of 3 of 40 address spaces: of 2, …; of 1, …". To be freed. */
char *unknowns_text(const struct unknowns *unknowns, size_t nr_all);

#endif
