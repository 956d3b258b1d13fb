// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the machine is: CPUs, nodes, release, namespace. Isolation and the hypervisor have files of their own. */
#include "system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cpuset.h"
#include "number.h"
#include "proc_status.h"
#include "reason.h"

int system_read_list(const struct root *root, const char *path, uint32_t nr_cpus, struct mmcpus_cpuset **ret)
{
	struct text text = { 0 };
	struct mmcpus_cpuset *set = NULL;
	int err = root_read(root, path, &text);

	if (err)
		goto out_text;
	err = -ENOMEM;
	set = mmcpus_cpuset_create(nr_cpus);
	if (!set)
		goto out_text;
	/* 6.1 prints a mask that was never allocated as " (null)" */
	err = strstr(text.data, "(null)") ? 0 : mmcpus_cpuset_parse_list(set, text.data, NULL);
	if (err) {
		mmcpus_cpuset_destroy(set);
		set = NULL;
		err = -EBADMSG;
	}
out_text:
	text_deinit(&text);
	*ret = set;
	return err;
}

/*
 * Without /sys: the masks in status files are as wide as nr_cpu_ids, to four bits. Too wide by up to three does no
 * harm: the kernel never sets those bits.
 */
static uint32_t width_of_mask(const char *mask)
{
	size_t length = strspn(mask, "0123456789abcdef,");
	size_t groups = 0;

	for (size_t i = 0; i < length; i++)
		groups += mask[i] == ',';
	return (uint32_t)(length - groups) * 4;
}

static int read_nr_cpus_from_proc(struct mmcpus_system *sys)
{
	struct text text = { 0 };
	struct proc_status status;
	int err = root_read(&sys->root, "proc/self/status", &text);

	if (err)
		err = root_read(&sys->root, "proc/1/status", &text);
	if (!err) {
		proc_status_parse(text.data, &status);
		if (status.lines & STATUS_ALLOWED)
			sys->nr_cpus = width_of_mask(status.allowed_mask);
	}
	text_deinit(&text);
	return sys->nr_cpus && sys->nr_cpus <= MMCPUS_CPUS_MAX ? 0 : -ENODATA;
}

static int read_nr_cpus(struct mmcpus_system *sys, struct mmcpus_reason *why)
{
	struct text text = { 0 };
	struct mmcpus_cpuset *possible = NULL;
	uint32_t last = 0;
	int err = root_read(&sys->root, "sys/devices/system/cpu/possible", &text);

	if (!err)
		possible = cpuset_from_list(text.data);
	text_deinit(&text);
	if (!possible || mmcpus_cpuset_is_empty(possible)) {
		mmcpus_cpuset_destroy(possible);
		err = read_nr_cpus_from_proc(sys);
		return err ? reason_set(why, err, "neither /sys nor /proc tells how many CPUs there are") : 0;
	}
	for (uint32_t cpu = 0; mmcpus_cpuset_next(possible, cpu, &cpu); cpu++)
		last = cpu;
	sys->nr_cpus = last + 1;
	sys->sets[MMCPUS_SYSTEM_POSSIBLE] = possible;
	return 0;
}

/* A list that may be missing stays unknown; only lack of memory is an error. */
static int read_optional_set(struct mmcpus_system *sys, enum mmcpus_system_set which, const char *path, uint32_t width)
{
	return system_read_list(&sys->root, path, width, &sys->sets[which]) == -ENOMEM ? -ENOMEM : 0;
}

static int read_nodes(struct mmcpus_system *sys)
{
	char path[64];
	int err = read_optional_set(sys, MMCPUS_SYSTEM_NODES, "sys/devices/system/node/online", SYSTEM_NODES_MAX);
	const struct mmcpus_cpuset *online = sys->sets[MMCPUS_SYSTEM_NODES];

	for (uint32_t node = 0; !err && online && mmcpus_cpuset_next(online, node, &node); node++) {
		snprintf(path, sizeof(path), "sys/devices/system/node/node%u/cpulist", node);
		if (system_read_list(&sys->root, path, sys->nr_cpus, &sys->nodes[node]) == -ENOMEM)
			err = -ENOMEM;
	}
	return err;
}

static char *read_text(const struct root *root, const char *path)
{
	char line[256];

	return root_read_line(root, path, line, sizeof(line)) ? NULL : strdup(line);
}

static char *read_arch(const struct root *root)
{
	struct utsname uts;

	if (root->is_live && uname(&uts) == 0)
		return strdup(uts.machine);
	return read_text(root, "proc/sys/kernel/arch");
}

/* "none [integrity] confidentiality": the one in brackets holds. */
static char *read_lockdown(const struct root *root)
{
	char line[256];
	char *start;
	char *end;

	if (root_read_line(root, "sys/kernel/security/lockdown", line, sizeof(line)))
		return NULL;
	start = strchr(line, '[');
	end = start ? strchr(start, ']') : NULL;
	return end ? strndup(start + 1, (size_t)(end - start - 1)) : NULL;
}

static void read_texts(struct mmcpus_system *sys)
{
	sys->texts[MMCPUS_SYSTEM_ARCH] = read_arch(&sys->root);
	sys->texts[MMCPUS_SYSTEM_RELEASE] = read_text(&sys->root, "proc/sys/kernel/osrelease");
	sys->texts[MMCPUS_SYSTEM_HYPERVISOR] = system_read_hypervisor(&sys->root);
	sys->texts[MMCPUS_SYSTEM_LOCKDOWN] = read_lockdown(&sys->root);
	system_read_background(sys);
}

static uint64_t read_pid_ns(const struct root *root)
{
	struct stat st;

	return root->is_live && stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}

/* Backends number processes as the caller's namespace does, and look them up in /proc: both must be the same. */
static int check_proc(const struct root *root, struct mmcpus_reason *why)
{
	char self[16] = "";
	ssize_t length = readlinkat(root->fd, "proc/self", self, sizeof(self) - 1);

	if (!root->is_live || (length > 0 && atoi(self) == getpid()))
		return 0;
	if (length < 0)
		reason_set(why, -ENOENT, "/proc is not mounted");
	else
		reason_set(why, -ENOENT, "/proc shows another pid namespace than the one this runs in");
	reason_remedy(why, "mount -t proc proc /proc");
	return -ENOENT;
}

static int read_system(struct mmcpus_system *sys, struct mmcpus_reason *why)
{
	int err = check_proc(&sys->root, why);

	if (!err)
		err = read_nr_cpus(sys, why);
	if (err)
		return err;
	read_texts(sys);
	sys->pid_ns = read_pid_ns(&sys->root);
	err = read_optional_set(sys, MMCPUS_SYSTEM_ONLINE, "sys/devices/system/cpu/online", sys->nr_cpus);
	if (!err)
		err = system_read_isolation(sys);
	if (!err)
		err = read_nodes(sys);
	return err ? reason_set(why, err, "%s", strerror(-err)) : 0;
}

int mmcpus_system_open(const char *root, struct mmcpus_system **ret, struct mmcpus_reason *why)
{
	struct mmcpus_system *sys = calloc(1, sizeof(*sys));
	int err;

	if (!sys)
		return reason_set(why, -ENOMEM, "%s", strerror(ENOMEM));
	err = root_init(&sys->root, root, why);
	if (err) {
		free(sys);
		return err;
	}
	err = read_system(sys, why);
	if (err) {
		mmcpus_system_close(sys);
		return err;
	}
	*ret = sys;
	return 0;
}

void mmcpus_system_close(struct mmcpus_system *sys)
{
	if (!sys)
		return;
	for (size_t i = 0; i < MMCPUS_NR_SYSTEM_SETS; i++)
		mmcpus_cpuset_destroy(sys->sets[i]);
	for (size_t i = 0; i < SYSTEM_NODES_MAX; i++)
		mmcpus_cpuset_destroy(sys->nodes[i]);
	for (size_t i = 0; i < MMCPUS_NR_SYSTEM_TEXTS; i++)
		free(sys->texts[i]);
	root_deinit(&sys->root);
	free(sys);
}

bool mmcpus_system_is_live(const struct mmcpus_system *sys)
{
	return sys->root.is_live;
}

uint32_t mmcpus_system_nr_cpus(const struct mmcpus_system *sys)
{
	return sys->nr_cpus;
}

const struct mmcpus_cpuset *mmcpus_system_set(const struct mmcpus_system *sys, enum mmcpus_system_set which)
{
	return which < MMCPUS_NR_SYSTEM_SETS ? sys->sets[which] : NULL;
}

const char *mmcpus_system_text(const struct mmcpus_system *sys, enum mmcpus_system_text which)
{
	return which < MMCPUS_NR_SYSTEM_TEXTS ? sys->texts[which] : NULL;
}

const struct mmcpus_cpuset *mmcpus_system_node_cpus(const struct mmcpus_system *sys, uint32_t node)
{
	return node < SYSTEM_NODES_MAX ? sys->nodes[node] : NULL;
}

int mmcpus_system_nodes_of(const struct mmcpus_system *sys, const struct mmcpus_cpuset *cpus, struct mmcpus_cpuset *ret)
{
	const struct mmcpus_cpuset *online = sys->sets[MMCPUS_SYSTEM_NODES];

	mmcpus_cpuset_clear(ret);
	if (!online)
		return -ENODATA;
	for (uint32_t node = 0; mmcpus_cpuset_next(online, node, &node); node++) {
		if (!sys->nodes[node]) { /* its list could not be read */
			mmcpus_cpuset_clear(ret);
			return -ENODATA;
		}
		if (mmcpus_cpuset_intersects(sys->nodes[node], cpus))
			mmcpus_cpuset_add(ret, node);
	}
	return 0;
}

uint64_t mmcpus_system_pid_ns(const struct mmcpus_system *sys)
{
	return sys->pid_ns;
}

/* PROC_PID_INIT_INO of include/linux/proc_ns.h: the first pid namespace has the same number on every machine. */
#define FIRST_PID_NS 0xeffffffcu

bool mmcpus_system_sees_all_pids(const struct mmcpus_system *sys)
{
	return !sys->root.is_live || sys->pid_ns == FIRST_PID_NS;
}
