// SPDX-License-Identifier: LGPL-2.1-or-later
#include <mmcpus/mmcpus.h>

const char *mmcpus_version(void)
{
	return MMCPUS_VERSION; /* defined by the build, from meson.build */
}
