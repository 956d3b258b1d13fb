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

@test "a sleeper is not loaded where it never ran, and is stale or lazy where it did" {
	scene pinned "$A"
	held "$PID"
	expect_within LOADED "${row[loaded]}" "$A"
	expect_within STALE "${row[stale]}" "$A"
	expect_within TARGETS "${row[targets]}" "$A"
	[ "${row[torn]}" = true ] || [ "${row[loaded]}" = "${row[lazy]}" ]
	! mask_is_kept || [ "${row[stale]}${row[loaded]}" = "$A" ] || [ "${row[torn]}" = true ]
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

@test "while processes migrate all the time, few rows are torn, and all others are consistent" {
	need_two_cpus
	local pids=() snapshots rows torn unmarked runs_unloaded runs_lazy loaded_inactive
	for _ in 1 2 3 4; do
		scene migrating "$A" "$B"
		pids+=("$PID")
	done
	run -0 timeout 30 "$MMCPUS_TORN" 3 "${pids[@]}"
	echo "$output"
	eval "$output" # sets these
	[ "$rows" -ge 100 ]
	expect "contradictions that are not marked" "$unmarked" 0
	[ $((torn * 50)) -le "$rows" ]
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
