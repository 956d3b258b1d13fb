#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Snapshots while processes fork, exec and exit as fast as they can, for each backend once: MMCPUS_BACKEND. What does
# not take part keeps its mask, and no snapshot is implausible.

load backend

SECONDS_OF_STORM=3
PATIENCE_SECONDS=$SECONDS_MAX # a loaded machine gets more time

# begin: two steady scenes, one that changes all the time, and the storm
begin()
{
	scene pinned "$A"
	pinned=$PID
	scene threads "$A" "$B"
	threads=$PID
	scene exec-loop "$B"
	changing=$PID
	scene storm 60
	storm_in=$scene_in storm_out=$scene_out
}

# end: there was a storm, up to now
end()
{
	local word nr
	kill -0 "$started"
	exec {storm_in}>&-
	read -r -t "$PATIENCE_SECONDS" -u "$storm_out" word nr
	echo "processes of the storm: $nr"
	[ "$word" = over ]
	[ "$nr" -ge 20 ]
	kill -0 "$changing"
}

# goes_on NR MAX: is it time for another look after NR? MAX at most, and 5 also where they take longer than the storm.
goes_on()
{
	[ "$1" -lt "$2" ] && [ "$SECONDS" -lt $((begun + PATIENCE_SECONDS)) ] &&
		{ [ "$SECONDS" -lt $((begun + SECONDS_OF_STORM)) ] || [ "$1" -lt 5 ]; }
}

@test "thousands of snapshots in one process during a storm are all plausible [$MMCPUS_BACKEND]" {
	begin
	run -0 timeout "$SECONDS_MAX" "$MMCPUS_SNAPSHOTS" "$MMCPUS_BACKEND" "$SECONDS_OF_STORM" \
		"$pinned=$A" "$threads=$A,$B" "$changing=~$B"
	echo "$output"
	end
	# shellcheck disable=SC2034
	local snapshots rows dropped refused running
	eval "$output" # sets these
	# Thousands, unless the machine has much else to do.
	[ "$snapshots" -ge 5 ]
	# Only what is in the middle of exec or exit is left out.
	[ $((dropped * 100)) -le "$rows" ]
	[ $((refused * 100)) -le "$snapshots" ]
}

# Of a snapshot: what is there twice, CPUs that do not exist, a mask that has moved or is of another process.
IMPLAUSIBLE='
def cpus: if . == "" then [] else split(",") | map(split("-") | map(tonumber) | [range(.[0]; .[-1] + 1)]) | add end;
def twice: group_by(.)[] | select(length > 1)[0];
def row($pid): .address_spaces[] | select(.pid == $pid);
. as $snapshot |
  ([.address_spaces[] | .pid, .sharers[]?] | twice | "PID \(.) is there twice"),
  ([.address_spaces[].mm | select(. != null)] | twice | "MM \(.) is there twice"),
  (.address_spaces[] | select(((.active | cpus) - ($possible | cpus)) != []) | "impossible: \(.)"),
  (.address_spaces[] | select(.quality == "estimate") | "an estimate: \(.)"),
  ({($pinned): $a, ($threads): ($a + "," + $b)} | to_entries[] | . as $steady |
    [$snapshot | row($steady.key | tonumber)] |
    if length == 1 then .[0] else "process \($steady.key) is missing", empty end |
    strings, (objects | select(($kept and ((.active | cpus) != ($steady.value | cpus | sort))) or
      (.allowed | cpus) != ($steady.value | cpus | sort)) | "not steady: \(.)")),
  (row($changing) | select((.active | cpus) - [$b | tonumber] != []) | "another mask: \(.)")
'

@test "mmcpus show, over and over during a storm, is plausible every time [$MMCPUS_BACKEND]" {
	local begun nr=0 json=$BATS_TEST_TMPDIR/json kept=false implausible
	! mask_is_kept || kept=true
	begin
	begun=$SECONDS
	while goes_on "$nr" 400; do
		"$MMCPUS_BIN" show -q -J -o PID,SHARERS,MM,ACTIVE,ALLOWED,QUALITY,RSS,CGROUP,COMMAND \
			--backend "$MMCPUS_BACKEND" >>"$json"
		nr=$((nr + 1))
	done
	end
	echo "$nr snapshots"
	[ "$nr" -ge 2 ]
	expect snapshots "$(jq -n '[inputs | 1] | length' "$json")" "$nr"
	implausible=$(jq -c --arg possible "$(cat /sys/devices/system/cpu/possible)" --argjson kept "$kept" \
		--arg pinned "$pinned" --arg threads "$threads" --argjson changing "$changing" \
		--arg a "$A" --arg b "$B" "$IMPLAUSIBLE" "$json" | head -n 5)
	expect "what is implausible" "$implausible" ""
}

@test "mmcpus status of a process that does nothing but exec finds its mask, or says why not [$MMCPUS_BACKEND]" {
	local begun nr=0 nr_found=0 list status
	begin
	begun=$SECONDS
	while goes_on "$nr" 200; do
		nr=$((nr + 1))
		status=0
		"$MMCPUS_BIN" status "$changing" --backend "$MMCPUS_BACKEND" >"$BATS_TEST_TMPDIR/out" \
			2>"$BATS_TEST_TMPDIR/err" || status=$?
		if [ "$status" = 0 ]; then
			{
				read -r _
				IFS=$'\t' read -r _ list
			} <"$BATS_TEST_TMPDIR/out"
			expect_within ACTIVE "$list" "$B"
			nr_found=$((nr_found + 1))
			continue
		fi
		# It lives and has an address space, at every moment.
		expect status "$status" 1
		cat "$BATS_TEST_TMPDIR/err"
		! grep -E "no address space|not found" "$BATS_TEST_TMPDIR/err" || return 1
	done
	end
	echo "found $nr_found times of $nr"
	[ "$nr" -ge 2 ]
	[ $((nr_found * 10)) -ge $((nr * 9)) ]
}
