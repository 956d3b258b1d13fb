/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmcpus unpin: take away what mmcpus pin left. */
#include <mmcpus/mmcpus.h>

#include "commands.h"
#include "message.h"
#include "options.h"
#include "xalloc.h"

static int unpin_run(const struct options *opts)
{
	struct mmcpus_reason why = { 0 };

	if (opts->dir && !opts->dir[0])
		return complain_usage(xstrdup("--dir '' names no directory"));
	if (mmcpus_unpin(opts->dir ? opts->dir : MMCPUS_PIN_DIR, &why)) {
		complain_reason(&why);
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

const struct command cmd_unpin = {
	.name = "unpin",
	.summary = "take away what pin left",
	.options = OPTION_DIR | OPTIONS_COMMON,
	.run = unpin_run,
};
