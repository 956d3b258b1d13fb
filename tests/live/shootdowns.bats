#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mmcpus shootdowns on this kernel, against loads of known numbers. What a hypervisor keeps from being seen is unknown,
# and must be said to be; who sends is known here.

load live

: "${MMCPUS_FLUSHES:?}" "${MMCPUS_FIRST_HIT:?}"
NR=1000

setup_file()
{
	export HIDES_SOME FLUSH_MODE
	HIDES_SOME=$(mmcpus doctor -J | jq '.hidden | length > 0')
	FLUSH_MODE=$(mmcpus show -q -n -p $$ -o FLUSH | tr -d ' ')
}

setup()
{
	need_root
	need_bpf
	pick_cpus
	said=$BATS_TEST_TMPDIR/said json=$BATS_TEST_TMPDIR/json
}

teardown()
{
	trace_end
	end_scenes
	remove_cgroup
	remove_public_copy
}

# shoot KIND COUNT SENDERS VICTIMS [RATE] [-- OPTION...]: a load, and what was counted meanwhile, in the file json. load_pid,
# owner_pid and extra are what the load says of itself.
shoot()
{
	local -a load=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		load+=("$1")
		shift
	done
	mmcpus shootdowns -J "${@:2}" -- "$MMCPUS_FLUSHES" "${load[@]}" >"$json" 2>"$said"
	read -r load_pid owner_pid extra <"$said"
	jq -c 'del(.shootdowns)' "$json"
}

# of FIELD [CAUSE]: REPLY is that field of the row of the load, null if there is none; sums over rows
of()
{
	REPLY=$(jq -r --argjson pid "$load_pid" --arg field "$1" --arg cause "${2:-}" '
		[.shootdowns[] | select(.pid == $pid and ($cause == "" or .cause == $cause))[$field]] |
		if length == 0 then null elif length == 1 then .[0] elif all(type == "number") then add else . end' "$json")
	echo "$1 of the load: $REPLY"
}

total()
{
	REPLY=$(jq -r --arg field "$1" '.[$field]' "$json")
}

# expect_hits EXPECTED CAUSE: of the load. A hypervisor may leave out CPUs that it does not run.
expect_hits()
{
	local why
	why=$(jq -r .why_no_hits "$json")
	of hits "$2"
	if [ "$why" != null ]; then
		expect hits "$REPLY" null
		total hits
		expect "all hits" "$REPLY" null
	elif [ "$FLUSH_MODE" = paravirt ]; then
		expect_between hits "$REPLY" 1 "$1"
	else
		expect hits "$REPLY" "$1"
	fi
}

# sees_hits: or may a hypervisor carry them out unseen?
sees_hits()
{
	jq -e '.why_no_hits == null' "$json" >/dev/null
}

# reconciles: do the hits that were counted equal the growth of the row TLB? Processes that the kernel hides from BPF are
# hit unseen, now and then.
reconciles()
{
	jq -e --argjson hides "$HIDES_SOME" '.why_no_hits != null or (.lost == 0 and (.tlb_row - .hits |
		. == 0 or ($hides and . > 0 and . <= 5)))' "$json" >/dev/null
}

# all_counted CAUSE: has each operation sent one, and hit the victim? One that is off its CPU for a moment, because the kernel
# has to do something there, is not hit; and pages that somebody else looks at meanwhile may need no flush any more.
all_counted()
{
	of sent "$1"
	[ "$REPLY" != null ] && [ "$REPLY" -ge $NR ] && [ "$REPLY" -le $((NR + extra)) ] &&
		jq -e --arg mode "$FLUSH_MODE" --argjson pid "$load_pid" --arg cause "$1" '.why_no_hits != null or
			$mode == "paravirt" or ([.shootdowns[] | select(.pid == $pid and .cause == $cause)] |
			(map(.sent) | add) == (map(.hits) | add))' "$json"
}

# exact KIND CAUSE WHAT [EXTRA]: as many as there were, of that cause and kind, and of the right owner
exact()
{
	local tries
	need_two_cpus
	# What others do at the very moment of a look is counted on one side only.
	for tries in 1 2 3 4 5; do
		shoot "$1" $NR "$A" "$B"
		! reconciles || ! all_counted "$2" || break
	done
	reconciles
	of sent "$2"
	expect_between sent "$REPLY" $NR $((NR + extra))
	expect_hits "$REPLY" "$2"
	of kind "$2"
	expect kind "$REPLY" "$3"
	of owner_pid "$2"
	expect owner "$REPLY" "$owner_pid"
	of sender_cpus "$2"
	expect "sender's CPU" "$REPLY" "$A"
	of requested_cpus "$2"
	expand "$REPLY"
	expect "CPUs that were asked, with the victim's" "$(grep -c -w "$B" <<<"$REPLY")" 1
	expect "the sender's own" "$(grep -c -w "$A" <<<"$REPLY")" 0
}

@test "every madvise is counted, with its cause, kind and owner" {
	exact madvise madvise range
	of pages madvise
	expect pages "$REPLY" $NR
}

@test "every madvise of many pages is counted, as one of all of the address space" {
	exact madvise-wide madvise whole
	of pages madvise
	expect "pages, of which nothing is told" "$REPLY" null
}

@test "every mprotect is counted" {
	exact mprotect mprotect range
}

@test "every munmap that leaves the page tables is counted" {
	exact munmap munmap range
}

@test "every munmap that frees page tables is counted" {
	exact munmap-table munmap tables
}

@test "every mremap is counted" {
	shoot mremap 1 "$A" "$B" # which way it flushes depends on the kernel
	of kind mremap
	exact mremap mremap "$REPLY"
}

@test "every copy on write after a fork is counted, with a page fault as its cause" {
	exact copy "page fault" range
}

# The kernel flushes all for it, and says that tables may be freed. Without rseq(2), or it writes to memory that has just become
# shared, now and then, before it returns.
@test "every fork is counted" {
	GLIBC_TUNABLES=glibc.pthread.rseq=0 exact fork clone tables
}

@test "every process_madvise is counted, with the other process as its owner" {
	exact process_madvise process_madvise range
	[ "$owner_pid" != "$load_pid" ]
}

@test "every write of a tracer to another process's memory is counted, with that as its owner" {
	exact ptrace ptrace range
	[ "$owner_pid" != "$load_pid" ]
	exact proc_mem pwrite64 range
	[ "$owner_pid" != "$load_pid" ]
}

@test "what io_uring does for a process in a thread of its own has that as its cause" {
	need_two_cpus
	[ "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null || echo 0)" = 0 ] || skip "io_uring is disabled here"
	local tries
	for tries in 1 2 3 4 5; do
		shoot io_uring 100 "$A" "$B"
		of sent io_uring
		[ "$REPLY" != 100 ] || break
	done
	expect sent "$REPLY" 100
	of owner_pid io_uring
	expect owner "$REPLY" "$load_pid"
	of sent io_uring_enter
	expect "sent within the system call" "$REPLY" null
}

@test "several senders are told apart, and at a rate" {
	need_two_cpus
	# A thread that ends gives back its stack, by madvise as well.
	shoot madvise 200 "$A,$B" "$A,$B" 2000
	of sent madvise
	jq -e --argjson pid "$load_pid" '[.shootdowns[] | select(.pid == $pid and .cause == "madvise")] | length == 2 and
		all(.[]; .sent <= 205 and .sent >= 100)' "$json"
	run -0 --separate-stderr mmcpus shootdowns --top 0 -- "$MMCPUS_FLUSHES" madvise 200 "$A,$B" "$A,$B" 2000
	read -r load_pid _ <<<"$stderr"
	expect "rows of the first thread" "$(grep -cE "^flushes/$load_pid +madvise " <<<"$output")" 1
	expect "rows of the other one" "$(grep -cE "^flushes/$load_pid:[0-9]+ +madvise " <<<"$output")" 1
}

@test "by flow, the cgroup is the sender's" {
	need_two_cpus
	make_cgroup
	# Once where the tests are, and once in there; in front of what the load says stands its cgroup.
	# shellcheck disable=SC2016 # of the shell that is started
	mmcpus shootdowns -J -- bash -c '
		grep "^0::" /proc/self/cgroup >&2 && "${@:2}" && echo 0 >"$1/cgroup.procs" &&
			grep "^0::" /proc/self/cgroup >&2 && exec "${@:2}"' \
		- "$cgroup" "$MMCPUS_FLUSHES" madvise $NR "$A" "$B" >"$json" 2>"$said"
	cat "$said"
	while read -r load_pid expected; do
		of cgroup madvise
		expect cgroup "$REPLY" "$expected"
	done < <(awk '/^0::/ { cgroup = substr($0, 4) } /^[0-9]+ [0-9]+ / { print $1, cgroup }' "$said")
	# The last was in there.
	expect_text cgroup "$REPLY" "/mmcpus live.$$\$"
}

# check_histogram NAME: of the row of the load, as many as it has hits, and the largest in the bucket of the maximum. There is
# one victim: each shootdown that hits has one hit.
check_histogram()
{
	jq -e --argjson pid "$load_pid" --arg name "$1" '
		.shootdowns[] | select(.pid == $pid and .cause == "madvise") |
		(.[$name + "_log2"] | to_entries | map(.key |= tonumber)) as $buckets | .[$name + "_max_ns"] as $max |
		.hits > 0 and ($buckets | map(.value) | add) == .hits and
		($buckets | map(.key) | max | . <= $max and ($max < 2 * . or . == pow(2; 31)))' "$json"
}

@test "the histograms add up to the hits, and end where the maximum is" {
	local tries
	need_two_cpus
	# A victim that is pushed aside all the time is not hit.
	for tries in 1 2 3; do
		shoot madvise $NR "$A" "$B"
		of hits madvise
		[ "$REPLY" = null ] || [ "$REPLY" = 0 ] || break
	done
	jq -c --argjson pid "$load_pid" '.shootdowns[] | select(.pid == $pid)' "$json"
	sees_hits || skip "hits are not seen here"
	check_histogram stolen
	check_histogram wait
}

# first_hit COMMAND...: what the flushes of tests/live/first_hit.c, run by COMMAND, showed in two intervals, in first and second
first_hit()
{
	need_two_cpus
	[ "${MMCPUS_SANITIZE:-none}" = none ] || skip "a sanitizer's threads would be hit as well"
	run -0 --separate-stderr "$@" "$MMCPUS_FIRST_HIT" $NR "$A" "$B"
	echo "sent, hits, waits, ns waited, ns passed: ${lines[*]}"
	read -ra first <<<"${lines[0]}"
	read -ra second <<<"${lines[1]}"
	[ "${first[1]}" != '?' ] || skip "hits are not seen here"
}

# waits_are_known SENT HITS WAITS WAIT-NS PASSED-NS: one flush after the other waits, for one hit or more
waits_are_known()
{
	expect_between hits "$2" 1 $((2 * $1))
	expect_between waits "$3" 1 "$2"
	expect_between "ns waited" "$4" "$3" "$5"
}

# as_if_never_hit COMMAND...: where the row TLB says that no CPU was ever hit
as_if_never_hit()
{
	unshare --mount bash -c '
		sed "/^ *TLB:/s/[0-9][0-9]*/0/g" /proc/interrupts >"$1" && mount --bind "$1" /proc/interrupts || exit
		shift
		exec "$@"' - "$BATS_TEST_TMPDIR/interrupts" "$@"
}

# When a flush was sent is known to the tick only, until a hit is seen. Others may be hit just while it is opened.
@test "of the first hit that was ever seen, it is unknown how long it is waited for" {
	local first second tries
	[ "$(mmcpus doctor -J | jq -r .system.hypervisor)" != none ] || skip "without a hypervisor, flushes are always timed"
	for tries in 1 2 3 4 5; do
		first_hit as_if_never_hit
		[ "${first[2]}" != '?' ] || break
	done
	expect "waits, ns waited" "${first[2]} ${first[3]}" "? ?"
	expect_between hits "${first[1]}" 1 $((2 * NR))
	waits_are_known "${second[@]}"
}

@test "where hits were seen before, waits are known from the first on" {
	local first second
	mmcpus shootdowns -J -w 0.1 >"$json"
	first_hit command
	waits_are_known "${first[@]}"
}

@test "each view has the same sums" {
	local by
	need_two_cpus
	for by in flow pair sender owner cpu cause stack; do
		shoot madvise $NR "$A" "$B" -- --by "$by"
		expect "view" "$(jq -r .by "$json")" "$by"
		jq -e '.sent >= 1000' "$json"
		case $by in
		pair | cpu) jq -e '.why_no_hits != null or ([.shootdowns[].hits] | add) == .hits + (.kernel_hits // 0)' "$json" ;;
		*) jq -e '([.shootdowns[].sent] | add) == .sent + (.kernel_sent // 0)' "$json" ;;
		esac
	done
}

@test "by stack, the functions that led to it are named" {
	need_two_cpus
	shoot madvise $NR "$A" "$B" -- --by stack
	jq -c '.shootdowns[] | [.cause, .stack]' "$json"
	jq -e 'any(.shootdowns[]; .cause == "madvise" and (.stack // "" | test("do_madvise.*;flush_tlb_mm_range.*;")))' "$json"
}

# all_sent CAUSE: has each of 2,000 operations sent a shootdown whose stack is known?
all_sent()
{
	jq -e --arg cause "$1" '[.shootdowns[] | select(.cause == $cause and .stack != null).sent] | add >= 2000' "$json"
}

@test "stacks that take turns on a CPU are told apart" {
	local cause tries
	need_two_cpus
	# A victim that another process has pushed aside is none.
	for tries in {1..10}; do
		mmcpus shootdowns -J --by stack --top 0 -- bash -c '"$0" madvise 2000 "$1" "$2" & "$0" process_madvise 2000 "$1" "$2"
			wait' "$MMCPUS_FLUSHES" "$A" "$B" >"$json"
		for cause in madvise process_madvise; do
			jq -e --arg cause $cause '[.shootdowns[] | select(.cause == $cause)] | length > 0 and
				all(.[]; .stack == null or (.stack | test("_sys_" + $cause + "[+]")))' "$json"
		done
		! all_sent madvise || ! all_sent process_madvise || return 0
	done
	return 1
}

@test "by stack with --stack, the functions of the program are named as well" {
	local row odd=$BATS_TEST_TMPDIR/$'a\e[1m\nb'
	need_two_cpus
	# Long enough for a look at it while it runs.
	shoot madvise 1000 "$A" "$B" 500 -- --by stack --stack
	# Others may flush more.
	row=$(jq -c --argjson pid "$load_pid" 'first(.shootdowns[] | select(.pid == $pid and .cause == "madvise"))' "$json")
	echo "$row"
	jq -e '(.stack | test("do_madvise.*;flush_tlb_mm_range.*")) and
		(.user_stack | .[-1].symbol == "madvise" and (.[-1].module | test("/libc[.-]")) and
			any(.[]; .symbol == "be_sender" and (.module | endswith("/flushes")) and
				(.offset | test("^0x[0-9a-f]+$"))))' <<<"$row"
	cp "$MMCPUS_FLUSHES" "$odd"
	run -0 --separate-stderr mmcpus shootdowns --by stack --stack --top 0 -- "$odd" madvise 1000 "$A" "$B" 500
	[[ $output == *'a\x1b[1m\nb:be_sender+0x'* ]]
	[[ $output != *$'\e'* ]]
	# Who is gone before it is looked at has addresses. The reader is stopped meanwhile, or it may look in time.
	mmcpus shootdowns -J --by stack --stack -- bash -c 'kill -STOP $PPID; "$@"; kill -CONT $PPID' - \
		"$MMCPUS_FLUSHES" madvise 100 "$A" "$B" >"$json" 2>"$said"
	read -r load_pid _ <"$said"
	jq -e --argjson pid "$load_pid" '.shootdowns[] | select(.pid == $pid and .cause == "madvise").user_stack[-1] |
		.module == null and .symbol == null and (.address | test("^0x"))' "$json"
}

@test "by stack with --stack, no two rows look the same" {
	need_two_cpus
	# Also those of mmcpus itself, in libraries without frame pointers.
	shoot madvise 300 "$A" "$B" 2000 -- --by stack --stack
	jq -c '.shootdowns[] | [.pid, .cause, .sent, .stack, (.user_stack // [] | map(.address))]' "$json"
	jq -e '[.shootdowns[] | select(.cause != "(others)" and .stack) |
		[.pid, .command, .cause, .callback, .stack, .user_stack]] | length > 1 and length == (unique | length)' "$json"
}

@test "by stack with --stack, many processes lose no stack" {
	local nr=$((400 / PATIENCE))
	need_two_cpus
	# Each has its code elsewhere, and its stacks are its own. A victim that another process has pushed aside is none.
	mmcpus shootdowns -J --by stack --stack -- bash -c 'for i in $(seq "$3"); do "$0" madvise 3 "$1" "$2"; done' \
		"$MMCPUS_FLUSHES" "$A" "$B" $nr >"$json" 2>"$said"
	# The kernel's is one that is known again, and each has it.
	jq -e --argjson nr $nr '[.shootdowns[] | select(.cause == "madvise" and .command == "flushes")] | length >= $nr / 2 and
		all(.[]; .user_stack and (.stack // "" | test("_sys_madvise[+]")))' "$json"
}

@test "by pair, the task that was interrupted is named" {
	need_two_cpus
	shoot madvise $NR "$A" "$B" -- --by pair
	sees_hits || skip "hits are not seen here"
	jq -e --argjson pid "$load_pid" '.shootdowns[] | select(.pid == $pid and .victim_pid == $pid) | .hits > 0' "$json"
}

# need_hits STATUS MESSAGE: of a run with -C. Skip if it was refused, as it must be where hits are not seen.
need_hits()
{
	[ "$1" != 0 ] || return 0
	expect status "$1" 1
	expect_text message "$2" '^mmcpus: --cpu-list needs to see which CPUs are hit: '
	skip "hits are not seen here"
}

@test "-C counts what hits that CPU and nothing else" {
	local status=0
	need_two_cpus
	mmcpus shootdowns -J -C "$B" -- "$MMCPUS_FLUSHES" madvise $NR "$A" "$B" >"$json" 2>"$said" || status=$?
	need_hits "$status" "$(cat "$said")"
	read -r load_pid _ <"$said"
	of sent madvise
	expect_between sent "$REPLY" 1 $NR
	expect_hits "$REPLY" madvise
	jq -e --arg cpu "$B" 'all(.shootdowns[]; .hit_cpus == $cpu)' "$json"
	shoot madvise $NR "$A" "$B" -- -C "$A"
	of sent madvise
	expect sent "$REPLY" null
}

# seconds_of ARG...: REPLY is how long mmcpus shootdowns takes
seconds_of()
{
	local begin=$SECONDS
	run --separate-stderr mmcpus shootdowns -J -w 0.1 "$@"
	REPLY=$((SECONDS - begin))
}

# Where the kernel's worker that ends our own doing runs on the only CPU that counts, nothing of it is seen to hit that CPU.
@test "-C begins as soon whichever CPU it is" {
	local cpu tries without
	need_two_cpus
	seconds_of
	expect "exit status" "$status" 0
	without=$REPLY
	expand "$(</sys/devices/system/cpu/online)"
	for cpu in $(head -n 8 <<<"${REPLY// /$'\n'}"); do
		# The machine may be slower for a while.
		for tries in 1 2 3; do
			seconds_of -C "$cpu"
			[ "$REPLY" -gt $((without + 5)) ] || break
		done
		need_hits "$status" "$stderr"
		expect_between "seconds with -C $cpu, without it $without" "$REPLY" 0 $((without + 5))
	done
}

@test "-C tells the CPUs of a sender for what it counts, and no others" {
	local status=0
	need_two_cpus
	# From each of the two it hits the other.
	mmcpus shootdowns -J -C "$A" -- "$MMCPUS_FLUSHES" wander 100 "$A" "$A,$B" >"$json" 2>"$said" || status=$?
	need_hits "$status" "$(cat "$said")"
	read -r load_pid _ <"$said"
	of sent madvise
	expect_between sent "$REPLY" 1 50
	of sender_cpus madvise
	expect "sender's CPUs" "$REPLY" "$B"
}

# adds_up: is each event that was counted told of, or dropped, and each hit one of a shootdown that was sent before?
adds_up()
{
	tail -n 1 "$json"
	jq -se '(length - 1) + .[-1].dropped ==
			([.[-1] | .sent, .hits, .kernel_sent, .kernel_hits, .calls, .call_hits] | add) and
		(.[-1].dropped > 0 or (.[:-1] | group_by(.id) | all(.[]; .[0].id == null or any(.[]; .event == "sent"))))' "$json"
}

# all_told: is there an event of each operation of the load?
all_told()
{
	jq -se --argjson pid "$load_pid" --argjson nr $NR '(.[-1] | .event == "end" and .dropped == 0) and
		([.[] | select(.event == "sent" and .pid == $pid and .cause == "madvise" and .kind == "range")] | length) == $nr' "$json"
}

@test "--events tells of each, joined by an id, and counts what it has to drop" {
	local tries
	need_two_cpus
	# Others may leave no room, and a victim may be off its CPU for a moment.
	for tries in 1 2 3; do
		mmcpus shootdowns --events -- "$MMCPUS_FLUSHES" madvise $NR "$A" "$B" >"$json" 2>"$said"
		adds_up
		read -r load_pid _ <"$said"
		! all_told || break
	done
	all_told
	# A hypervisor may leave out a CPU that it does not run just then.
	jq -se --argjson pid "$load_pid" --argjson cpu "$B" --arg mode "$FLUSH_MODE" '
		[group_by(.id)[] | select($mode != "paravirt" or any(.[]; .event == "hit" and .cpu == $cpu)) | .[] |
			select(.event == "sent" and .pid == $pid and .cause == "madvise").requested_cpus |
			[split(",")[] | split("-") | map(tonumber) | range(.[0]; .[-1] + 1)] | index($cpu)] |
		length > 0 and all' "$json"
	# With the readers stopped there is not room for all.
	mmcpus shootdowns --events -- bash -c 'kill -STOP $PPID; "$0" madvise 60000 "$1" "$2"; kill -CONT $PPID' \
		"$MMCPUS_FLUSHES" "$A" "$B" >"$json" 2>"$said"
	adds_up
	jq -se '.[-1].dropped > 0' "$json"
}

# events_of CAUSE: those that the load has sent, an array
events_of()
{
	jq -sc --argjson pid "$load_pid" --arg cause "$1" '[.[] | select(.event == "sent" and .pid == $pid and .cause == $cause)]' "$json"
}

# own_cgroup: REPLY is the path of ours, empty where there is no cgroup v2
own_cgroup()
{
	REPLY=
	! grep -q ' cgroup2 ' /proc/self/mounts || REPLY=$(sed -n 's/^0:://p' /proc/self/cgroup)
}

# all_on_stacks: has each of the load's events, the file said, what is known of it, and most a stack?
all_on_stacks()
{
	own_cgroup
	jq -e --arg cgroup "$REPLY" 'length > 400 and
		all(.[]; .pages == 1 and .callback == "flush_tlb_func" and ($cgroup == "" or .cgroup == $cgroup)) and
		(map(select((.stack // "" | test("_sys_madvise[+].*;flush_tlb_mm_range[+]")) and
			(.user_stack // [] | length > 0 and .[-1].symbol == "madvise" and any(.[]; .symbol == "be_sender")))) |
			length > 300)' "$said"
}

@test "--events --stack tells the stacks of each, and its cgroup and pages" {
	local tries
	need_two_cpus
	# Long enough for a look at it while it runs. A victim that is pushed aside is not hit, and then nothing is sent.
	for tries in 1 2 3; do
		mmcpus shootdowns --events --stack -- "$MMCPUS_FLUSHES" madvise 500 "$A" "$B" 500 >"$json" 2>"$said"
		adds_up
		read -r load_pid _ <"$said"
		events_of madvise >"$said"
		! all_on_stacks || break
	done
	jq -c '.[0]' "$said"
	all_on_stacks
	mmcpus shootdowns --events -- "$MMCPUS_FLUSHES" madvise-wide 10 "$A" "$B" >"$json" 2>"$said"
	read -r load_pid _ <"$said"
	events_of madvise >"$said"
	jq -e 'length > 0 and all(.[]; .pages == null and (has("stack") or has("user_stack") | not))' "$said"
}

# calls_are_joined: has each call of the load an event, and what it took of the CPU that was called?
calls_are_joined()
{
	events_of membarrier | jq -e --argjson nr $NR --arg from "$A" --arg to "$B" 'map(select(.callback == "ipi_mb")) |
		length == $nr and all(.[]; .kind == "call" and (.cpu | tostring) == $from and .requested_cpus == $to and
			.owner_mm == null and .pages == null)' &&
		jq -se --argjson pid "$load_pid" --argjson to "$B" --argjson nr $NR '
		([.[] | select(.event == "sent" and .pid == $pid and .callback == "ipi_mb").id] | map({ (.): true }) | add) as $ours |
		[.[] | select(.event == "hit" and .id != null and $ours[.id])] |
		length == $nr and all(.[]; .cpu == $to and .wait_ns == null and .stolen_ns > 0 and .victim_command != null)' "$json"
}

@test "--events --all-ipis tells of each call, joined with what it takes of the CPU that is called" {
	local tries
	need_two_cpus
	need_calls
	# A victim that is pushed aside is not called, and others may leave no room for events.
	for tries in 1 2 3 4 5; do
		mmcpus shootdowns --events --all-ipis -- "$MMCPUS_FLUSHES" membarrier $NR "$A" "$B" >"$json" 2>"$said"
		adds_up
		read -r load_pid _ <"$said"
		! calls_are_joined || break
	done
	calls_are_joined
}

@test "there is room for more senders than rows, if they come one after the other" {
	local tries
	need_two_cpus
	# Those that began while another process had the victim's CPU have sent nothing.
	for tries in 1 2 3; do
		shoot threads 2500 "$A" "$B" 400 $((10 * PATIENCE))
		jq -e '.others == 0' "$json"
		! jq -e --argjson pid "$load_pid" \
			'[.shootdowns[] | select(.pid == $pid and .cause == "madvise").tid] | unique | length > 2100' "$json" || return 0
	done
	return 1
}

# wait_for_output: in the file json, for some seconds
wait_for_output()
{
	local i
	for ((i = 0; i < 100 * PATIENCE; i++)); do
		[ ! -s "$json" ] || break
		sleep 0.1
	done
}

# switches PID: how often it has gone to sleep
switches()
{
	awk '/^voluntary_ctxt_switches:/ { print $2 }' "/proc/$1/status"
}

@test "it wakes up once an interval, whatever happens in between" {
	local watcher before after
	need_two_cpus
	keep_flushing 5000
	"$MMCPUS_BIN" shootdowns -d 2 >"$json" 3>&- &
	watcher=$!
	started_pids+=("$watcher")
	wait_for_output
	before=$(switches "$watcher")
	sleep 4
	after=$(switches "$watcher")
	kill -INT "$watcher"
	wait "$watcher"
	# A look a second. One may have to wait for somebody besides.
	expect_between "times that it slept" $((after - before)) 2 10
}

# keep_flushing RATE [SECONDS]: in the background
keep_flushing()
{
	"$MMCPUS_FLUSHES" madvise 1000000 "$A" "$B" "$1" "${2:-10}" 2>"$said.load" 3>&- &
	started_pids+=("$!")
}

@test "--events begins and ends while a load goes on, and misses none of it; a signal ends it" {
	local watcher
	need_two_cpus
	keep_flushing 5000
	mmcpus shootdowns --events -w 0.3 >"$json"
	adds_up
	jq -se '.[-1] | .sent > 100 and .seconds < 5' "$json"
	: >"$json"
	"$MMCPUS_BIN" shootdowns --events >"$json" 3>&- &
	watcher=$!
	started_pids+=("$watcher")
	wait_for_output
	kill -INT "$watcher"
	wait "$watcher"
	adds_up
	jq -se '.[-1].seconds < 5' "$json"
}

# read_slowly: pass on some thousand events a second, in large pieces, for each takes processes
read_slowly()
{
	local chunk=$BATS_TEST_TMPDIR/chunk
	while head -c 1048576 >"$chunk" && [ -s "$chunk" ]; do
		cat "$chunk"
		sleep 0.4
	done
}

@test "--events ends in time even if they come faster than they are read" {
	need_two_cpus
	keep_flushing 10000
	mmcpus shootdowns --events -w 0.3 | read_slowly >"$json"
	adds_up
	# The load goes on for 10 s.
	jq -se '.[-1].seconds < 8' "$json"
}

@test "a signal while it starts ends it in order, and COMMAND is not started" {
	local status=0
	"$MMCPUS_BIN" shootdowns -- touch "$BATS_TEST_TMPDIR/started" 2>"$said" 3>&- &
	sleep 0.05
	kill -TERM $!
	wait $! || status=$?
	# It may not have come to block the signal, or have started the command already.
	[ $status = 143 ] || [ -e "$BATS_TEST_TMPDIR/started" ] ||
		{ expect status $status 1 && expect_text message "$(cat "$said")" "^mmcpus: asked to end before COMMAND was started\$"; }
}

@test "a signal while it starts is no success without a word" {
	local status=0
	"$MMCPUS_BIN" shootdowns -J >"$json" 2>"$said" 3>&- &
	sleep 0.05
	kill -TERM $!
	wait $! || status=$?
	[ $status = 143 ] || { [ $status = 0 ] && jq -e '.seconds >= 0' "$json"; } ||
		{ expect status $status 1 && expect_text message "$(cat "$said")" '^mmcpus: asked to end before anything was counted$'; }
}

@test "--events ends on a signal even if they do not stop coming" {
	local watcher load
	need_two_cpus
	keep_flushing 20000 50
	load=$!
	"$MMCPUS_BIN" shootdowns --events > >(read_slowly >"$json" 3>&-) 3>&- &
	watcher=$!
	started_pids+=("$watcher")
	wait_for_output
	[ -s "$json" ]
	kill -INT "$watcher"
	wait "$watcher"
	kill -0 "$load"
}

@test "a load that nobody here wrote: stress-ng's shootdown stressor" {
	local tries
	need_two_cpus
	command -v stress-ng >/dev/null || lack stress-ng "there is no stress-ng"
	for tries in {1..10}; do
		mmcpus shootdowns -J -- stress-ng --quiet --tlb-shootdown 1 --tlb-shootdown-ops 200 -t 5 >"$json"
		jq -c 'del(.shootdowns)' "$json"
		! reconciles || break
	done
	reconciles
	jq -e '[.shootdowns[] | select(.command | startswith("stress-ng")).sent] | add > 0' "$json"
}

@test "the table has rates, and a last line that reconciles" {
	need_two_cpus
	run -0 --separate-stderr mmcpus shootdowns -- "$MMCPUS_FLUSHES" madvise $NR "$A" "$B"
	expect_text table "$output" '^SENDER +CAUSE +OWNER +SENT/s +HITS/s +HIT_CPUS +STOLEN_US/s +WAIT_US/s$'
	expect_text table "$output" '^flushes/[0-9]+ +madvise +flushes/[0-9]+ '
	expect_text "last line" "$output" \
		'^[0-9.]+ s: sent [0-9]+, hit ([0-9]+|\?), lost [0-9]+( \([^;]*\))?; row TLB of /proc/interrupts [0-9]+, .*; counting took [0-9.]+ ms$'
}

@test "--top shows those that cost most, and a row that sums up the others" {
	local column
	need_two_cpus
	# shellcheck disable=SC2016
	run -0 --separate-stderr mmcpus shootdowns --top 2 -o SENDER,SENT,STOLEN_NS,WAIT_NS -- bash -c '
		for i in {1..5}; do "$0" madvise 50 "$1" "$2"; done' "$MMCPUS_FLUSHES" "$A" "$B"
	expect "rows" "$(grep -c -v -e ^SENDER -e ' s: sent ' -e '^hits are unknown: ' <<<"$output")" 3
	expect_text "the last row" "$output" '^\([0-9]+ more\) +[0-9]+ '
	expect "sum of the rows" "$(awk '/ s: sent |^hits are unknown: / { next } NR > 1 { sum += $(NF - 2) } END { print sum }' <<<"$output")" \
		"$(sed -n 's/.* s: sent \([0-9]*\)[ ,].*range sent \([0-9]*\),.*/\1 \2/p; t
			s/.* s: sent \([0-9]*\)[ ,].*/\1 0/p' <<<"$output" | awk '{ print $1 + $2 }')"
	mmcpus shootdowns -J --top 1 -- bash -c 'for i in {1..3}; do "$0" madvise 50 "$1" "$2"; done' \
		"$MMCPUS_FLUSHES" "$A" "$B" >"$json" 2>"$said"
	jq -e '.more > 0 and (.shootdowns | length) == 2 and .shootdowns[1].pid == null and
		([.shootdowns[].sent] | add) == .sent + (.kernel_sent // 0)' "$json"
	mmcpus shootdowns -J -- true >"$json"
	jq -e '.more == 0' "$json"
}

# need_kernel: skip where flushes of the kernel's own range are not counted, which must be told, with a reason
need_kernel()
{
	mmcpus shootdowns -J -- true >"$json"
	jq -e '(.kernel_sent == null) == (.kernel_hits == null)' "$json"
	jq -e '.kernel_sent == null' "$json" || return 0
	run -0 --separate-stderr mmcpus shootdowns -- true
	expect_text "last line" "$output" "; not told here: (.*, )?flushes of the kernel's own range[ ,]"
	mmcpus doctor -J | jq -e '.hooks[] | select(.name | startswith("do_kernel_range_flush")) |
		.used == "no" and .reason != null'
	lack kernel-range "flushes of the kernel's own range are not counted here"
}

# trace_begin: have the kernel write down by itself which functions CPUs are asked to run. Fails where it can't.
trace_begin()
{
	trace=/sys/kernel/tracing/instances/mmcpus-test-$$
	mkdir "$trace" 2>/dev/null && echo 1 >"$trace/events/csd/csd_queue_cpu/enable" 2>/dev/null
}

# trace_end: into the file traced. Can be called again.
trace_end()
{
	[ -d "${trace:-}" ] || return 0
	echo 0 >"$trace/events/enable"
	cat "$trace/trace" >"$BATS_TEST_TMPDIR/traced"
	rmdir "$trace"
}

# kernel_rows: the flushes of the kernel's own range by the load, by system calls
kernel_rows()
{
	jq -c --argjson pid "$load_pid" '.shootdowns[] | select(.pid == $pid and .kind == "kernel-range")' "$json"
}

@test "flushes of the kernel's own range are counted aside, with who sends them: loading a BPF program" {
	local row others is_traced=0
	need_two_cpus
	need_kernel
	others=$(($(getconf _NPROCESSORS_ONLN) - 1))
	! trace_begin || is_traced=1
	shoot bpf 2 "$A" "$B" -- -o +CALLBACK
	trace_end
	row=$(kernel_rows)
	echo "$row"
	[ -n "$row" ]
	jq -e --argjson others $others --arg cpu "$A" '.cause == "bpf" and .sent >= 2 and .sent <= 1000 and
		.hits == .sent * $others and .sender_cpus == $cpu and .owner_pid == null and .owner_mm == null and
		.stolen_ns > 0 and .wait_ns > .wait_max_ns and .requested_cpus == .hit_cpus' <<<"$row"
	jq -e '.callback | test("^(do_kernel_range_flush|do_flush_tlb_all|__cpa_flush_tlb)(,|$)")' <<<"$row"
	if [ $is_traced = 1 ]; then
		expect "hits, as traced" "$(grep -c -E "^ *flushes-$load_pid .* csd_queue_cpu: .*func=(do_kernel_range_flush|do_flush_tlb_all|__cpa_flush_(tlb|all)) " \
			"$BATS_TEST_TMPDIR/traced")" "$(jq .hits <<<"$row")"
	fi
	jq -e '([.shootdowns[] | select(.kind == "kernel-range").sent] | add) == .kernel_sent and
		([.shootdowns[] | select(.kind != "kernel-range").sent] | add // 0) == .sent and .lost == 0' "$json"
}

@test "flushes of the kernel's own range with -C" {
	local row status=0
	need_two_cpus
	need_kernel
	mmcpus shootdowns -J -C "$B" -- "$MMCPUS_FLUSHES" bpf 1 "$A" "$B" >"$json" 2>"$said" || status=$?
	need_hits $status "$(grep '^mmcpus: ' "$said")"
	read -r load_pid _ <"$said"
	row=$(kernel_rows)
	[ -n "$row" ]
	jq -e --arg cpu "$B" --argjson others $(($(getconf _NPROCESSORS_ONLN) - 1)) '.sent > 0 and .hits == .sent and .hit_cpus == $cpu and
		([.requested_cpus | split(",")[] | split("-") | map(tonumber) | range(.[0]; .[-1] + 1)] | length) == $others' <<<"$row"
}

@test "flushes of the kernel's own range by owner and pair, in events, and with --all-ipis" {
	local row
	need_two_cpus
	need_kernel
	shoot bpf 1 "$A" "$B" -- --by owner -o +KIND,OWNER
	jq -e '.shootdowns[] | select(.kind == "kernel-range") | .owner == "kernel" and .sent > 0 and .hits > 0' "$json"
	shoot bpf 1 "$A" "$B" -- --by pair -o +KIND
	jq -e '([.shootdowns[] | select(.kind == "kernel-range").hits] | add) == .kernel_hits' "$json"
	mmcpus shootdowns --events -- "$MMCPUS_FLUSHES" bpf 1 "$A" "$B" >"$json" 2>"$said"
	read -r load_pid _ <"$said"
	jq -se --argjson pid "$load_pid" '[.[] | select(.pid == $pid and .kind == "kernel-range")] |
		length > 0 and all(.[]; .owner_mm == null and .cause == "bpf" and (.start == null) == (.end == null))' "$json"
	need_calls
	shoot bpf 1 "$A" "$B" -- --all-ipis
	row=$(kernel_rows)
	[ -n "$row" ]
	jq -e '.sent > 0 and .hits > 0' <<<"$row"
	jq -e '[.shootdowns[] | select(.kind == "call" and (.callback // "" |
		test("^(do_kernel_range_flush|do_flush_tlb_all|__cpa_flush_tlb|__cpa_flush_all)$")))] == []' "$json"
}

# need_calls: skip where the kernel does not tell of calls, which it then says
need_calls()
{
	local status=0
	mmcpus shootdowns --all-ipis -- true >"$json" 2>"$said" || status=$?
	[ "$status" != 0 ] || return 0
	expect status "$status" 1
	expect_lines message "$(cat "$said")" 1
	expect_text message "$(cat "$said")" "^mmcpus: other calls than flushes can't be counted: "
	skip "calls are not seen here"
}

@test "--all-ipis counts each membarrier, on the CPU that it interrupts, and flushes as before" {
	local row tries
	need_two_cpus
	need_calls
	# A victim that is pushed aside is not called, and a real-time one is, now and then, by the kernel itself.
	for tries in 1 2 3 4 5; do
		shoot membarrier $NR "$A" "$B" -- --all-ipis
		row=$(jq -c --argjson pid "$load_pid" '.shootdowns[] | select(.pid == $pid and .callback == "ipi_mb")' "$json")
		! jq -e --argjson nr $NR '.sent == $nr' <<<"$row" || break
	done
	echo "$row"
	jq -e --argjson nr $NR --arg from "$A" --arg to "$B" '.cause == "membarrier" and .kind == "call" and .sent == $nr and
		.hits == $nr and .hit_cpus == $to and .requested_cpus == $to and .sender_cpus == $from and .wait_ns == null and .owner_pid == null and
		.stolen_ns > 0' <<<"$row"
	jq -e --argjson nr $NR '([.shootdowns[] | select(.kind == "call").sent] | add) == .calls and .calls >= $nr and
		.call_hits >= $nr' "$json"
	for tries in 1 2 3 4 5; do
		shoot madvise $NR "$A" "$B" -- --all-ipis
		of sent madvise
		[ "$REPLY" != $NR ] || break
	done
	expect sent "$REPLY" $NR
	of callback madvise
	expect callback "$REPLY" flush_tlb_func
	jq -e '([.shootdowns[] | select(.kind != "call").sent] | add) == .sent + (.kernel_sent // 0) and
		([.shootdowns[] | select(.kind == "call" and .callback == "flush_tlb_func")] == [])' "$json"
}

# calls_of_load NR: did it ask for so many?
calls_of_load()
{
	jq -e --argjson pid "$load_pid" --argjson nr "$1" \
		'[.shootdowns[] | select(.pid == $pid and .callback == "ipi_mb").sent] | add == $nr' "$json"
}

@test "--all-ipis in each view" {
	local by tries
	need_two_cpus
	need_calls
	for by in flow pair sender owner cpu cause stack; do
		# A victim that is pushed aside for a moment is not asked, and others may ask for some; not each view tells whose.
		for tries in 1 2 3; do
			shoot membarrier 100 "$A" "$B" -- --all-ipis --by "$by"
			! jq -e '[.shootdowns[] | select(.callback == "ipi_mb").hits] | add == 100' "$json" || break
		done
		[ "$tries" -lt 3 ] || jq -e '[.shootdowns[] | select(.callback == "ipi_mb").hits] | add == 100' "$json"
	done
	jq -e 'any(.shootdowns[]; .callback == "ipi_mb" and (.stack // "" | test("membarrier_private_expedited")))' "$json"
	mmcpus shootdowns -J -- true >"$json"
	jq -e '.calls == null and .call_hits == null' "$json"
}

@test "--all-ipis with -C" {
	local tries
	need_two_cpus
	need_calls
	mmcpus shootdowns -J --all-ipis -- true >"$json"
	sees_hits || skip "hits are not seen here"
	for tries in 1 2 3; do
		shoot membarrier 100 "$A" "$B" -- --all-ipis -C "$B"
		! calls_of_load 100 || break
	done
	calls_of_load 100
	shoot membarrier 100 "$A" "$B" -- --all-ipis -C "$A"
	jq -e --argjson pid "$load_pid" '[.shootdowns[] | select(.pid == $pid and .callback == "ipi_mb")] == []' "$json"
}

# wake_sleepers ROUNDS: on CPU B, from CPU A, many at once if B is idle. Then what is left of calls under way, in the file said.
wake_sleepers()
{
	# shellcheck disable=SC2016 # of the shell that is started
	mmcpus shootdowns --all-ipis -J -- sh -c '
		for round in $(seq "$3"); do
			sleepers=
			for sleeper in 1 2 3 4 5 6 7 8 9 10 11 12; do
				taskset -c "$2" sleep 60 &
				sleepers="$sleepers $!"
			done
			sleep 0.05
			taskset -c "$1" sh -c "kill $sleepers"
			wait
		done
		bpftool -j map dump name calls >&2' sh "$A" "$B" "$1" >"$json" 2>"$said"
}

@test "--all-ipis: tasks that are woken together leave nothing behind" {
	local together
	need_two_cpus
	need_calls
	PATH+=:/usr/sbin:/sbin
	command -v bpftool || skip "needs bpftool"
	wake_sleepers $((40 / PATIENCE))
	together=$(jq '[.shootdowns[] | select(.callback == "sched_ttwu_pending") | .sent - .hits] | add // 0' "$json")
	echo "woken with others: $together"
	[ "$together" -ge 10 ] || skip "the kernel wakes few tasks together here"
	# What is under way just now may be there.
	jq -e 'flatten | length < 5' "$said"
	jq -e '.lost == 0' "$json"
}

# rescheduled: as often as the kernel says, of all CPUs
rescheduled()
{
	awk '$1 == "RES:" { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) sum += $i; print sum }' /proc/interrupts
}

# move_about: tasks from CPU to CPU, for which others are made to reschedule; then how often that was the case meanwhile
move_about()
{
	local before i
	before=$(rescheduled)
	for i in {1..40}; do
		taskset -c "$1" true
		taskset -c "$2" true
	done
	echo $(($(rescheduled) - before))
}

@test "--all-ipis: CPUs are made to reschedule as often as the kernel counts" {
	local before within around
	need_two_cpus
	need_calls
	export -f rescheduled move_about
	before=$(rescheduled)
	# shellcheck disable=SC2016 # of the shell that is started
	mmcpus shootdowns --all-ipis -J -- bash -c 'move_about "$@" >&2' bash "$A" "$B" >"$json" 2>"$said"
	around=$(($(rescheduled) - before))
	within=$(grep -x '[0-9]*' "$said")
	echo "within $within, around $around"
	[ "$within" -gt 0 ] || skip "no CPU is made to reschedule here"
	! mmcpus doctor -J | jq -e '.system.hypervisor == "xen"' || skip "Xen makes CPUs reschedule by interrupts of its own"
	# What came upon a hidden process is not seen.
	jq -e --argjson within "$within" --argjson around "$around" --argjson hides "$HIDES_SOME" '
		[.shootdowns[] | select(.callback == "(reschedule)").hits] | add |
		. <= $around and . > $within / 2 and ($hides or . >= $within)' "$json"
}

# fill_with ID FIRST BEHIND: entries of these numbers, which are no addresses, until there is no room
fill_with()
{
	local key
	for ((key = $2; key < $3; key++)); do
		printf 'map update id %d key hex %02x %02x %02x 00 00 00 00 00 value hex 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n' "$1" \
			$((key % 256)) $((key / 256 % 256)) $((key / 65536))
	done | bpftool batch file - 2>&1 | grep -q 'Argument list too long'
}

# fill_calls: no call that is queued from here on finds room, nor in the place of one that was under way
fill_calls()
{
	local id max
	id=$(bpftool -j map show name calls | jq .id)
	max=$(bpftool -j map show id "$id" | jq .max_entries)
	fill_with "$id" 0 $((max + 64))
	sleep 0.05
	fill_with "$id" $((max + 64)) $((max + 128))
}

# calls_of_nobody: the load's calls were counted, without a sender
calls_of_nobody()
{
	jq -e --argjson pid "$1" --argjson nr $NR '
		([.shootdowns[] | select(.callback == "ipi_mb" and .pid == $pid)] == []) and
		any(.shootdowns[]; .callback == "ipi_mb" and .pid == null and .cause == null and .sender_cpus == null and
			.sent == $nr and .hits == $nr and .stolen_ns > 0)' "$json"
}

@test "--all-ipis: a call that was not seen when it was queued is counted when it begins" {
	need_two_cpus
	need_calls
	PATH+=:/usr/sbin:/sbin
	command -v bpftool || skip "needs bpftool"
	local tries
	export -f fill_with fill_calls
	# A victim that is pushed aside is not called.
	for tries in 1 2 3 4 5; do
		# shellcheck disable=SC2016 # of the shell that is started
		mmcpus shootdowns --all-ipis -J -- bash -c 'fill_calls && exec "$@"' bash \
			"$MMCPUS_FLUSHES" membarrier $NR "$A" "$B" >"$json" 2>"$said"
		jq -e '.lost == 0' "$json"
		! calls_of_nobody "$(tail -n 1 "$said" | cut -d ' ' -f 1)" || break
	done
	cat "$said"
	jq -c '.shootdowns[] | select(.kind == "call")' "$json"
	calls_of_nobody "$(tail -n 1 "$said" | cut -d ' ' -f 1)"
}

@test "names are escaped" {
	local odd=$BATS_TEST_TMPDIR/$'a\e[1m\nb'
	need_two_cpus
	cp "$MMCPUS_FLUSHES" "$odd"
	run -0 --separate-stderr mmcpus shootdowns --top 0 -- "$odd" madvise 10 "$A" "$B"
	[[ $output == *'a\x1b[1m\nb/'* ]]
	[[ $output != *$'\e'* ]]
}

@test "the command's exit status is returned" {
	run -7 mmcpus shootdowns -- sh -c 'exit 7'
	run -0 mmcpus shootdowns -- true
	run -143 mmcpus shootdowns -- sh -c 'kill -TERM $$'
	# Nothing was counted, and nothing else is printed.
	run -127 mmcpus shootdowns -- /nonexistent/command
	expect output "$output" "mmcpus: cannot run '/nonexistent/command': No such file or directory"
	run -127 mmcpus shootdowns -J -- ''
	expect output "$output" "mmcpus: cannot run '': No such file or directory"
	run -126 mmcpus shootdowns --events -- /
	expect output "$output" "mmcpus: cannot run '/': Permission denied"
}

@test "-w prints once, -d every so often" {
	local tries
	run -0 mmcpus shootdowns -J -w 1
	expect "documents" "$(jq -n '[inputs] | length' <<<"$output")" 1
	jq -e '.seconds >= 1 and .seconds < 3' <<<"$output"
	# After a pause of the machine the intervals begin anew.
	for tries in 1 2 3; do
		run -0 mmcpus shootdowns -J -w 1 -d 0.25
		[ "$(jq -n '[inputs] | length' <<<"$output")" != 4 ] || return 0
	done
	expect "documents" "$(jq -n '[inputs] | length' <<<"$output")" 4
}

# note_programs PID: programs are the numbers of the BPF programs that this process holds, one a line
note_programs()
{
	programs=$(sed -n 's/^prog_id:[[:space:]]*//p' "/proc/$1/fdinfo/"* | sort -u)
	bpftool -j prog list | jq -e --arg programs "$programs" '($programs | split("\n") | map(tonumber)) as $ours |
		any(.[]; .name == "on_tlb_flush" and (.id | IN($ours[])))'
}

# attached: how many of these are in the kernel, once it had time to let them go
attached()
{
	local tries
	for tries in {1..50}; do
		REPLY=$(bpftool -j prog list | jq '.[].id' | grep -cxF "$programs") || true
		[ "$REPLY" != 0 ] || break
		sleep 0.1
	done
}

@test "what finds no row is counted with the others" {
	local tries most=0
	need_two_cpus
	# Nobody gives rows back meanwhile. Senders that have sent nothing, as above, may leave enough.
	for tries in 1 2 3; do
		mmcpus shootdowns -J --top 0 -- bash -c 'kill -STOP $PPID; "$@"; status=$?; kill -CONT $PPID; exit $status' - \
			"$MMCPUS_FLUSHES" threads 2500 "$A" "$B" 1000 >"$json" 2>"$said" || continue
		# So many stacks are given back in flushes of the kernel's own range, which have rows and sums of their own.
		jq -e '(.sent == null or .sent + (.kernel_sent // 0) == ([.shootdowns[].sent] | add)) and
			(.hits == null or .hits + (.kernel_hits // 0) == ([.shootdowns[].hits] | add))' "$json"
		! jq -e '.others > 0 and (.shootdowns | length > 2000 and .[-1].cause == "(others)" and
			.[-1].command == null)' "$json" || return 0
		most=$(jq --argjson most "$most" '[$most, (.shootdowns | length)] | max' "$json")
	done
	[ "$most" -gt 2000 ] || skip "the load ends before there are more senders than rows: $most"
	return 1
}

# begin OPTION...: mmcpus shootdowns in the background, when it has said something; that is read from the descriptor output
begin()
{
	local pipe=$BATS_TEST_TMPDIR/pipe
	rm -f "$pipe"
	mkfifo "$pipe"
	"$MMCPUS_BIN" shootdowns "$@" >"$pipe" 2>"$said" 3>&- &
	watcher=$!
	started_pids+=("$watcher")
	exec {output}<"$pipe"
	read -r -t "$SECONDS_MAX" -u "$output" _
	note_programs "$watcher"
}

# words_of SECTION: the words in italics of that section of its manual page
words_of()
{
	local page=$BATS_TEST_DIRNAME/../../docs/man/mmcpus-shootdowns.1.scd
	awk -v name="# $1" '/^# / { inside = $0 == name; next } inside' "$page" | grep -oE '\b_[a-z_]+_\b' |
		sed 's/^_//; s/_$//' | sort -u
}

# expect_words WHAT LIST LIST: the same words, one a line in any order
expect_words()
{
	diff <(sort -u <<<"$2") <(sort -u <<<"$3") || {
		echo "$1"
		return 1
	}
}

@test "its manual names each key of JSON, and no others" {
	local columns
	local -a unseen
	need_two_cpus
	columns=$(mmcpus complete-list columns shootdowns)
	shoot madvise $NR "$A" "$B" -- -o "${columns//$'\n'/,}"
	expect_words "keys of OUTPUT" "$(words_of OUTPUT)" "$(jq -r 'keys[]' "$json")"
	expect_words "keys of a row" "$(sed 's|/s$|_per_s|' <<<"${columns,,}")" "$(jq -r '.shootdowns[0] | keys[]' "$json")"
	mmcpus shootdowns --events --stack -- "$MMCPUS_FLUSHES" madvise $NR "$A" "$B" >"$json" 2>"$said"
	# Without what is a key of OUTPUT, and a value of "event" or "kind".
	unseen=()
	jq -se '.[-1].why_no_hits == null' "$json" || unseen=(stolen_ns wait_ns victim_{pid,tid,command,thread})
	expect_words "keys of EVENTS" \
		"$(words_of EVENTS | grep -vxFf <(words_of OUTPUT; printf '%s\n' hit call "${unseen[@]}"))" \
		"$(jq -r 'keys[]' "$json" | grep -vxFf <(words_of OUTPUT))"
	expect_words "keys of the last event" "$(words_of OUTPUT | grep -vxE 'by|more|shootdowns'; echo dropped; echo event)" \
		"$(tail -n 1 "$json" | jq -r 'keys[]')"
}

# Whoever runs the tests may be under nohup(1).
ignores_hang_ups()
{
	((0x$(awk '$1 == "SigIgn:" { print $2 }' "/proc/$BASHPID/status") & 1))
}

@test "SIGINT, SIGTERM and SIGHUP end it well, and nothing stays attached, even if it is killed" {
	local signal status
	for signal in TERM INT HUP KILL; do
		[ $signal != HUP ] || ! ignores_hang_ups || continue
		begin -d 0.1
		kill -$signal "$watcher"
		status=0
		wait "$watcher" || status=$?
		exec {output}<&-
		expect "status after $signal" "$status" $([ $signal = KILL ] && echo 137 || echo 0)
		attached
		expect "programs attached after $signal" "$REPLY" 0
	done
}

@test "a signal also ends what nobody reads any more" {
	local status=0
	begin -J -d 0.001
	sleep 1 # by then the pipe is full
	kill -TERM "$watcher"
	wait "$watcher" || status=$?
	exec {output}<&-
	expect status "$status" 1
	expect_text "what it says" "$(cat "$said")" 'asked to end while nobody read it$'
	attached
	expect "programs attached" "$REPLY" 0
}

@test "rows of the kernel's own range are told from others where little else is shown" {
	local by
	need_two_cpus
	for by in pair sender owner cpu cause; do
		mmcpus shootdowns -J --by $by -- "$MMCPUS_FLUSHES" bpf 1 "$A" "$B" >"$json"
		jq -e '(.kernel_sent // 0) == 0 or ([.shootdowns[].kind] | any(. == "kernel-range"))' "$json" || {
			jq -c '[.shootdowns[].kind]' "$json"
			return 1
		}
	done
}

@test "-w lasts no longer with --events" {
	local tries
	# A busy machine may let it wait.
	for tries in {1..10}; do
		mmcpus shootdowns --events -w 0.03 >"$json"
		! tail -n 1 "$json" | jq -e '.seconds >= 0.03 and .seconds < 0.09' || return 0
	done
	tail -n 1 "$json"
	return 1
}

@test "with too few files to open, it says so" {
	run -1 --separate-stderr bash -c 'ulimit -n 8; exec "$0" shootdowns -w 0.1' "$MMCPUS_BIN"
	expect_text "what it says" "$stderr" 'too many files are open .*; ulimit -n 1024$'
}

@test "SIGHUP does not end what was begun to ignore it" {
	local status=0
	trap '' HUP
	begin -d 0.1
	trap - HUP
	kill -HUP "$watcher"
	sleep 0.5
	expect_text "state after SIGHUP" "$(awk '$1 == "State:" { print $2 }' "/proc/$watcher/status")" '^[RS]$'
	kill -TERM "$watcher"
	wait "$watcher" || status=$?
	exec {output}<&-
	expect status "$status" 0
}

# begin_command WHAT: with a command that does WHAT on SIGTERM; it has begun, and its file is $json
begin_command()
{
	rm -f "$json"
	"$MMCPUS_BIN" shootdowns -- sh -c 'trap "$1" TERM; echo began >"$0"; for i in $(seq 600); do sleep 0.1; done' \
		"$json" "$1" >/dev/null 2>"$said" 3>&- &
	watcher=$!
	started_pids+=("$watcher")
	wait_for_output
}

@test "a command that does not end when it is asked to is killed by the second signal" {
	local status=0
	begin_command ': >"$0.asked"'
	kill -TERM "$watcher"
	timeout "$SECONDS_MAX" sh -c 'until [ -e "$0.asked" ]; do sleep 0.1; done' "$json"
	kill -TERM "$watcher"
	wait "$watcher" || status=$?
	expect status "$status" 137
}

@test "SIGHUP is no second signal that kills the command" {
	local first status
	for first in HUP TERM; do
		[ $first != HUP ] || ! ignores_hang_ups || continue
		begin_command 'sleep 0.5; exit 7'
		kill -$first "$watcher"
		kill -HUP "$watcher"
		sleep 0.2
		kill -HUP "$watcher"
		status=0
		wait "$watcher" || status=$?
		expect "status after $first and SIGHUP" "$status" 7
	done
}

# ends_unread OPTION...: it has begun, nobody reads it any more, and it ends
ends_unread()
{
	local status=0
	begin "$@"
	exec {output}<&-
	wait "$watcher" || status=$?
	expect status "$status" 1
	expect_text message "$(cat "$said")" '^mmcpus: cannot write the output'
	attached
	expect "programs attached" "$REPLY" 0
}

@test "it ends when nobody reads it any more" {
	ends_unread -d 0.1
}

@test "--events ends when nobody reads it any more" {
	need_two_cpus
	keep_flushing 5000 50
	ends_unread --events
}

@test "doctor says when each hook is used, and which are not for a run without options" {
	local row
	row=$(awk '$1 == "TLB:" { for (i = 2; $i ~ /^[0-9]+$/; i++) sum += $i; print sum }' /proc/interrupts)
	mmcpus doctor -J >"$json"
	jq -c '.hooks[] | [.name, .when, .used]' "$json"
	jq -e '(.hooks | length) > 0 and all(.hooks[]; .when != null)' "$json"
	jq -e 'all(.hooks[]; (.used == "no") == (.reason != null))' "$json"
	jq -e '(.hooks | map({ (.name): .used }) | add) as $used |
		$used["irq_vectors:reschedule_entry, irq_vectors:reschedule_exit"] != "yes" and
		$used["ipi:ipi_send_cpu"] != "yes" and
		($used["csd:csd_queue_cpu"] == "yes") ==
		($used["fentry of smp_call_function_many_cond()"] != "yes" and
			$used["do_kernel_range_flush() and the like"] == "yes") and
		([$used["fentry of smp_call_function_many_cond()"], $used["fentry of native_flush_tlb_multi()"],
			$used["csd:csd_queue_cpu"], $used["tlb:tlb_flush"]] | any(. == "yes"))' "$json"
	# Where both could show the senders, it is the one that a hypervisor does not hide.
	jq -e --argjson row "$row" '(.hooks | map({ (.name): .used }) | add) as $used |
		$used["fentry of native_flush_tlb_multi()"] != "no" or $used["csd:csd_queue_cpu"] == "no" or
		($used["tlb:tlb_flush"] == "yes") == ($row == 0 and .system.hypervisor != "none")' "$json"
}

need_no_sanitizer()
{
	[ "${MMCPUS_SANITIZE:-none}" = none ] || skip "a sanitizer's memory is not ours to bound"
}

# expect_memory LIMIT TEXT: the line VmHWM of mmcpus, below so many MiB
expect_memory()
{
	echo "$2"
	expect_between "peak memory in kB" "$(awk '/^VmHWM:/ { print $2 }' <<<"$2")" 1 $(($1 * 1024 - 1))
}

@test "its memory is bounded" {
	need_no_sanitizer
	begin -d 0.1
	expect_memory 16 "$(grep VmHWM "/proc/$watcher/status")"
}

# peak_of OPTION...: REPLY is the line VmHWM of mmcpus, when it has shown an interval with many short processes
peak_of()
{
	# shellcheck disable=SC2016 # of the shell that is started
	mmcpus shootdowns "$@" -d 4 -- bash -c '
		tables() { grep -c " s: sent " "$1"; }
		for i in $(seq "$5"); do "$2" madvise 3 "$3" "$4" 2>/dev/null; done
		before=$(tables "$1")
		until [ "$(tables "$1")" != "$before" ]; do sleep 0.2; done
		grep VmHWM "/proc/$PPID/status" >&2' - \
		"$json" "$MMCPUS_FLUSHES" "$A" "$B" $((300 / PATIENCE)) >"$json" 2>"$said"
	cat "$json"
	REPLY=$(cat "$said")
}

@test "by stack, its memory is bounded" {
	need_two_cpus
	need_no_sanitizer
	peak_of --by stack
	expect_memory 16 "$REPLY"
}

# Each process has rows of its own, which is what the limit above is for. Beyond that are 3 MB of stacks in user space at most, the
# names of what they are in, and the symbols of programs and libraries: of a few small ones here.
@test "by stack with --stack, its memory is bounded" {
	local tries
	need_two_cpus
	need_no_sanitizer
	# Others' programs may have many symbols, a compiler for one.
	for tries in 1 2 3; do
		peak_of --by stack --stack
		! expect_memory 24 "$REPLY" || break
	done
	expect_memory 24 "$REPLY"
	# It was not idle: rows are summed up, some hundred where programs start as fast as elsewhere.
	expect_text table "$(cat "$json")" '^\([0-9]+ more\)'
}

@test "without privilege: one line, and what to do" {
	public_copy "$MMCPUS_BIN"
	run -1 as_nobody "$public/mmcpus" shootdowns -w 1
	expect_lines message "$output" 1
	expect_text message "$output" '^mmcpus: needs root, or .*; run with sudo$'
}

# What remains without CAP_SYSLOG: to know where the kernel's functions are. CAP_SYS_NICE is for the load.
without_syslog()
{
	setpriv --bounding-set=-all,+bpf,+perfmon,+sys_nice --inh-caps=-all --no-new-privs env LD_LIBRARY_PATH="$public" "$@"
}

@test "with CAP_BPF and CAP_PERFMON alone it counts, and names the functions of stacks" {
	local tries hook
	need_two_cpus
	need_kernel
	public_copy "$MMCPUS_BIN" "$MMCPUS_FLUSHES"
	! without_syslog grep -qm 1 '^0*[1-9a-f]' /proc/kallsyms || skip "this kernel tells everybody where its functions are"
	# A victim that is pushed aside all the time is none.
	for tries in 1 2 3; do
		without_syslog timeout "$SECONDS_MAX" "$public/mmcpus" shootdowns -J --by stack -- \
			"$public/flushes" madvise $NR "$A" "$B" >"$json" 2>"$said"
		! jq -e 'any(.shootdowns[]; .cause == "madvise" and .stack != null)' "$json" || break
	done
	jq -c '.shootdowns[] | [.cause, .sent, .hits, .stack]' "$json"
	jq -e '[.shootdowns[] | select(.cause == "madvise" and .stack != null)] |
		length > 0 and all(.[]; .sent > 0 and (.stack | test("_sys_madvise[+].*;flush_tlb_mm_range[+]")))' "$json"
	# What takes the addresses of functions is not counted; it says so, and what it needs.
	jq -e '.lost == 0 and .kernel_sent == null and .kernel_hits == null and
		any(.not_told[]; .what == "flushes of the kernel'"'"'s own range" and (.remedy | test("CAP_SYSLOG")))' "$json"
	hook=$(without_syslog "$public/mmcpus" doctor -J | jq -c '.hooks[] | select(.name | startswith("do_kernel_range_flush"))')
	echo "$hook"
	jq -e '.used == "no" and (.remedy | test("CAP_SYSLOG"))' <<<"$hook"
}
