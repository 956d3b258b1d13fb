#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm/run itself: what is said about a scene rests on its exit status.
#
# MACHINE_KERNEL, MACHINE_TOPOLOGY: names that it knows, the second the number of CPUs

bats_require_minimum_version 1.5.0

setup()
{
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	console=$BATS_TEST_TMPDIR/console
}

teardown()
{
	[ -z "${started:-}" ] || ! kill -KILL "$started" 2>/dev/null || wait "$started" || true
}

# in_guest [OPTION...] -- COMMAND...
in_guest()
{
	"$root/vm/run" --kernel "$MACHINE_KERNEL" --topology "$MACHINE_TOPOLOGY" --timeout 100 --console "$console" "$@"
}

@test "the command's status, and its output byte for byte" {
	run -7 --separate-stderr in_guest -- sh -c 'printf "a\r\n\tb\033\n"; echo c >&2; exit 7'
	[ "$output" = $'a\r\n\tb\e\nc' ]
	[ -z "$stderr" ]
}

@test "files come along, with the libraries that they need" {
	echo taken >"$BATS_TEST_TMPDIR/file"
	run -0 in_guest --file "$(type -P jq)" --file "$BATS_TEST_TMPDIR/file:/there/it is" \
		-- sh -c 'jq -nM 1+2; cat "/there/it is"'
	[ "$output" = $'3\ntaken' ]
}

@test "what is appended gets to the kernel, and there are as many CPUs as the topology says" {
	run -0 in_guest --append 'mark=here' -- sh -c 'grep -o mark=here /proc/cmdline; nproc'
	[ "$output" = $'mark=here\n'"${MACHINE_TOPOLOGY}" ]
}

@test "what the kernel complains of fails the machine, though the command is content" {
	run -125 --separate-stderr in_guest -- sh -c 'echo "WARNING: CPU: 0 PID: 1 at some/file.c:1" >/dev/kmsg'
	[[ $stderr == *'the kernel complains: '*'WARNING: CPU: 0'*"console: $console" ]]
}

@test "a panic fails the machine" {
	run -125 --separate-stderr in_guest -- sh -c 'echo before; echo c >/proc/sysrq-trigger; echo behind'
	[ "$output" = before ]
	[[ $stderr == *'the kernel complains: '* ]]
	grep -q 'Kernel panic' "$console"
}

@test "a machine that goes down before the command has ended has failed" {
	run -125 --separate-stderr in_guest -- reboot -f
	[[ $stderr == *'the machine went down before the command ended'* ]]
}

@test "what takes too long is ended, and nothing of it stays" {
	run -124 --separate-stderr in_guest --timeout 30 -- sh -c 'echo begins; sleep 1000'
	[ "$output" = begins ]
	[[ $stderr == *"console: $console" ]]
	! pgrep -f "qemu.*$console"
}

@test "a signal ends the machine, too" {
	"$root/vm/run" --kernel "$MACHINE_KERNEL" --topology "$MACHINE_TOPOLOGY" --console "$console" -- sh -c 'echo begins; sleep 1000' \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	local status=0
	started=$!
	timeout 100 sh -c 'until grep -q begins "$1"; do sleep 0.2; done' - "$BATS_TEST_TMPDIR/out"
	kill -TERM $started
	wait $started || status=$?
	[ $status = 143 ]
	! pgrep -f "qemu.*$console"
}

# Else they run while the kernel takes the CPUs from them, which it may warn of.
@test "what the command leaves behind has ended before the kernel restarts" {
	run -0 in_guest -- sh -c 'for i in 1 2 3 4 5 6; do (while :; do echo alive >/dev/kmsg; done) & done; sleep 1'
	grep -q 'alive' "$console"
	grep -q 'reboot: Restarting system' "$console"
	! sed '1,/reboot: Restarting system/d' "$console" | grep alive
}

@test "wrong usage: status 2, and why" {
	local option
	for option in '--kernel no-such-kernel' '--topology no-such-topology' '--timeout 0' '--timeout x' '--memory 0' \
		'--file /etc/hosts:relative' '--no-such-option'; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr in_guest $option -- true
		[[ $stderr == *"${option##* }"* ]]
	done
	run -2 --separate-stderr in_guest
	[[ $stderr == *'no command'* ]]
}

@test "a kernel that is no file: status 125" {
	run -125 --separate-stderr "$root/vm/run" --kernel ./no-such-file --topology one -- true
	[[ $stderr == *'./no-such-file is no file'* ]]
}
