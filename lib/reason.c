// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reason.h"

#include <stdarg.h>
#include <stdio.h>

int reason_set(struct mmcpus_reason *why, int err, const char *what, ...)
{
	va_list args;

	if (!why)
		return err;
	va_start(args, what);
	vsnprintf(why->what, sizeof(why->what), what, args);
	va_end(args);
	why->remedy[0] = '\0';
	return err;
}

void reason_remedy(struct mmcpus_reason *why, const char *remedy, ...)
{
	va_list args;

	if (!why)
		return;
	va_start(args, remedy);
	vsnprintf(why->remedy, sizeof(why->remedy), remedy, args);
	va_end(args);
}
