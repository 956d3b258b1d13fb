#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# audit on this kernel: processes whose state is known, on a CPU that -C calls isolated. What has to happen is given PATIENCE
# seconds.

load live

setup()
{
	need_root
	need_bpf
	pick_cpus
	LIVE_RULE=$(mmcpus doctor -J | jq -r .rule.name)
	# What the machine is set to is not ours to judge here.
	policy=$BATS_TEST_TMPDIR/policy
	printf 'ignore %s\n' thp-collapse ksm numa-balancing split-threads >"$policy"
	for pid in $HIDDEN; do
		printf 'hidden comm="%s"\n' "$(<"/proc/$pid/comm")" >>"$policy"
	done
}

# HIDDEN: the PIDs of those that the kernel keeps from everybody, which is nobody on most machines
setup_file()
{
	export HIDDEN=
	for pid in $(processes); do
		[ -e "/proc/$pid/exe" ] || ! is_hidden "$pid" || ! grep -qs ^VmRSS "/proc/$pid/status" || HIDDEN+="$pid "
	done
}

teardown()
{
	end_scenes
	remove_public_copy
}

# audit ARG...: JSON in output, and the exit status in status
audit()
{
	run --separate-stderr taskset -c "$A" timeout "$SECONDS_MAX" "$MMCPUS_BIN" audit -J --policy "$policy" "$@"
	echo "status $status: $(jq -c '[.summary, (.rules[] | select(.state == "not checked") | .reason)]' <<<"$output")"
}

# of PID: REPLY is what was found of it, as "RULE CPUS" joined by commas. What is stale comes and goes.
of()
{
	REPLY=$(jq -r --argjson pid "$1" \
		'[.findings[] | select(.pids[0] == $pid and .rule != "stale") | "\(.rule) \(.cpus)"] | join(",")' <<<"$output")
}

# stale_of PID: REPLY is the CPUs where it is stale
stale_of()
{
	REPLY=$(jq -r --argjson pid "$1" '[.findings[] | select(.pids[0] == $pid and .rule == "stale") | .cpus] | join(",")' \
		<<<"$output")
}

@test "a process that runs on an isolated CPU is found there, and can be allowed" {
	local tries
	scene busy "$B"
	# Where the mask forgets it while another process runs there, the look has to be while it runs itself.
	for ((tries = 0; tries < 20; tries++)); do
		audit -C "$B"
		of "$PID"
		[ -z "$REPLY" ] && ! mask_is_kept || break
	done
	expect "exit status" "$status" 3
	expect finding "$REPLY" "unexpected $B"
	expect started "$(jq -r --argjson pid "$PID" '.findings[] | select(.pids[0] == $pid and .rule == "unexpected") | .started | test("^20.*Z$")' <<<"$output")" true
	for ((tries = 0; tries < 20; tries++)); do
		audit -C "$B" --allow scene
		of "$PID"
		expect finding "$REPLY" ""
		! jq -e '[.rules[].allowed] | add > 0' <<<"$output" || return 0
		! mask_is_kept || break
	done
	echo "nothing was allowed"
	return 1
}

@test "a process that was on an isolated CPU before it was bound elsewhere is exposed" {
	need_two_cpus
	mask_is_kept || skip "the mask may have forgotten it"
	scene moved "$B" "$A"
	audit -C "$B"
	expect "exit status" "$status" 3
	of "$PID"
	expect finding "$REPLY" "exposed $B"
	audit -C "$A"
	of "$PID"
	expect finding "$REPLY" "unexpected $A,stray $B"
}

@test "what has left an isolated CPU to another process is stale there, with how flushes of it go" {
	need_two_cpus
	mask_is_kept || skip "the mask forgets a CPU when another process runs there"
	scene moved "$B" "$A"
	local moved=$PID tries
	scene busy "$B"
	# An idle CPU keeps it loaded: then it is not stale. The busy one drives it out, and is there unless others run.
	for ((tries = 0; tries < 50; tries++)); do
		audit -C "$B"
		stale_of "$PID"
		[ -n "$REPLY" ] || break
	done
	expect "the one that runs there is stale on" "$REPLY" ""
	stale_of "$moved"
	expect "stale on" "$REPLY" "$B"
	expect "exit status" "$status" 3
	expect "how flushes go" "$(jq -r --argjson pid "$moved" \
		'.findings[] | select(.pids[0] == $pid and .rule == "stale") | .flush' <<<"$output")" \
		"$(mmcpus show -q -n -o FLUSH -p "$moved" | tr -d ' ')"
}

@test "everything may be there: it passes" {
	audit -C "$B" --allow '*'
	of 0
	expect "findings about isolation" \
		"$(jq -c '[.findings[] | select(.rule != "stray")]' <<<"$output")" "[]"
	expect "rules that were not checked" "$(jq -c '[.rules[] | select(.state == "not checked") | .rule]' <<<"$output")" "[]"
}

# A look finds each of them, and no other: also no one that starts, execs or ends meanwhile.
@test "who is hidden from BPF keeps all rules about processes from passing, unless the policy knows" {
	local of_processes='.rules[] | select(.rule == "exposed" or .rule == "stray")'
	(for ((i = 0; i < 50; i++)); do /bin/true; done) 3>&- &
	started_pids+=($!)
	for _ in 1 2 3 4 5; do
		audit -C "$B"
		expect "hidden processes" "$(jq -c '[.hidden[] | [.pid, .expected]]' <<<"$output")" \
			"$(printf '%s' "$HIDDEN" | jq -sc 'map([., true])')"
	done
	expect "reasons" "$(jq -r "$of_processes | .reason" <<<"$output" | sort -u)" null
	sed -i '/^hidden/d' "$policy"
	audit -C "$B" --allow '*'
	expect "the state of a rule that all may break" \
		"$(jq -r '.rules[] | select(.rule == "exposed") | .state' <<<"$output")" checked
	[ -n "$HIDDEN" ] || return 0
	audit -C "$B"
	expect "state" "$(jq -r "$of_processes | .state" <<<"$output" | sort -u)" "not checked"
	for pid in $HIDDEN; do
		expect_text reason "$(jq -r "$of_processes | .reason" <<<"$output")" "not shown to BPF: .*PID $pid \\("
	done
	[ "$status" = 1 ] || [ "$status" = 3 ]
}

# wait_for_watch PID: until it minds signals (signalfd), which it does from its first look on. An emulated machine takes many
# seconds to attach what it counts with before that.
wait_for_watch()
{
	local tries
	for ((tries = 0; tries < SECONDS_MAX; tries++)); do
		! grep -qs ^sigmask: "/proc/$1/fdinfo/"* || return 0
		kill -0 "$1" || return 1
		sleep 1
	done
	printf 'it does not watch after %d s\n' "$SECONDS_MAX"
	return 1
}

# start_watch ARG...: audit in the background, up to when it watches; end_watch ends it as a user does: status, output
start_watch()
{
	watched=$BATS_TEST_TMPDIR/watched
	taskset -c "$A" "$MMCPUS_BIN" audit -J --policy "$policy" -w 100 "$@" >"$watched" 3>&- &
	watch=$!
	started_pids+=("$watch")
	wait_for_watch "$watch"
}

end_watch()
{
	[ ! -s "$watched" ]
	kill -INT "$watch"
	status=0
	wait "$watch" || status=$?
	output=$(<"$watched")
}

@test "a watch sees who comes later and goes before its end, and SIGINT ends it with a report" {
	local watch watched
	printf 'ignore stray\n' >>"$policy" # it may have been somewhere else before it was bound
	start_watch -C "$B" -d 0.1
	sleep "$PATIENCE"
	scene busy "$B"
	sleep $((3 * PATIENCE))
	local late=$PID
	kill -KILL "$started"
	sleep "$PATIENCE"
	end_watch
	expect "exit status" "$status" 3
	of "$late" # also with the address spaces that it had before each exec, if a look fell in between
	expect_text finding "$REPLY" "^(unexpected $B,)*unexpected $B\$"
	expect "seen in some of the looks" "$(jq --argjson pid "$late" \
		'.looks as $looks | [.findings[] | select(.pids[0] == $pid) | .seen > 0 and .seen < $looks] | all' <<<"$output")" true
}

@test "without privilege it is an estimate, which never passes" {
	public_copy "$MMCPUS_BIN"
	! grep -q ^Cpus_active_mm: /proc/self/status || skip "this kernel shows masks to everybody"
	printf 'ignore stray\n' >>"$policy"
	install -m 644 "$policy" "$public"
	run -1 --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups env LD_LIBRARY_PATH="$public" \
		"$public/mmcpus" audit -J --policy "$public/policy" -C "$B" --allow '*' -w 0.1
	expect verdict "$(jq -r .verdict <<<"$output")" unknown
	expect_text reason "$(jq -r '.rules[] | select(.rule == "shootdown") | .reason' <<<"$output")" 'needs root.*run with sudo'
	expect quality "$(jq -r .quality <<<"$output")" estimate
}

@test "in a container it does not pass: processes outside are not seen" {
	run --separate-stderr unshare --fork --pid --mount-proc "$MMCPUS_BIN" audit -J --policy "$policy" -C "$B" --allow '*'
	[ "$status" = 1 ] || [ "$status" = 3 ]
	expect_text "reason" "$(jq -r '.rules[] | select(.rule == "exposed") | .reason' <<<"$output")" 'outside of this pid namespace'
}

# audit_load RULE KIND DETAIL: watch while a load of that kind runs, until what is found is said as DETAIL, on CPU B only. Its
# victim may be kept from its CPU for a moment, and then one of the calls does not go there.
audit_load()
{
	local tries watch watched
	: "${MMCPUS_FLUSHES:?}"
	for tries in 1 2 3 4; do
		start_watch -C "$B" --allow '*'
		sleep $((2 * PATIENCE)) # the first look, and what was attached begins to count
		taskset -c "$A" "$MMCPUS_FLUSHES" "$2" 100 "$A" "$B" 2>"$BATS_TEST_TMPDIR/said"
		sleep "$PATIENCE"
		end_watch
		detail=$(jq -r --arg rule "$1" '.findings[] | select(.rule == $rule) | "\(.cpus) \(.detail)"' <<<"$output")
		reason=$(jq -r --arg rule "$1" '.rules[] | select(.rule == $rule) | .reason // ""' <<<"$output")
		echo "status $status: $detail; $reason"
		[[ ! $detail =~ $3 ]] || return 0
		[ -z "$reason" ] || [[ $reason == *'may be missing'* ]] || return 0
	done
}

@test "while it watches, who interrupts an isolated CPU is found" {
	local detail reason wanted="^$B ([0-9]+ hits? by .*, )?100 hits by flushes/[0-9]+ \\(madvise\\)"
	need_two_cpus
	audit_load shootdown madvise "$wanted"
	if [ -n "$reason" ] && [[ $reason != *'may be missing'* ]]; then
		expect_text reason "$reason" 'hypervisor|hook|fentry'
		skip "hits are not seen here"
	fi
	expect_text detail "$detail" "$wanted"
	expect "exit status" "$status" 3
	expect "seen from the begin of the count to its end" "$(jq '.findings[] | select(.rule == "shootdown") |
		[.last, .first | fromdate] | .[0] - .[1] >= '$((2 * PATIENCE)) <<<"$output")" true
	expect "flushes among other calls" "$(jq -r '.findings[] | select(.rule == "cross-call") | .detail' <<<"$output" |
		grep -c flush_tlb_func)" 0
	printf 'ignore shootdown\n' >>"$policy"
	audit -C "$B" -w 0.3 --allow '*'
	expect "found when it is ignored" "$(jq '[.findings[] | select(.rule == "shootdown")] | length' <<<"$output")" 0
}

@test "while it watches, who calls functions on an isolated CPU is found, if it is not for a flush or a wakeup" {
	local detail reason wanted="^$B ([0-9]+ calls? of .*, )?100 calls of ipi_mb by flushes/[0-9]+ \\(membarrier\\)"
	need_two_cpus
	audit_load cross-call membarrier "$wanted"
	if [ -n "$reason" ] && [[ $reason != *'may be missing'* ]]; then
		expect_text reason "$reason" "other calls than flushes can't be counted: "
		skip "calls are not seen here"
	fi
	expect_text detail "$detail" "$wanted"
	expect "exit status" "$status" 3
	expect "wakeups" "$(grep -c sched_ttwu_pending <<<"$detail")" 0
	printf 'ignore cross-call\n' >>"$policy"
	audit -C "$B" -w 0.3 --allow '*'
	expect "state when it is ignored" "$(jq -r '.rules[] | select(.rule == "cross-call") | .state' <<<"$output")" ignored
}
