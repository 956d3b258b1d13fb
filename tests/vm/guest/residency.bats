#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154
#
# 8 CPUs, 6 and 7 isolated, and nothing runs but these scenes: what each CPU holds is known. CPU 0 is that of the tests;
# what sleeps elsewhere is left where it is by an idle CPU.

load /tests/live/live

setup_file()
{
	find_out
	export HAS_PCID=no
	! grep -qw pcid /proc/cpuinfo || HAS_PCID=yes
	echo "# rule $LIVE_RULE, PCIDs: $HAS_PCID" >&3
}

setup()
{
	need_backend
}

teardown()
{
	end_scenes
	echo 1 >/sys/devices/system/cpu/cpu5/online
}

COLUMNS_OF_ROW=ACTIVE,ALLOWED,RUNNING,STRAY,EXPOSED,LOADED,LAZY,CACHED,BEHIND,STALE,TARGETS,NR_TARGETS,SHARERS,FLUSH,TORN,QUALITY

# row_is PID ACTIVE ALLOWED RUNNING STRAY EXPOSED LOADED LAZY CACHED BEHIND STALE TARGETS NR_TARGETS SHARERS: the row as a
# whole. A busy CPU is sometimes seen while it does something else: another look is taken then.
row_is()
{
	local pid=$1 expected tries seen
	shift
	expected="$* ipi no exact"
	for ((tries = 0; tries < 10; tries++)); do
		seen=$(mmcpus show -q -n -o "$COLUMNS_OF_ROW" -p "$pid" | tr -s ' ' | sed 's/^ //')
		[ "$seen" != "$expected" ] || return 0
	done
	printf '%s\n' "$COLUMNS_OF_ROW" "seen:      $seen" "should be: $expected"
	return 1
}

# cpu_is CPU FILTER [ARGUMENT...]: its row
cpu_is()
{
	local json tries
	for ((tries = 0; tries < 10; tries++)); do
		json=$(mmcpus cpus -q -J -C "$1" -o "$(mmcpus complete-list columns cpus | paste -sd,)" | jq -c '.cpus[0]')
		! jq -e "${@:2}" <<<"$json" >/dev/null || return 0
	done
	echo "CPU $1 is not so: $2 in $json"
	return 1
}

# told CPU: a scene that does what it is told to, started there
told()
{
	scene told "$1"
	told=$PID told_in=$scene_in told_out=$scene_out
}

# tell ORDER: a CPU to move to, f to flush, anything else only wakes it
tell()
{
	local word
	printf %s "$1" >&"$told_in"
	read -r -t 20 -u "$told_out" word
	[ "$word" = done ]
}

# others_run CPU N: so many processes run there, one after the other
others_run()
{
	local i
	for ((i = 0; i < $2; i++)); do
		taskset -c "$1" /bin/true
	done
}

@test "an idle CPU that was left holds it lazily, and is no target" {
	told 6
	tell 1
	row_is "$told" 1,6 1 - 6 6 1,6 1,6 1,6 - - - 0 -
	cpu_is 6 '.loaded == [$pid] and .lazy == true and .pid == 0 and .command == "swapper/6" and .isolated == true and
		.nohz_full == true and .node == 1' --argjson pid "$told"
}

@test "a lazy CPU misses a flush, and is behind" {
	told 6
	tell 1
	tell f
	row_is "$told" 1,6 1 - 6 6 1,6 1,6 1,6 6 - - 0 -
	cpu_is 6 'any(.slots[]; .pid == $pid and .loaded and .current == false)' --argjson pid "$told"
	cpu_is 1 'any(.slots[]; .pid == $pid and .loaded and .current)' --argjson pid "$told"
	tell 6
	row_is "$told" 1,6 6 - 1 6 1,6 1,6 1,6 - - - 0 -
}

@test "a CPU that was left to another process: gone with the eager rule, stale with the lazy one" {
	told 6
	tell 1
	others_run 6 8
	sleep 1.5 # from now on the trim of the mask is due
	if mask_is_kept; then
		row_is "$told" 1,6 1 - 6 6 1 1 1 - 6 6 1 -
		tell f # asks CPU 6, which has another address space, and takes its bit away
	fi
	row_is "$told" 1 1 - - - 1 1 1 - - - 0 -
}

@test "with the lazy rule a stale CPU is not asked again within a second" {
	mask_is_kept || skip "the mask forgets a CPU when another process runs there"
	local word before took_us
	scene told 6
	local other_in=$scene_in other_out=$scene_out
	told 6
	tell 1
	sleep 1.5
	tell f # takes what is stale away, and nothing for a second
	before=${EPOCHREALTIME/./}
	tell 6
	tell 1
	printf w >&"$other_in"
	read -r -t 20 -u "$other_out" word
	tell f
	took_us=$((${EPOCHREALTIME/./} - before))
	[ "$took_us" -lt 900000 ] || skip "this machine is too slow: $took_us us"
	row_is "$told" 1,6 1 - 6 6 1 1 1 - 6 - 0 - || row_is "$told" 1,6 1 - 6 6 1 1 1 - 6 6 1 -
}

@test "a thread that is bound to CPU 7 and sleeps" {
	scene threads 1 7
	row_is "$PID" 1,7 1,7 - - 7 1,7 1,7 1,7 - - - 0 -
}

@test "a process that runs on CPU 7" {
	scene busy 7
	row_is "$PID" 7 7 7 - 7 7 - 7 - - 7 1 -
	cpu_is 7 '.pid == $pid and .loaded == [$pid] and .lazy == false and .nr_targets >= 1 and .torn == false' \
		--argjson pid "$PID"
}

@test "processes that share an address space have one row" {
	scene shared 1 7 busy
	row_is "$PID" 1,7 1,7 7 - 7 1,7 1 1,7 - - 7 1 "${PIDS[1]}"
	cpu_is 7 '.pid == $pids[1] and .loaded == $pids' --argjson pids "[${PIDS[0]},${PIDS[1]}]"
}

@test "a kernel thread borrows the address space that it finds" {
	local ksmd
	ksmd=$(pgrep -x ksmd) || skip "no ksmd"
	scene mergeable 2 16
	scene pinned 6
	echo 0 >/sys/kernel/mm/ksm/sleep_millisecs
	taskset -p -c 6 "$ksmd"
	echo 1 >/sys/kernel/mm/ksm/run
	cpu_is 6 '.pid == $ksmd and .command == "ksmd" and .loaded == [$pid] and .lazy == true and .nr_targets == 0' \
		--argjson ksmd "$ksmd" --argjson pid "$PID"
	row_is "$PID" 6 6 - - 6 6 6 6 - - - 0 -
	echo 0 >/sys/kernel/mm/ksm/run
}

@test "a slot is lost to many processes on the same CPU" {
	scene pinned 6
	row_is "$PID" 6 6 - - 6 6 6 6 - - - 0 -
	if [ "$HAS_PCID" = yes ]; then # one slot of six is taken by each
		others_run 6 1
		expect CACHED "$(mmcpus show -q -n -o CACHED -p "$PID" | tr -d ' ')" 6
	fi
	others_run 6 8
	sleep 1.5 # from now on the trim of the mask is due
	if mask_is_kept; then
		row_is "$PID" 6 6 - - 6 - - - - 6 6 1 -
	else
		row_is "$PID" - 6 - - - - - - - - - 0 -
	fi
	cpu_is 6 'all(.slots[]; .pid != $pid) and (.nr_slots > 1) == $has_pcid' --argjson pid "$PID" \
		--argjson has_pcid "$([ "$HAS_PCID" = yes ] && echo true || echo false)"
}

@test "while processes migrate all the time, few rows are torn, and all others are consistent" {
	local pids=() cpu snapshots rows torn unmarked runs_unloaded runs_lazy loaded_inactive
	local cpus cpus_torn cpus_unmarked
	for cpu in 1 2 3 4; do
		scene migrating "$cpu" $((cpu + 1))
		pids+=("$PID")
	done
	run -0 timeout 60 "$MMCPUS_TORN" 10 "${pids[@]}"
	echo "# ${output//$'\n'/ }" >&3
	eval "$output" # sets these
	[ "$rows" -ge 100 ]
	[ "$cpus" -ge 100 ]
	expect "contradictions that are not marked" "$unmarked" 0
	expect "CPUs that contradict themselves and are not marked" "$cpus_unmarked" 0
	[ $((torn * 20)) -le "$rows" ]
	[ $((cpus_torn * 20)) -le "$cpus" ]
}

@test "memory on node 1 of a process that runs on node 0" {
	local said pid
	coproc HOLD { exec taskset -c 2 /tests/memory hold large 100; }
	# shellcheck disable=SC2034 # _
	read -r -t 100 _ pid <&"${HOLD[0]}"
	row_is "$pid" 2 2 - - - 2 2 2 - - - 0 -
	said=$(mmcpus show -q -J -p "$pid" -o MEM_NODES,MEM_ERROR,REMOTE --memory exact | jq -c '.address_spaces[0]')
	kill "$pid"
	jq -e '.remote == "2" and .mem_error == 0 and (.mem_nodes[-1] | .node == 1 and .share >= 95)' <<<"$said" ||
		{ echo "$said"; return 1; }
}

@test "an offline CPU runs and holds nothing" {
	told 5
	echo 0 >/sys/devices/system/cpu/cpu5/online
	cpu_is 5 '.online == false and .pid == null and .command == "" and .loaded == [] and .slots == [] and .nr_targets == 0 and
		.lazy == false and .node == null'
	read_row < <(mmcpus show -q -J -o LOADED,CACHED,TARGETS -p "$told")
	expect_within LOADED "${row[loaded]}" 0-4,6-7
	expect_within CACHED "${row[cached]}" 0-4,6-7
	expect_within TARGETS "${row[targets]}" 0-4,6-7
}
