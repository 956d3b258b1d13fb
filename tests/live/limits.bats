#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is left when something is missing: rights, /sys, a reader.

load live

setup()
{
	need_root
	pick_cpus
}

teardown()
{
	end_scenes
	remove_public_copy
}

need_no_patch()
{
	! grep -q ^Cpus_active_mm: /proc/self/status || skip "this kernel shows masks to everybody"
}

@test "doctor finds nothing wrong" {
	need_bpf
	run -0 --separate-stderr mmcpus doctor -J
	expect "checks that failed" "$(jq -c '[.checks[] | select(.result == "failed")]' <<<"$output")" "[]"
	expect "own-cpu of bpf" \
		"$(jq -r '.checks[] | select(.name == "own-cpu" and .backend == "bpf").result' <<<"$output")" ok
	run -0 mmcpus doctor
}

@test "doctor says what of residency is shown, and show agrees" {
	need_bpf
	local expected='null' shown
	[ "$(mmcpus doctor -J | jq .residency.usable)" = false ] || expected='"'
	shown=$(mmcpus show -q -J -o LOADED -p $$ --backend bpf | jq '.address_spaces[0].loaded')
	expect_text "LOADED" "$shown" "^$expected"
	[ "$expected" = null ] || expect backend "$(mmcpus doctor -J | jq -r .residency.backend)" bpf
}

@test "without root doctor says what would bring residency" {
	public_copy "$MMCPUS_BIN"
	run -0 --separate-stderr as_nobody "$public/mmcpus" doctor -J
	expect residency "$(jq -c '.residency | [.usable, .backend, .remedy]' <<<"$output")" '[false,null,"run with sudo"]'
}

@test "every way of bpf works that MMCPUS_REQUIRE names" {
	local way
	for way in bpf bpf:walk bpf:iter bpf:libbpf; do
		[[ " ${MMCPUS_REQUIRE:-} " == *" $way "* ]] || continue
		try "$way"
		expect "why $way does not work" "$REPLY" ""
	done
}

# ------------------------------------------------------------------------------------------------------------- rights

@test "without root: estimates of backend sched, one line on stderr" {
	need_no_patch
	public_copy "$MMCPUS_BIN"
	run -0 --separate-stderr as_nobody "$public/mmcpus"
	expect_text table "$output" '^ *PID COMMAND'
	expect_lines stderr "$stderr" 1
	expect_text stderr "$stderr" '^mmcpus: .*sched.*bpf.*root.*sudo'
	run -0 --separate-stderr as_nobody "$public/mmcpus" show -J -o PID,ACTIVE,QUALITY,BACKEND
	expect "qualities and backends" \
		"$(jq -c '[.address_spaces[] | [.quality, .backend]] | unique' <<<"$output")" '[["estimate","sched"]]'
}

@test "without root: -q is silent" {
	need_no_patch
	public_copy "$MMCPUS_BIN"
	run -0 --separate-stderr as_nobody "$public/mmcpus" show -q
	expect stderr "$stderr" ""
	expect_text table "$output" '^ *PID COMMAND'
}

@test "without root: a process is estimated to be active where it ran last" {
	public_copy "$MMCPUS_BIN"
	local cpu
	for cpu in "$A" "$B"; do
		scene pinned "$cpu"
		read_row < <(as_nobody "$public/mmcpus" show -q -J -p "$PID" -o PID,ACTIVE --backend sched)
		expect ACTIVE "${row[active]}" "$cpu"
	done
}

@test "without root: status refuses to pass an estimate for the mask" {
	need_no_patch
	public_copy "$MMCPUS_BIN"
	scene pinned "$A"
	run -1 --separate-stderr as_nobody "$public/mmcpus" status "$PID"
	expect stdout "$output" ""
	expect_lines stderr "$stderr" 1
	expect_text stderr "$stderr" '^mmcpus: .*--backend sched'
	run -1 --separate-stderr as_nobody "$public/mmcpus" status -q "$PID"
	expect stdout "$output" ""
}

@test "without root: status gives the estimate that --backend sched asks for" {
	public_copy "$MMCPUS_BIN"
	scene pinned "$B"
	run -0 --separate-stderr as_nobody "$public/mmcpus" status -q --backend sched "$PID"
	expect stderr "$stderr" ""
	expect_lines stdout "$output" 2
	expect list "${lines[1]}" "Cpus_active_mm_list:	$B"
}

@test "without root: --backend bpf is an error, with the remedy" {
	public_copy "$MMCPUS_BIN"
	local way
	for way in bpf bpf:walk bpf:iter bpf:libbpf; do
		run -1 --separate-stderr as_nobody "$public/mmcpus" show --backend "$way"
		expect stdout "$output" ""
		expect_lines stderr "$stderr" 1
		expect_text stderr "$stderr" "^mmcpus: $way: .*root.*sudo"
	done
}

@test "without root: doctor says why not, and what still works" {
	need_no_patch
	public_copy "$MMCPUS_BIN"
	run --separate-stderr as_nobody "$public/mmcpus" doctor -J
	expect "usable backends" "$(jq -c '[.backends[] | select(.usable).name]' <<<"$output")" '["sched"]'
	expect_text "why not bpf" \
		"$(jq -r '.backends[] | select(.name == "bpf") | .reason + .remedy' <<<"$output")" 'root.*sudo'
	expect "hooks that are usable, or without a reason" \
		"$(jq -c '[.hooks[] | select(.used != "no" or (.reason // "") == "").name]' <<<"$output")" '[]'
	[ "$(uname -m)" != x86_64 ] || expect_text "why not to hook tlb:tlb_flush" \
		"$(jq -r '.hooks[] | select(.name == "tlb:tlb_flush") | .reason + .remedy' <<<"$output")" 'root.*sudo'
}

@test "hidepid, without root: own processes, and one line that says so" {
	need_no_patch
	public_copy "$MMCPUS_BIN" "$MMCPUS_SCENE"
	scene pinned "$A"
	start as_nobody "$public/scene" pinned "$A"
	run -0 --separate-stderr unshare --mount bash -c '
		mount -t proc -o hidepid=2 proc /proc || exit 99
		exec "$@"' - setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
		env LD_LIBRARY_PATH="$public" "$public/mmcpus" show -J -o PID,USER,COMMAND
	expect users "$(jq -c '[.address_spaces[].user] | unique' <<<"$output")" '["nobody"]'
	expect "the own process" "$(jq "[.address_spaces[] | select(.pid == $PID)] | length" <<<"$output")" 1
	expect "lines about hidepid" "$(grep -c hidepid <<<"$stderr")" 1
	expect_lines "stderr, where the other says why it is not bpf," "$stderr" 2
}

# ------------------------------------------------------------------------------------------------- what may be missing

@test "no /sys: the next backend answers, one line on stderr" {
	need_no_patch
	scene pinned "$A"
	run -0 --separate-stderr unshare --mount bash -c 'mount -t tmpfs none /sys || exit 99; exec "$@"' - \
		timeout "$SECONDS_MAX" "$MMCPUS_BIN" show -p "$PID" -n -o PID,ACTIVE,BACKEND
	expect table "$(tr -s ' ' <<<"$output")" "$PID $A sched"
	expect_lines stderr "$stderr" 1
	expect_text stderr "$stderr" '^mmcpus: .*/sys'
}

@test "no /sys: --backend bpf is an error, or works" {
	need_bpf
	run --separate-stderr unshare --mount bash -c 'mount -t tmpfs none /sys || exit 99; exec "$@"' - \
		timeout "$SECONDS_MAX" "$MMCPUS_BIN" show -J -p $$ -o PID,BACKEND --backend bpf
	[ "$status" = 0 ] || {
		expect status "$status" 1
		expect_lines stderr "$stderr" 1
		expect_text stderr "$stderr" '^mmcpus: bpf: .*/sys'
	}
}

# The dynamic linker needs /proc/self/exe, too, to find our library beside the program.
@test "no /proc: shows something, or says that it cannot" {
	public_copy "$MMCPUS_BIN"
	run --separate-stderr unshare --mount bash -c 'mount -t tmpfs none /proc || exit 99; exec "$@"' - \
		env LD_LIBRARY_PATH="$public" timeout "$SECONDS_MAX" "$public/mmcpus" show -J -o PID
	if [ "$status" = 0 ]; then
		[ "$(jq '.address_spaces | length' <<<"$output")" -gt 0 ]
	else
		expect status "$status" 1
		expect stdout "$output" ""
		stderr=$(grep -v ^== <<<"$stderr") # a sanitizer complains, too
		expect_lines stderr "$stderr" 1
		expect_text stderr "$stderr" '^mmcpus: .*/proc'
	fi
}

# ------------------------------------------------------------------------------------------------ where it is printed

COMMANDS=("show" "show -J" "show -P" "status $$" "status -J $$" "doctor" "doctor -J" "--help" "--version")

@test "a full disk: exit status 1, and a message" {
	need_bpf
	local command
	for command in "${COMMANDS[@]}"; do
		echo "mmcpus $command"
		# shellcheck disable=SC2086 # words
		run -1 timeout "$SECONDS_MAX" bash -c 'exec "$@" >/dev/full' - "$MMCPUS_BIN" $command
		expect_text message "$output" "^mmcpus: .*(No space left|disk full)"
	done
}

@test "a pipe without a reader: exit status 1, and a message" {
	need_bpf
	local command
	for command in "${COMMANDS[@]}"; do
		echo "mmcpus $command"
		# shellcheck disable=SC2086 # words
		run -1 timeout "$SECONDS_MAX" "$MMCPUS_SCENE" no-reader "$MMCPUS_BIN" $command
		expect_text message "$output" "^mmcpus: .*(Broken pipe|reader gone)"
	done
}

@test "a reader that leaves in the middle: exit status 1, and a message" {
	need_bpf
	local option
	# More than a page of processes
	for _ in {1..40}; do
		sleep 60 3>&- &
		started_pids+=($!)
	done
	for option in -J -P -n; do
		run -1 timeout "$SECONDS_MAX" "$MMCPUS_SCENE" leaving-reader "$MMCPUS_BIN" show $option -o "$COLUMNS_ALL"
		expect_text message "$output" "^mmcpus: .*(Broken pipe|reader gone)"
	done
}

@test "stdout closed: exit status 1, and a message" {
	need_bpf
	local command
	for command in "${COMMANDS[@]}"; do
		echo "mmcpus $command"
		# shellcheck disable=SC2086 # words
		run -1 timeout "$SECONDS_MAX" bash -c 'exec "$@" >&-' - "$MMCPUS_BIN" $command
		expect_text message "$output" "^mmcpus: "
	done
}
