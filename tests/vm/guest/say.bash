# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

# say NUMBER WHAT FUNCTION: a result; and what was counted, as the scene's show_counted prints it, if it is not fine. Five
# tries, for a victim that the kernel takes off its CPU for a moment is not hit; but no more after status 2, which is of what
# must not be at any time.
say()
{
	local try status
	for try in 1 2 3 4 5; do
		status=0
		"$3" || status=$?
		if [ $status = 0 ]; then
			echo "ok $1 - $2"
			return
		fi
		show_counted | sed "s/^/try $try: /"
		[ $status != 2 ] || break
	done
	echo "not ok $1 - $2"
}
