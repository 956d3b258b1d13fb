/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which line of /proc/PID/cgroup stands for a process. */
#include "unit.h"

#include "cgroup.h"

static const struct {
	const char *text;
	const char *path; /* NULL: none */
} cases[] = {
	{ "0::/\n", "/" },
	{ "0::/system.slice/sshd.service\n", "/system.slice/sshd.service" },
	{ "0::/no-line-end", "/no-line-end" },
	/* v2 wins, wherever it stands */
	{ "4:memory:/m\n1:name=systemd:/s\n0::/u\n", "/u" },
	{ "0::/u\n1:name=systemd:/s\n", "/u" },
	/* without it the hierarchy of systemd, else the first */
	{ "4:memory:/m\n1:name=systemd:/s\n", "/s" },
	{ "1:name=systemd:/s\n4:memory:/m\n", "/s" },
	{ "4:memory:/m\n3:cpu,cpuacct:/c\n", "/m" },
	{ "4:name=systemdx:/x\n3:cpu:/c\n", "/x" },
	/* what the owner of a cgroup may call it */
	{ "0::/a b/\x1b[31m\n", "/a b/\x1b[31m" },
	{ "0::/a:b::/c\n", "/a:b::/c" },
	{ "4:memory:/0::/fake\n", "/0::/fake" },
	{ "4:memory:/x:name=systemd:/fake\n3:cpu:/c\n", "/x:name=systemd:/fake" },
	{ "0::/../outside\n", "/../outside" }, /* beyond the root of a cgroup namespace */
	{ "0::/gone (deleted)\n", "/gone (deleted)" },
	{ "0::/\xff\xfe\n", "/\xff\xfe" },
	/* malformed lines do not count */
	{ "", NULL },
	{ "\n\n", NULL },
	{ "0\n", NULL },
	{ "0:\n", NULL },
	{ "0::\n", NULL },
	{ "0::relative\n", NULL },
	{ "0:/path\n", NULL },
	{ "0::relative\n0::/then\n", "/then" },
	{ "garbage\n4:memory:/m\n", "/m" },
	{ "0:\n:/x\n", NULL }, /* colons of the next line are not this one's */
};

static void finds_the_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		char *text = strdup(cases[i].text);
		const char *path = cgroup_path_in(text);

		if (cases[i].path)
			check(path && strcmp(path, cases[i].path) == 0, "case %zu: '%s'", i, path ? path : "(none)");
		else
			check(!path, "case %zu: '%s'", i, path);
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
