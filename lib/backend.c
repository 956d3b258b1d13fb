// SPDX-License-Identifier: LGPL-2.1-or-later
#include "backend.h"

#include <errno.h>
#include <string.h>

#include "reason.h"
#include "tracer.h"

extern const struct backend_ops backend_bpf;
extern const struct backend_ops backend_bpf_walk;
extern const struct backend_ops backend_bpf_iter;
extern const struct backend_ops backend_bpf_libbpf;
extern const struct backend_ops backend_pinned;
extern const struct backend_ops backend_procfs;
extern const struct backend_ops backend_sched;
extern const struct tracer_ops tracer_bpf;

const struct backend_ops *const backends[] = {
	&backend_bpf,      &backend_pinned,   &backend_procfs,     &backend_sched,
	&backend_bpf_walk, &backend_bpf_iter, &backend_bpf_libbpf, NULL,
};

const struct tracer_ops *const default_tracer = &tracer_bpf;

const struct backend_ops *backend_find(const char *name)
{
	for (size_t i = 0; backends[i]; i++)
		if (strcmp(backends[i]->name, name) == 0)
			return backends[i];
	return NULL;
}

bool backend_is_variant(const struct backend_ops *ops)
{
	return strchr(ops->name, ':') != NULL;
}

int backend_open(const struct backend_ops *ops, const struct mmcpus_system *sys, void **ret, struct mmcpus_reason *why)
{
	if (ops->is_live_only && !sys->root.is_live) {
		reason_set(why, -EOPNOTSUPP, "reads the running kernel, not a captured machine");
		reason_remedy(why, "leave out --root, or use a backend that reads files");
		return -EOPNOTSUPP;
	}
	return ops->open(sys, ret, why);
}

const char *mmcpus_backend_name(size_t index)
{
	for (size_t i = 0; backends[i]; i++)
		if (i == index)
			return backends[i]->name;
	return NULL;
}

const char *mmcpus_backend_summary(const char *name)
{
	const struct backend_ops *ops = backend_find(name);

	return ops ? ops->summary : NULL;
}

int mmcpus_backend_probe(const struct mmcpus_system *sys, const char *name, struct mmcpus_reason *why)
{
	const struct backend_ops *ops = backend_find(name);
	void *state;
	int err;

	if (!ops)
		return reason_set(why, -ENOENT, "no such backend");
	err = backend_open(ops, sys, &state, why);
	if (!err)
		ops->close(state);
	return err;
}
