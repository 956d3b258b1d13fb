/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "getters.h"

#include <errno.h>

#include "xalloc.h"

int give_text(const char *text, struct value *ret)
{
	if (!text)
		return -ENODATA;
	ret->text = xstrdup(text);
	return 0;
}

int give_set(const struct mmcpus_cpuset *set, struct value *ret)
{
	if (!set)
		return -ENODATA;
	ret->set = xcheck(mmcpus_cpuset_create(mmcpus_cpuset_width(set)));
	mmcpus_cpuset_copy(ret->set, set);
	return 0;
}
