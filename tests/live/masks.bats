#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a backend says of processes whose state is known, for each backend once: MMCPUS_BACKEND.

load backend

# wait_until_asleep PID: look until it runs nowhere. "ready" may wake its reader on the same CPU before it sleeps itself.
wait_until_asleep()
{
	local tries
	for ((tries = 0; tries < 20; tries++)); do
		[ -n "${row[running]}" ] || return 0
		look "$1"
	done
	expect "RUNNING of a sleeper" "${row[running]}" ""
}

@test "pinned process is active on its CPU and on no other [$MMCPUS_BACKEND]" {
	for cpu in "$A" "$B"; do
		scene pinned "$cpu"
		look "$PID"
		expect PID "${row[pid]}" "$PID"
		expect THREADS "${row[threads]}" 1
		expect SHARERS "${row[sharers]}" ""
		expect BACKEND "${row[backend]}" "$MMCPUS_BACKEND"
		expect_active "$cpu"
		expect_cpus ALLOWED "${row[allowed]}" "$cpu"
		expect_cpus STRAY "${row[stray]}" ""
		[ "$MMCPUS_BACKEND,${row[running]}" = procfs,null ] || wait_until_asleep "$PID"
	done
}

# watch_busy CPU PID=CPUS: look for a second, from CPU; adds to nr_snapshots and nr_running
watch_busy()
{
	local snapshots rows dropped refused running
	run -0 timeout "$SECONDS_MAX" taskset -c "$1" "$MMCPUS_SNAPSHOTS" "$MMCPUS_BACKEND" 1 "$2"
	echo "$output"
	eval "$output" # sets these
	nr_snapshots=$((nr_snapshots + snapshots)) nr_running=$((nr_running + running))
}

@test "busy process is active and running on its CPU [$MMCPUS_BACKEND]" {
	need_two_cpus
	local cpus nr_snapshots nr_running
	for cpus in "$A $B" "$B $A"; do
		# shellcheck disable=SC2086 # words
		set -- $cpus
		scene busy "$2"
		look "$PID"
		[ "$MMCPUS_BACKEND,${row[running]},${row[quality]}" != procfs,null,partial ] ||
			skip "procfs cannot tell RUNNING"
		expect QUALITY "${row[quality]}" exact
		expect_within RUNNING "${row[running]}" "$2"
		# From the other CPU. Others want this one, too, and on a loaded machine for a whole second.
		nr_snapshots=0 nr_running=0
		for _ in {1..5}; do
			watch_busy "$1" "$PID=$2"
			[ "$nr_running" -lt 3 ] || [ $((nr_running * 10)) -lt "$nr_snapshots" ] || break
		done
		[ "$nr_running" -ge 3 ]
		[ $((nr_running * 10)) -ge "$nr_snapshots" ]
		end_scenes
	done
}

@test "process moved to another CPU is active there, and stray where it was [$MMCPUS_BACKEND]" {
	need_two_cpus
	local has_stray=
	for _ in 1 2 3; do
		scene moved "$A" "$B"
		look "$PID"
		expect_within ACTIVE "${row[active]}" "$A,$B"
		! mask_is_kept || expect_within "the new CPU" "$B" "${row[active]}"
		expect_cpus ALLOWED "${row[allowed]}" "$B"
		minus "${row[active]}" "$B"
		expect STRAY "${row[stray]}" "$REPLY"
		expect NR_STRAY "${row[nr_stray]}" "$([ -z "$REPLY" ] && echo 0 || echo 1)"
		[ "${row[stray]}" != "$A" ] || has_stray=1
	done
	# Something may have flushed in between, but not every time.
	! mask_is_kept || [ -n "$has_stray" ]
}

@test "CPU that was left and given to another process: out of the mask under the eager rule [$MMCPUS_BACKEND]" {
	need_two_cpus
	[ "$LIVE_RULE" = eager ] || skip "the rule is $LIVE_RULE"
	scene moved "$A" "$B"
	local moved=$PID
	scene busy "$A"
	look "$moved"
	expect_within ACTIVE "${row[active]}" "$B"
}

@test "sets of threads with different affinities are joined [$MMCPUS_BACKEND]" {
	need_two_cpus
	scene threads "$A" "$B"
	look "$PID"
	expect THREADS "${row[threads]}" 2
	expect_active "$A,$B"
	expect_cpus ALLOWED "${row[allowed]}" "$A,$B"
	expect_cpus STRAY "${row[stray]}" ""
	scene threads "$B" "$A"
	look "$PID"
	expect_cpus ALLOWED "${row[allowed]}" "$A,$B"
}

@test "any thread's id names its process [$MMCPUS_BACKEND]" {
	local of_thread
	scene threads "$A" "$B"
	of_thread=$(mmcpus status --backend "$MMCPUS_BACKEND" "${PIDS[1]}")
	expect_within "the thread's mask" "$(sed -n 's/^Cpus_active_mm_list:\t//p' <<<"$of_thread")" "$A,$B"
	! mask_is_kept ||
		expect "status of the thread" "$of_thread" "$(mmcpus status --backend "$MMCPUS_BACKEND" "$PID")"
	look "${PIDS[1]}"
	expect PID "${row[pid]}" "$PID"
}

@test "process whose leader has exited is shown with its mask [$MMCPUS_BACKEND]" {
	need_two_cpus
	scene leaderless "$A" "$B"
	look "$PID"
	expect PID "${row[pid]}" "$PID"
	field_of Threads "/proc/$PID/status"
	expect THREADS "${row[threads]}" "$REPLY"
	expect COMMAND "${row[command]}" scene
	expect_active "$A,$B"
	expect_cpus "ALLOWED, of living threads," "${row[allowed]}" "$B"
	[ "${row[rss]}" != 0 ]
	! mask_is_kept || expect status "$(mmcpus status --backend "$MMCPUS_BACKEND" "$PID")" \
		"Cpus_active_mm:	${row[active_mask]}
Cpus_active_mm_list:	${row[active]}"
}

@test "process whose leader has exited is shown among all, with one cheap column too [$MMCPUS_BACKEND]" {
	scene leaderless "$A" "$B"
	local json
	json=$(mmcpus show -J -o PID --backend "$MMCPUS_BACKEND")
	expect "rows of it" "$(jq "[.address_spaces[] | select(.pid == $PID)] | length" <<<"$json")" 1
}

@test "processes that share an address space are one row with sharers [$MMCPUS_BACKEND]" {
	need_two_cpus
	scene shared "$A" "$B"
	local json any_of
	json=$(mmcpus show -q -J -o PID,SHARERS --backend "$MMCPUS_BACKEND")
	any_of='[.address_spaces[] | select([.pid] + (.sharers // []) | index($a) or index($b))]'
	expect "rows of both" "$(jq -c --argjson a "${PIDS[0]}" --argjson b "${PIDS[1]}" "$any_of" <<<"$json")" \
		"[{\"pid\":${PIDS[0]},\"sharers\":[${PIDS[1]}]}]"
	for pid in "${PIDS[@]}"; do
		look "$pid"
		expect PID "${row[pid]}" "${PIDS[0]}"
		expect SHARERS "${row[sharers]}" "${PIDS[1]}"
		expect "THREADS of all" "${row[threads]}" 2
		expect_active "$A,$B"
		expect_cpus "ALLOWED of all" "${row[allowed]}" "$A,$B"
	done
}

@test "status of all sharers is the same mask [$MMCPUS_BACKEND]" {
	scene shared "$A" "$B"
	run -0 --separate-stderr mmcpus status --backend "$MMCPUS_BACKEND" "${PIDS[@]}"
	expect stderr "$stderr" ""
	expect_lines stdout "$output" 6
	expect "Pid of the first" "${lines[0]}" "Pid:	${PIDS[0]}"
	expect "Pid of the second" "${lines[3]}" "Pid:	${PIDS[1]}"
	expect "mask of the second" "${lines[4]}" "${lines[1]}"
	expect "list of the second" "${lines[5]}" "${lines[2]}"
}

@test "child of vfork shares the mm of its parent [$MMCPUS_BACKEND]" {
	scene vfork "$A"
	look "${PIDS[1]}"
	expect PID "${row[pid]}" "${PIDS[0]}"
	expect SHARERS "${row[sharers]}" "${PIDS[1]}"
	expect_active "$A"
}

# expect_no_mm PID: not shown, and status and -p say why
expect_no_mm()
{
	local json
	json=$(mmcpus show -q -J -o PID,SHARERS --backend "$MMCPUS_BACKEND")
	expect "rows of it" "$(jq "[.address_spaces[] | .pid, .sharers[]? | select(. == $1)] | length" <<<"$json")" 0
	for command in "status $1" "show -p $1"; do
		# shellcheck disable=SC2086 # two words
		run -1 --separate-stderr mmcpus $command --backend "$MMCPUS_BACKEND"
		expect_lines stderr "$stderr" 1
		expect_text stderr "$stderr" "^mmcpus: .*$1.* no address space.*kernel thread.*zombie"
		[[ $command = show* ]] || expect stdout "$output" ""
	done
}

@test "zombie has no address space: not shown, status says so [$MMCPUS_BACKEND]" {
	scene zombie
	expect_no_mm "$PID"
}

@test "kernel thread has no address space: not shown, status says so [$MMCPUS_BACKEND]" {
	local kthread
	kthread=$(ps -eo pid=,ppid=,stat= | awk '$1 == 2 || $2 == 2 { if ($3 !~ /^Z/) { print $1; exit } }')
	[ -n "$kthread" ] && ! grep -q ^VmSize "/proc/$kthread/status" || skip "no kernel thread in this pid namespace"
	expect_no_mm "$kthread"
}

@test "process that has ended: status says so [$MMCPUS_BACKEND]" {
	scene pinned "$A"
	end_scenes
	run -1 --separate-stderr mmcpus status --backend "$MMCPUS_BACKEND" "$PID"
	expect_text stderr "$stderr" "^mmcpus: process $PID not found"
	expect stdout "$output" ""
}

@test "status prints the lines as the kernel would [$MMCPUS_BACKEND]" {
	scene pinned "$A"
	local allowed mask list
	field_of Cpus_allowed "/proc/$PID/status"
	allowed=$REPLY
	mmcpus status --backend "$MMCPUS_BACKEND" "$PID" >"$BATS_TEST_TMPDIR/status"
	{
		IFS= read -r mask
		IFS= read -r list
	} <"$BATS_TEST_TMPDIR/status"
	expect_text "the mask" "$mask" $'^Cpus_active_mm:\t[0-9a-f]+(,[0-9a-f]{8})*$'
	expect_text "the list" "$list" $'^Cpus_active_mm_list:\t[0-9,-]*$'
	mask=${mask#*$'\t'}
	expect "width of the mask" "${#mask}" "${#allowed}"
	! mask_is_kept || printf 'Cpus_active_mm:\t%s\nCpus_active_mm_list:\t%s\n' "$allowed" "$A" |
		diff - "$BATS_TEST_TMPDIR/status"
}

@test "status prints what a patched kernel prints [$MMCPUS_BACKEND]" {
	need_two_cpus
	grep -q ^Cpus_active_mm: /proc/self/status || skip "this kernel has no line Cpus_active_mm"
	mask_is_kept || skip "under the rule $LIVE_RULE a mask does not keep still"
	for arguments in "pinned $A" "moved $A $B" "threads $A $B" "shared $A $B"; do
		# shellcheck disable=SC2086 # words
		scene $arguments
		expect status "$(mmcpus status --backend "$MMCPUS_BACKEND" "$PID")" \
			"$(grep ^Cpus_active_mm "/proc/$PID/status")"
	done
}

# The names: what a terminal, a parser or a shell would fall for. A name has at most 15 bytes.
NAMES=(
	$'a b (c) d'
	$'two\nlines'
	$'\e[31mred\e[0m'
	$'"quoted\\\'$(id)`'
	$'\xff\xfe bad \xc3('
	$'\u202eabc\u200b'
	$'tab\there\r\x7f'
	$'Größe ✓'
)

# show_named OPTION...: the processes of these names, by their PIDs, which wrap around at some time
show_named()
{
	local name pids=
	for name in "${NAMES[@]}"; do
		scene named "$name"
		pids+=,$PID
	done
	mmcpus show -q -p "${pids#,}" --backend "$MMCPUS_BACKEND" "$@" >"$BATS_TEST_TMPDIR/shown"
}

# expect_clean: UTF-8 and no control character but line ends
expect_clean()
{
	iconv -f UTF-8 -t UTF-8 "$BATS_TEST_TMPDIR/shown" >/dev/null
	if tr -d '\n' <"$BATS_TEST_TMPDIR/shown" | LC_ALL=C grep -aq '[[:cntrl:]]'; then
		od -c "$BATS_TEST_TMPDIR/shown"
		return 1
	fi
}

@test "any name of a process: valid JSON [$MMCPUS_BACKEND]" {
	show_named -J -o COMMAND
	expect_clean
	expect names "$(jq -c '[.address_spaces[].command] | sort' "$BATS_TEST_TMPDIR/shown")" \
		"$(jq -n -c '$ARGS.positional | sort' --args "${NAMES[@]}")"
}

@test "any name of a process: one line in the table, without control characters [$MMCPUS_BACKEND]" {
	show_named -n -o COMMAND,BACKEND
	expect_clean
	expect "lines with the last column" "$(grep -c " $MMCPUS_BACKEND\$" "$BATS_TEST_TMPDIR/shown")" "${#NAMES[@]}"
	expect lines "$(wc -l <"$BATS_TEST_TMPDIR/shown")" "${#NAMES[@]}"
	! grep $'[\u202e\u200b]' "$BATS_TEST_TMPDIR/shown" || return 1
}

@test "any name of a process: pairs that a shell can read [$MMCPUS_BACKEND]" {
	local line decoded
	local -a names=()
	show_named -P -o COMMAND
	expect lines "$(wc -l <"$BATS_TEST_TMPDIR/shown")" "${#NAMES[@]}"
	while IFS= read -r line; do
		[[ $line =~ ^COMMAND=\"(([^\"\\\`\$]|\\x[0-9a-f]{2})+)\"$ ]] || {
			echo "not a pair: $line"
			return 1
		}
		printf -v decoded '%b' "${BASH_REMATCH[1]}"
		names+=("$decoded")
	done <"$BATS_TEST_TMPDIR/shown"
	expect names "$(printf '%q\n' "${names[@]}" | sort)" "$(printf '%q\n' "${NAMES[@]}" | sort)"
}

# --------------------------------------------------------------------------------------------------------- namespaces

# start_inside SCENE...: as the init process of a new pid namespace; its PIDs there are in PIDS, init is its PID here
start_inside()
{
	start unshare --pid --fork --mount-proc --kill-child "$MMCPUS_SCENE" "$@"
	init=$(pgrep -P "$started")
}

inside()
{
	timeout "$SECONDS_MAX" nsenter --target "$init" --pid --mount "$@"
}

@test "in a pid namespace exactly its processes are shown, by their numbers there [$MMCPUS_BACKEND]" {
	local rows
	start_inside shared "$A" "$B"
	expect "PIDs inside" "${PIDS[*]}" "1 2"
	rows=$(inside "$MMCPUS_BIN" show -q -J -o PID,PPID,COMMAND,SHARERS --backend "$MMCPUS_BACKEND" |
		jq -r '.address_spaces[] | if .command == "mmcpus" then .pid = "own" else . end |
			"\(.pid) \(.ppid) \(.command) \(.sharers)"')
	expect "rows inside" "$rows" "1 0 scene [2]
own 0 mmcpus []"
}

@test "in a pid namespace PPID is the parent's number there [$MMCPUS_BACKEND]" {
	start_inside child-of-thread
	expect "the parent" "${PIDS[1]}" 1
	read_row < <(inside "$MMCPUS_BIN" show -q -J -p "$PID" -o PID,PPID --backend "$MMCPUS_BACKEND")
	expect PID "${row[pid]}" "$PID"
	expect PPID "${row[ppid]}" 1
}

@test "a pid namespace's processes look the same from inside and from outside [$MMCPUS_BACKEND]" {
	local outside_mm outside_active
	start_inside threads "$A" "$B"
	look "$init"
	outside_mm=${row[mm]} outside_active=${row[active]}
	expect_active "$A,$B"
	read_row < <(inside "$MMCPUS_BIN" show -q -J -p 1 -o "$COLUMNS_ALL" --backend "$MMCPUS_BACKEND")
	expect PID "${row[pid]}" 1
	expect MM "${row[mm]}" "$outside_mm"
	! mask_is_kept || expect ACTIVE "${row[active]}" "$outside_active"
	expect THREADS "${row[threads]}" "$(inside awk '/^Threads:/ { print $2 }' /proc/1/status)"
	expect_cpus ALLOWED "${row[allowed]}" "$A,$B"
}

@test "in a pid namespace processes from outside and of another one are not found [$MMCPUS_BACKEND]" {
	scene named outsider
	local outsider=$PID
	start_inside named outsider
	start_inside pinned "$A"
	run -1 --separate-stderr inside "$MMCPUS_BIN" status "$outsider" --backend "$MMCPUS_BACKEND"
	expect_text stderr "$stderr" "^mmcpus: process $outsider not found"
	run -0 --separate-stderr inside "$MMCPUS_BIN" show -q --comm outsider -n -o PID --backend "$MMCPUS_BACKEND"
	expect stdout "$output" ""
}

@test "works without bpffs [$MMCPUS_BACKEND]" {
	[ "$MMCPUS_BACKEND" != pinned ] || skip "its files are there"
	scene pinned "$A"
	read_row < <(unshare --mount bash -c '
		umount -a -t bpf
		! grep -q " bpf " /proc/self/mounts || exit 99
		exec timeout "$SECONDS_MAX" "$@"' - \
		"$MMCPUS_BIN" show -q -J -p "$PID" -o PID,ACTIVE --backend "$MMCPUS_BACKEND")
	expect PID "${row[pid]}" "$PID"
	expect_active "$A"
}
