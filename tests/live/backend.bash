# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# In place of live, for tests that look with MMCPUS_BACKEND. Who needs more redefines a hook, and calls these.

load live

begin_looking()
{
	need_backend
	pick_cpus
}

end_looking()
{
	end_scenes
	remove_public_copy
}

setup_file()
{
	find_out
}

setup()
{
	begin_looking
}

teardown()
{
	end_looking
}
