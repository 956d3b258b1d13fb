#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a backend says against what another one and /proc say, for each backend once: MMCPUS_BACKEND.

load backend

teardown()
{
	end_looking
	remove_cgroup
}

# What two backends say alike of a process that keeps still. RSS is left to a test of its own; MM has two meanings. ACTIVE,
# and STRAY with it, stays the same only where mask_is_kept().
ALIKE=(pid ppid user uid command threads cgroup sharers allowed nr_allowed)

# other_backend: a way of bpf that is not MMCPUS_BACKEND's
other_backend()
{
	case $MMCPUS_BACKEND in
	bpf | bpf:walk) echo bpf:iter ;;
	bpf:*) echo bpf:walk ;;
	*) echo bpf ;;
	esac
}

@test "says the same as another way to read the kernel [$MMCPUS_BACKEND]" {
	local other key nr_looks=0 arguments
	local -A first
	other=$(other_backend)
	try "$other"
	[ -z "$REPLY" ] || lack "$other" "$REPLY"
	for arguments in "pinned $A" "pinned $B" "moved $A $B" "threads $A $B" "leaderless $A $B" "shared $A $B"; do
		# shellcheck disable=SC2086 # words
		scene $arguments
		look "$PID" "$other"
		for key in "${!row[@]}"; do
			first[$key]=${row[$key]}
		done
		look "$PID"
		for key in "${ALIKE[@]}"; do
			expect "$key of scene $arguments by $other" "${first[$key]}" "${row[$key]}"
		done
		if mask_is_kept; then
			expect_cpus "ACTIVE of scene $arguments" "${row[active]}" "${first[active]}"
			expect_cpus "STRAY of scene $arguments" "${row[stray]}" "${first[stray]}"
		fi
		nr_looks=$((nr_looks + 1))
	done
	expect "scenes seen" "$nr_looks" 6
}

# expect_field COLUMN NAME: the row says what /proc/PID/status does
expect_field()
{
	field_of "$2" "/proc/$PID/status"
	expect "$1" "${row[$1]}" "$REPLY"
}

@test "says what /proc/PID/status says [$MMCPUS_BACKEND]" {
	public_copy "$MMCPUS_SCENE"
	start setpriv --ruid=0 --euid=65534 --clear-groups "$public/scene" threads "$A" "$A"
	look "$PID"
	expect_field command Name
	expect_field threads Threads
	expect_field ppid PPid
	expect_field allowed Cpus_allowed_list
	expect_field allowed_mask Cpus_allowed
	field_of Uid "/proc/$PID/status"
	expect "UID, the effective one," "${row[uid]}" "$(cut -f 2 <<<"$REPLY")"
	expect USER "${row[user]}" "$(getent passwd 65534 | cut -d : -f 1)"
}

@test "PPID is a process, not the thread of it that forked [$MMCPUS_BACKEND]" {
	scene child-of-thread
	look "$PID"
	expect PPID "${row[ppid]}" "${PIDS[1]}"
	expect_field ppid PPid
}

@test "process that may run anywhere is ALLOWED what /proc/PID/status says [$MMCPUS_BACKEND]" {
	scene named anywhere
	look "$PID"
	expect_field allowed Cpus_allowed_list
	expect_field allowed_mask Cpus_allowed
}

# Each of three counters may hold back a batch of pages on the CPU where the process has been; the kernel's batch is 32,
# or twice the number of CPUs if that is more.
@test "RSS is VmRSS but for what a CPU holds back [$MMCPUS_BACKEND]" {
	local vm_rss batch bound
	scene pinned "$A" 64
	look "$PID"
	field_of VmRSS "/proc/$PID/status"
	vm_rss=$((${REPLY% kB} * 1024))
	batch=$(($(getconf _NPROCESSORS_ONLN) * 2))
	bound=$((3 * (batch > 32 ? batch : 32) * $(getconf PAGESIZE)))
	echo "RSS ${row[rss]}, VmRSS $vm_rss, bound $bound"
	[ "${row[rss]}" -ge $((64 << 20)) ]
	[ "${row[rss]}" -ge $((vm_rss - bound)) ]
	[ "${row[rss]}" -le $((vm_rss + bound)) ]
}

@test "CGROUP is that of /proc/PID/cgroup [$MMCPUS_BACKEND]" {
	make_cgroup
	scene pinned "$A"
	echo "$PID" >"$cgroup/cgroup.procs"
	look "$PID"
	expect CGROUP "${row[cgroup]}" "$(sed -n 's/^0:://p' "/proc/$PID/cgroup")"
	expect_text CGROUP "${row[cgroup]}" "/mmcpus live.$$\$"
}

# One attempt to see the same processes as /proc, while others come and go.
sees_what_proc_sees()
{
	local there before after shown pid
	there=$(cd /proc && printf '%s\n' [0-9]* | sort)
	before=$(processes)
	shown=$(mmcpus show -q -J -o PID,SHARERS --backend "$MMCPUS_BACKEND" |
		jq -r '.address_spaces[] | .pid, .sharers[]?' | sort)
	after=$(processes)
	expect "PIDs that are there twice" "$(uniq -d <<<"$shown")" "" || return 1
	for pid in $(comm -23 <(comm -12 <(echo "$before") <(echo "$after")) <(echo "$shown")); do
		is_hidden "$pid" || {
			echo "not shown: $(cat "/proc/$pid/stat")"
			return 1
		}
	done
	# Who came meanwhile may have gone, and be a zombie until somebody reaps it.
	for pid in $(comm -12 <(comm -23 <(echo "$there") <(echo "$before")) <(comm -13 <(echo "$after") <(echo "$shown"))); do
		[ -e "/proc/$pid" ] || continue
		echo "shown: $(cat "/proc/$pid/stat")"
		return 1
	done
}

@test "shows every process that has an address space, and no other [$MMCPUS_BACKEND]" {
	scene zombie
	scene leaderless "$A" "$B"
	scene shared "$A" "$B"
	# One that executes another program at the moment may be left out.
	sees_what_proc_sees || sees_what_proc_sees || sees_what_proc_sees
}
