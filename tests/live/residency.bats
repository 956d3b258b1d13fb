#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What CPUs hold of processes whose state is known.

load backend

setup()
{
	begin_looking
	need_x86
}

# held PID: row, of the columns that tell what CPUs hold
held()
{
	read_row < <(mmcpus show -q -J -o PID,ACTIVE,RUNNING,LOADED,LAZY,CACHED,BEHIND,STALE,TARGETS,TORN,QUALITY -p "$1" \
		--backend "$MMCPUS_BACKEND")
}

@test "a busy process is loaded on its CPU, often enough, and nowhere else" {
	need_two_cpus
	local nr=0
	scene busy "$B"
	for _ in {1..100}; do
		held "$PID"
		expect QUALITY "${row[quality]}" exact
		expect_within LOADED "${row[loaded]}" "$B"
		expect_within CACHED "${row[cached]}" "$B"
		[ "${row[loaded]}" != "$B" ] || nr=$((nr + 1))
		[ "$nr" -lt 3 ] || break
	done
	[ "$nr" -ge 3 ]
}

# is_stale_or_lazy: does the row say so of CPU A, consistently?
is_stale_or_lazy()
{
	[ "${row[torn]}" = false ] && [ "${row[loaded]}" = "${row[lazy]}" ] &&
		{ ! mask_is_kept || [ "${row[stale]}${row[loaded]}" = "$A" ]; }
}

@test "a sleeper is not loaded where it never ran, and is stale or lazy where it did" {
	local tries
	scene pinned "$A"
	# "ready" may wake its reader on the same CPU before it sleeps itself.
	for ((tries = 0; tries < 20; tries++)); do
		held "$PID"
		expect_within LOADED "${row[loaded]}" "$A"
		expect_within STALE "${row[stale]}" "$A"
		expect_within TARGETS "${row[targets]}" "$A"
		! is_stale_or_lazy || return 0
	done
	echo "ACTIVE ${row[active]}, LOADED ${row[loaded]}, LAZY ${row[lazy]}, STALE ${row[stale]}, TORN ${row[torn]}"
	return 1
}

@test "who asks is loaded on the CPU that it asks from, and a target there" {
	local out own
	for _ in 1 2 3; do
		out=$(taskset -c "$B" bash -c 'echo $$; exec "$1" show -q -n -o PID,LOADED,TARGETS --comm mmcpus --backend "$2"' - \
			"$MMCPUS_BIN" "$MMCPUS_BACKEND")
		own=$(head -1 <<<"$out")
		expect_text "own row" "$out" "^ *$own +$B +$B\$"
	done
}

@test "while processes migrate all the time, few rows and CPUs are torn, and all others are consistent" {
	need_two_cpus
	local pids=() tries snapshots rows torn unmarked runs_unloaded runs_lazy loaded_inactive
	local cpus cpus_torn cpus_unmarked
	for _ in 1 2 3 4; do
		scene migrating "$A" "$B"
		pids+=("$PID")
	done
	# A CPU that the machine loses in the middle of a switch looks torn for as long.
	for tries in 1 2 3; do
		run -0 timeout "$SECONDS_MAX" "$MMCPUS_TORN" 3 "${pids[@]}"
		echo "$output"
		eval "$output" # sets these
		expect "contradictions that are not marked" "$unmarked" 0
		expect "CPUs that contradict themselves and are not marked" "$cpus_unmarked" 0
		[ "$rows" -lt 100 ] || [ "$cpus" -lt 100 ] || [ $((torn * 20)) -gt "$rows" ] || [ $((cpus_torn * 50)) -gt "$cpus" ] ||
			return 0
	done
	return 1
}

@test "a slot is kept while few others run on the same CPU, and lost to many" {
	need_two_cpus
	grep -qw pcid /proc/cpuinfo || skip "this CPU has no PCIDs: there is one slot only"
	local tries seen
	# The shell waits for mmcpus, which runs on the same CPU, and has it loaded. No others get their turn there meanwhile.
	for ((tries = 0; tries < 20; tries++)); do
		# shellcheck disable=SC2016
		seen=$(taskset -c "$B" chrt --fifo 1 bash -c '"$1" show -q -n -o CACHED,LOADED -p $$ --backend "$2"; :' - \
			"$MMCPUS_BIN" "$MMCPUS_BACKEND" | tr -s ' ')
		[ "$seen" != "$B -" ] || break
	done
	expect "CACHED and LOADED" "$seen" "$B -"
	scene pinned "$B"
	for _ in {1..8}; do
		taskset -c "$B" /bin/true
	done
	held "$PID"
	expect CACHED "${row[cached]}" ""
	! mask_is_kept || expect STALE "${row[stale]}" "$B"
}

@test "backends that do not look say unknown" {
	scene pinned "$A"
	run -0 mmcpus show -q -n -o LOADED,LAZY,CACHED,BEHIND,STALE,TARGETS,NR_TARGETS,TORN,QUALITY -p "$PID" --backend sched
	expect_text "row" "$output" '^( *\?){8} +estimate$'
}
