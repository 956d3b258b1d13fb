#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Nothing stays behind in the kernel. To be run before other tests: what they have left there would not be noticed.

load live

setup_file()
{
	PATH+=:/usr/sbin:/sbin
	command -v bpftool || return 0
	export LIVE_BEFORE LIVE_PINS
	LIVE_BEFORE=$(abandoned)
	LIVE_PINS=$(pins)
}

setup()
{
	need_root
	PATH+=:/usr/sbin:/sbin
	command -v bpftool || skip "needs bpftool"
	need_bpf
}

# bpf_objects: programs and maps of ours, "prog ID" each. The names are those of bpf/.
bpf_objects()
{
	local programs='^(walk_mms|iterate_mms|__loader.prog)$' maps='^(blocks|scratch|task_(wal|ite).*|__loader.map)$'
	# shellcheck disable=SC2016 # of jq
	local ours='.[] | select((.name // "") | test($names)) | "\($kind) \(.id)"'
	bpftool prog show -j | jq -r --arg kind prog_id --arg names "$programs" "$ours"
	bpftool map show -j | jq -r --arg kind map_id --arg names "$maps" "$ours"
}

# abandoned: those of them that no process has open
abandoned()
{
	local kind id
	while read -r kind id; do
		grep -Eqs "^$kind:[[:space:]]*$id\$" /proc/[0-9]*/fdinfo/* || echo "$kind $id"
	done < <(bpf_objects)
}

# expect_nothing_left: beyond what was there before. The kernel frees in its own time, and others may use mmcpus, too.
expect_nothing_left()
{
	local left
	for _ in {1..40}; do
		left=$(comm -13 <(sort <<<"$LIVE_BEFORE") <(abandoned | sort))
		[ -n "$left" ] || return 0
		sleep 0.25
	done
	echo "left behind: $left"
	return 1
}

pins()
{
	find /sys/fs/bpf 2>/dev/null | sort
}

@test "no BPF object and no pin stays behind" {
	local way
	for way in bpf bpf:walk bpf:iter bpf:libbpf; do
		mmcpus show --backend "$way" >/dev/null
		mmcpus status $$ --backend "$way" >/dev/null
		mmcpus show --backend "$way" >/dev/full || true
	done
	mmcpus doctor >/dev/null
	expect_nothing_left
	expect "what is pinned since" "$(comm -13 <(echo "$LIVE_PINS") <(pins))" ""
}

@test "no BPF object stays behind a process that is killed" {
	local way victim
	for way in bpf:walk bpf:iter bpf:libbpf; do
		"$MMCPUS_SNAPSHOTS" "$way" 10 3>&- &
		victim=$!
		until grep -qs ^prog_id /proc/$victim/fdinfo/* && [ -n "$(bpf_objects)" ]; do
			kill -0 $victim
		done
		kill -9 $victim
		wait $victim || true
	done
	expect_nothing_left
}
