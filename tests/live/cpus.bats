#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What CPUs run and hold, while it is known what they do.

load backend

setup()
{
	begin_looking
	need_x86
}

# cpu CPU [COLUMN...]: its row in $json, looked at from CPU A
cpu()
{
	json=$(taskset -c "$A" timeout "$SECONDS_MAX" "$MMCPUS_BIN" cpus -q -J -C "$1" --backend "$MMCPUS_BACKEND" \
		-o CPU,ONLINE,PID,TID,COMMAND,LOADED,MM,LAZY,SLOTS,NR_SLOTS,NR_ACTIVE,NR_TARGETS,TORN,QUALITY)
	json=$(jq -c '.cpus | if length == 1 then .[0] else "\(length) rows" | error end' <<<"$json")
}

# holds FILTER [ARGUMENT...]: of the row, or say which row it is that does not
holds()
{
	jq -e "$@" <<<"$json" >/dev/null || {
		echo "not so: $1 in $json"
		return 1
	}
}

# wait_until FILTER [ARGUMENT...]: look at CPU B until it holds. Others run there too, and must get their turn.
wait_until()
{
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		cpu "$B"
		! jq -e "$@" <<<"$json" >/dev/null || return 0
	done
	echo "in $tries looks never: $1; at last $json"
	return 1
}

@test "a busy process is what its CPU runs, its address space is loaded there, and a flush would interrupt it" {
	need_two_cpus
	scene busy "$B"
	wait_until '.pid == $pid and .torn == false' --argjson pid "$PID"
	holds '.tid == $pid and .command == "scene" and .online' --argjson pid "$PID"
	holds '.loaded == [$pid] and .lazy == false' --argjson pid "$PID"
	holds '[.slots[] | select(.loaded)] | length == 1 and .[0].pid == $pid and .[0].current' --argjson pid "$PID"
	holds '.nr_slots == (.slots | length) and .nr_targets >= 1 and .nr_active >= .nr_targets and .quality == "exact"'
}

# show_loaded PID: its row, when CPU B has its address space loaded. Between two turns of it there other processes may have
# taken all slots, and the CPU does not hold it any more.
show_loaded()
{
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		read_row < <(taskset -c "$A" timeout "$SECONDS_MAX" "$MMCPUS_BIN" show -q -J -o ACTIVE,LOADED,CACHED,MM,TORN \
			-p "$1" --backend "$MMCPUS_BACKEND")
		[ "${row[loaded]} ${row[torn]}" != "$B false" ] || return 0
	done
	echo "in $tries looks never loaded on CPU $B; at last it is on '${row[loaded]}', torn: ${row[torn]}"
	return 1
}

@test "show says the same: LOADED, CACHED, MM, ACTIVE" {
	need_two_cpus
	local nr_rows tries
	scene busy "$B"
	wait_until '.pid == $pid and .torn == false' --argjson pid "$PID"
	show_loaded "$PID"
	expect MM "${row[mm]}" "$(jq -r .mm <<<"$json")"
	expect_cpus ACTIVE "${row[active]}" "$B"
	expect_cpus CACHED "${row[cached]}" "$B"
	# Who looks is on CPU A, and counts there if the mask still says B. Processes come and go meanwhile.
	for ((tries = 0; tries < 50; tries++)); do
		cpu "$B"
		nr_rows=$(taskset -c "$A" "$MMCPUS_BIN" show -q -n -C "$B" -o PID --backend "$MMCPUS_BACKEND" | wc -l)
		[ "$(jq .nr_active <<<"$json")" != "$nr_rows" ] || return 0
	done
	echo "rows of show -C $B: $nr_rows, but $json"
	return 1
}

@test "who asks is what its own CPU runs" {
	local json
	for _ in 1 2 3; do
		cpu "$A"
		holds '.command == "mmcpus" and .loaded == [.pid] and .lazy == false and .torn == false'
		holds 'any(.slots[]; .loaded and .pid == $row.pid)' --argjson row "$json"
	done
}

@test "processes that share an address space are all named" {
	need_two_cpus
	scene shared "$A" "$B" busy
	wait_until '.pid == $pid and .torn == false' --argjson pid "${PIDS[1]}"
	holds '.loaded == $pids' --argjson pids "[${PIDS[0]},${PIDS[1]}]"
	holds 'any(.slots[]; .loaded and .pid == $pid)' --argjson pid "${PIDS[0]}"
}

@test "in a container: what is not seen is not counted, and that is said" {
	run -0 --separate-stderr unshare --fork --pid --mount-proc "$MMCPUS_BIN" cpus -J --backend "$MMCPUS_BACKEND" \
		-o NR_ACTIVE,QUALITY
	expect quality "$(jq -r '.cpus[0].quality' <<<"$output")" partial
	expect_text stderr "$stderr" '^mmcpus: processes outside of this pid namespace are not counted'
}

@test "without root: what is known without, the rest unknown, one line on stderr" {
	! grep -q ^Cpus_active_mm: /proc/self/status || skip "this kernel shows masks to everybody"
	public_copy "$MMCPUS_BIN"
	run -0 --separate-stderr as_nobody "$public/mmcpus" cpus -J -o ONLINE,PID,LOADED,SLOTS,NR_TARGETS,QUALITY
	expect_lines stderr "$stderr" 1
	expect_text stderr "$stderr" '^mmcpus: .*sched.*bpf.*root.*sudo'
	expect rows "$(jq -c '[.cpus[] | [.pid, .loaded, .slots, .nr_targets, .quality]] | unique' <<<"$output")" \
		'[[null,null,null,null,"estimate"]]'
	[ "$(jq '[.cpus[] | select(.online)] | length' <<<"$output")" -ge 1 ]
}
