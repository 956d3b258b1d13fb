#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where the memory of processes of many shapes is: estimates against the kernel's counts, and what they may cost.

load live

: "${MMCPUS_MEMORY:?}"

setup()
{
	need_root
	[ -e /proc/self/numa_maps ] || skip "the kernel has no numa_maps"
}

teardown()
{
	end_scenes
	remove_public_copy
}

# A shape that the machine may not have.
hold()
{
	start "$MMCPUS_MEMORY" hold "$@"
}

# memory_of PID [OPTION...]: row, of the columns that tell where memory is
memory_of()
{
	read_row < <(mmcpus show -q -J -o PID,MEM_NODES,MEM_ERROR,REMOTE,NUMA_PREFERRED -p "$1" "${@:2}")
}

# count_nodes PID: REPLY is the nodes of its memory, as awk counts them
count_nodes()
{
	REPLY=$(awk '{
		size = 0
		for (i = 1; i <= NF; i++)
			if ($i ~ /^kernelpagesize_kB=/)
				size = substr($i, 19)
		for (i = 3; i <= NF; i++)
			if (match($i, /^N[0-9]+=/))
				sum[substr($i, 2, RLENGTH - 2)] += substr($i, RLENGTH + 1) * size
	} END { for (node in sum) print node }' "/proc/$1/numa_maps" | sort -n | paste -sd ' ')
}

@test "estimates hold the truth, for all shapes that can be had here" {
	run -0 "$MMCPUS_MEMORY" compare 5 2
	expect_text "the summary" "$output" '^processes=1[0-9] |^processes=[2-9][0-9] '
}

# is_sanitized: does a sanitizer take more of a sample's 2 ms than is left?
is_sanitized()
{
	ldd "$MMCPUS_BIN" | grep -q libasan
}

# Others run, too: what counts is that it can be kept. What follows the last look at the clock comes on top, and with a sanitizer
# that is several times as much.
@test "an estimate takes 2 ms at most, half of the time" {
	local over most=2.1
	! is_sanitized || most=8
	for _ in {1..5}; do
		run "$MMCPUS_MEMORY" compare 7 2
		expect_text "the summary" "$output" '^processes=[0-9]{2,} estimates=[1-9]'
		over=$(awk -v most="$most" '$2 ~ /^[0-9]+$/ && $NF > most { print $1, $NF }' <<<"$output")
		[ -n "$over" ] || return 0
	done
	echo "too long: $over"
	return 1
}

@test "a sample and a count name the same nodes" {
	local shape
	for shape in small halves huge file forked; do
		hold "$shape"
		count_nodes "$PID"
		memory_of "$PID" --memory exact
		expect "nodes of $shape" "$(jq -r 'map(.node) | join(" ")' <<<"[${row[mem_nodes]}]")" "$REPLY"
		expect "error of a count" "${row[mem_error]}" 0
		if is_sanitized; then
			end_scenes
			continue
		fi
		memory_of "$PID" --memory sample
		expect "nodes of a sample of $shape" "$(jq -r 'map(.node) | join(" ")' <<<"[${row[mem_nodes]}]")" "$REPLY"
		end_scenes
	done
}

@test "300 GiB with little in them do not take long, and something is known of them" {
	local said ms
	! is_sanitized || skip "2 ms are too little for what a sanitizer adds"
	hold sparse
	for _ in {1..20}; do
		said=$(mmcpus show -p "$PID" -o PID,MEM_NODES,MEM_ERROR -n --memory sample 2>&1)
		ms=$(sed -nE 's/.* 1 address space in ([0-9]+)\.[0-9] ms$/\1/p' <<<"$said")
		[ -z "$ms" ] || [ "$ms" -ge 4 ] || return 0
	done
	echo "$said"
	return 1
}

@test "what may not be accessed is not asked about, and may be anywhere" {
	pick_cpus
	start "$MMCPUS_SCENE" sealed "$A" 32
	memory_of "$PID" --memory sample
	[ "${row[mem_error]%.*}" -ge 50 ]
	memory_of "$PID" --memory exact
	expect "error of a count" "${row[mem_error]}" 0
}

@test "what is swapped out is not resident" {
	hold swapped || skip "there is no swap"
	local resident
	run -0 mmcpus show -q -n -b -p "$PID" -o RSS --backend sched
	resident=$(awk '{
		for (i = 3; i <= NF; i++)
			if ($i ~ /^N[0-9]+=/)
				sum += substr($i, index($i, "=") + 1)
	} END { print sum * 4096 }' "/proc/$PID/numa_maps")
	[ "$resident" -lt $((24 << 20)) ]
	memory_of "$PID"
	[[ ${row[mem_nodes]} == '{"node":0,'* ]]
}

@test "memory of a process whose leader has exited" {
	local tries
	pick_cpus
	start "$MMCPUS_SCENE" leaderless "$A" "$B"
	# Where the sample has to wait for its turn, its time may be over before anything is known.
	for ((tries = 0; tries < 20; tries++)); do
		memory_of "$PID" --memory sample
		[ "${row[mem_nodes]}" = null ] || break
	done
	[[ ${row[mem_nodes]} == *'"share":'* ]]
	memory_of "$PID" --memory exact
	[[ ${row[mem_nodes]} == *'"share":'* ]]
}

@test "only what is shown is asked about" {
	local tries
	local way=sample did=sampled
	hold small
	! is_sanitized || way=exact did=counted # which has all the time that it takes
	# Where all takes longer, that of a sample may be over before there is anything.
	for ((tries = 0; tries < 20; tries++)); do
		run -0 mmcpus show -p "$PID" --memory $way
		[[ $output == *'the time that may be spent was over'* ]] || break
	done
	expect_text "the remark" "$output" "^mmcpus: $did the memory of 1 address space in [0-9.]+ ms\$"
	run -0 mmcpus show -p "$PID" -o PID,ACTIVE --memory $way
	[[ $output != *"$did"* ]]
}

@test "processes that start, exec and end meanwhile" {
	local rows unknown
	start "$MMCPUS_SCENE" storm 20
	for _ in {1..8}; do
		mmcpus show -q -J -o PID,MEM_NODES,MEM_ERROR --memory sample >"$BATS_TEST_TMPDIR/out"
		rows=$(jq '.address_spaces | length' "$BATS_TEST_TMPDIR/out")
		unknown=$(jq '[.address_spaces[] | select(.mem_nodes == null)] | length' "$BATS_TEST_TMPDIR/out")
		[ "$rows" -gt "$unknown" ]
		jq -e 'all(.address_spaces[]; (.mem_nodes == null) == (.mem_error == null))' "$BATS_TEST_TMPDIR/out"
		mmcpus show -q -J -o PID,MEM_NODES --memory exact | jq -e '.address_spaces | length > 0'
	done
}

@test "who may not see another's memory is told so" {
	hold small
	public_copy "$MMCPUS_BIN"
	run -0 as_nobody "$public/mmcpus" show -p "$PID" -n -o MEM_NODES,MEM_ERROR --memory sample --backend sched
	expect_text "the row" "$output" '^ *\? +\?$'
	expect_text "the reason" "$output" "the memory of process $PID may not be seen; run as root"
	run -0 as_nobody "$public/mmcpus" show -p "$PID" -n -o MEM_NODES --memory exact --backend sched
	expect_text "the row" "$output" '^ *\?$'
}

@test "what NUMA balancing prefers is unknown where it is off" {
	[ "$(cat /proc/sys/kernel/numa_balancing 2>/dev/null || echo 0)" = 0 ] || skip "it is on"
	hold small
	memory_of "$PID"
	expect NUMA_PREFERRED "${row[numa_preferred]}" null
}
