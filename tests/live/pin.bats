#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What mmcpus pin leaves: files that the kernel fills. On a bpffs of the tests' own: see with-pinned-files.

load live

DIR=/sys/fs/bpf/mmcpus
GROUP=4711

setup_file()
{
	find_out
}

setup()
{
	need_root
	need_bpf
	[ "$WITH_PINNED_FILES" = inside ] && [ -e "$DIR/status" ] || lack bpf "no pinned files"
	pick_cpus
}

teardown()
{
	end_scenes
	remove_public_copy
	[ ! -d /sys/fs/bpf/other ] || rm -r /sys/fs/bpf/other
	chmod 711 /sys/fs/bpf
	mmcpus pin
}

# block PID [FILE]: that process's block without the empty line, and nothing if there is none
block()
{
	awk -v RS= -v pid="$1" -F '\n' '{ split($2, word, "\t") } word[1] == "Pid:" && word[2] == pid' "${2:-$DIR/status}"
}

# expect_block PID: of a scene, with the lines of mmcpus status; a mask that changes meanwhile is read again
expect_block()
{
	local before after text
	for _ in {1..20}; do
		before=$(mmcpus status "$1")
		text=$(block "$1")
		after=$(mmcpus status "$1")
		[ "$before" != "$after" ] || break
	done
	expect block "$text" "$(printf 'Name:\tscene\nPid:\t%s\n%s' "$1" "$after")"
}

# as_member GID COMMAND...: without root, in that group
as_member()
{
	local gid=$1
	shift
	setpriv --reuid=65534 --regid=65534 --groups="$gid" --inh-caps=-all env LD_LIBRARY_PATH="$public" "$@"
}

# ------------------------------------------------------------------------------------------------------------ content

@test "status file: a block is the name, the PID and what mmcpus status prints" {
	scene pinned "$A"
	expect_block "$PID"
	scene threads "$A" "$B"
	expect_block "$PID"
}

@test "status file: as wide as Cpus_allowed" {
	field_of Cpus_allowed /proc/self/status
	local allowed=$REPLY mask
	mask=$(block $$ | sed -n 's/^Cpus_active_mm:\t//p')
	expect width ${#mask} ${#allowed}
	expect commas "${mask//[!,]/}" "${allowed//[!,]/}"
}

# has_mm PID: in the eyes of /proc, of any of its threads
has_mm()
{
	grep -qs ^VmRSS /proc/"$1"/task/[0-9]*/status
}

@test "status file: every process with an address space, once" {
	local pids wanted pid
	scene leaderless "$A" "$B"
	scene shared "$A" "$B"
	pids=$(sed -n 's/^Pid:\t//p' "$DIR/status" | sort)
	expect "PIDs that are there twice" "$(uniq -d <<<"$pids")" ""
	wanted=$(mmcpus show -q -n -o PID,SHARERS --backend bpf | tr ', ' '\n\n' | grep '^[0-9]' | sort)
	for pid in $(comm -13 <(echo "$pids") <(echo "$wanted")); do # unless it came or went meanwhile
		if [ -z "$(block "$pid")" ] && has_mm "$pid"; then
			echo "PID $pid has no block"
			return 1
		fi
	done
	for pid in "${PIDS[@]}"; do
		[ -n "$(block "$pid")" ]
	done
}

@test "status file: neither kernel threads nor zombies" {
	scene zombie
	expect "the zombie's block" "$(block "$PID")" ""
	expect "kernel threads" "$(comm -12 <(sed -n 's/^Pid:\t//p' "$DIR/status" | sort) \
		<(ps -o pid= --ppid 2 --pid 2 | tr -d ' ' | sort))" ""
}

@test "status file: a process whose leader has exited has one block" {
	scene leaderless "$A" "$B"
	expect blocks "$(grep -cx "Pid:	$PID" "$DIR/status")" 1
	expect_block "$PID"
}

@test "status file: no name forges a line" {
	local nr_before
	nr_before=$(grep -c ^Pid: "$DIR/status")
	start "$MMCPUS_SCENE" named $'x\nPid:\t1'
	expect name "$(block "$PID" | head -n 1)" $'Name:\tx\\nPid:\\0111'
	expect "blocks of PID 1 by that name" "$(block 1 | grep -c 'Name:	x')" 0
	start "$MMCPUS_SCENE" named $'\e[31m\\'
	expect name "$(block "$PID" | head -n 1)" $'Name:\t\\033[31m\\\\'
	expect "lines that are none of the format" \
		"$(grep -Evc '^(Name:	.*|Pid:	[0-9]+|Cpus_active_mm:	[0-9a-f,]+|Cpus_active_mm_list:	[0-9,-]*|)$' "$DIR/status")" 0
	[ "$nr_before" -gt 0 ]
}

@test "status file: in a pid namespace, its processes by their numbers there" {
	local inside
	inside=$(unshare --pid --fork --mount-proc sh -c "sed -n 's/^Pid:	//p' $DIR/status; :")
	expect_text "PIDs inside" "$inside" '^1$'
	[ "$(grep -c . <<<"$inside")" -le 3 ]
}

# numbers OFFSET: what stands there in each record of the snapshot file, see bpf/pin_format.h and mm_record.h
numbers()
{
	local size
	size=$(od -An -t u4 -j 12 -N 4 "$DIR/snapshot")
	od -An -v -t u8 -j 32 -w"${size// /}" "$DIR/snapshot" | awk -v column=$(($1 / 8 + 1)) '{ print $column }'
}

@test "snapshot file: neither addresses in the kernel nor counts of flushes" {
	expect "addresses of mms" "$(numbers 32 | sort -u)" 0
	expect "counts of flushes" "$(numbers 56 | sort -u)" 0
	[ "$(numbers 24 | sort -u | wc -l)" -gt 1 ] # numbers of mms
}

@test "pinned files: many readers at the same time each see every process" {
	local i readers=() nr
	scene pinned "$A"
	for i in {1..8}; do
		for _ in {1..5}; do block "$PID" | md5sum; done >"$BATS_TEST_TMPDIR/reader.$i" &
		readers+=($!)
	done
	for _ in {1..5}; do
		look "$PID" pinned
		expect_active "$A"
	done
	wait "${readers[@]}"
	# With the CPU in the mask, and where another reader may have taken it out of the mask, without it.
	nr=$(sort -u "$BATS_TEST_TMPDIR"/reader.* | wc -l)
	[ "$nr" = 1 ] || { ! mask_is_kept && expect "different answers" "$nr" 2; }
}

# ------------------------------------------------------------------------------------------------------------- rights

@test "default mode: only root reads" {
	run -1 as_nobody cat "$DIR/status"
	run -1 as_nobody cat "$DIR/snapshot"
	expect mode "$(stat -c %a:%U "$DIR/status" "$DIR/snapshot" | sort -u)" 400:root
}

@test "--group: a member reads exact sets, others do not" {
	mmcpus pin --group $GROUP
	public_copy "$MMCPUS_BIN"
	scene pinned "$A"
	run -0 as_member $GROUP cat "$DIR/status"
	expect_text "what a member reads" "$output" "^Pid:	$PID\$"
	run -1 as_member 4712 cat "$DIR/status"
	run -1 as_nobody cat "$DIR/status"
	run -0 --separate-stderr as_member $GROUP "$public/mmcpus" show -J -p "$PID" -o PID,ACTIVE,ALLOWED,QUALITY,BACKEND
	expect_lines "stderr, which names bpf" "$stderr" 1
	read_row <<<"$output"
	expect quality "${row[quality]}" exact
	expect backend "${row[backend]}" pinned
	expect_cpus ALLOWED "${row[allowed]}" "$A"
	expect_active "$A"
	run -0 as_member $GROUP "$public/mmcpus" status -q "$PID"
	run -1 --separate-stderr as_member 4712 "$public/mmcpus" show --backend pinned
	expect_lines stderr "$stderr" 1
	expect_text stderr "$stderr" '^mmcpus: pinned: .*Permission denied.*group'
}

@test "--mode 0444: everybody reads, but not through a closed directory, of which a line warns" {
	run -0 --separate-stderr mmcpus pin --mode 0444
	expect stderr "$stderr" ""
	run -0 as_nobody cat "$DIR/status"
	chmod 700 /sys/fs/bpf
	run -0 --separate-stderr mmcpus pin --mode 0444
	expect_lines stderr "$stderr" 1
	expect_text stderr "$stderr" 'chmod o\+x /sys/fs/bpf'
	run -1 as_nobody cat "$DIR/status"
	chmod 711 /sys/fs/bpf
	mkdir -m 700 /sys/fs/bpf/other
	run -0 --separate-stderr mmcpus pin --mode 0444 --dir /sys/fs/bpf/other
	expect_lines stderr "$stderr" 1
	expect_text stderr "$stderr" 'chmod o\+x /sys/fs/bpf/other'
}

@test "without root, pin and unpin refuse in one line" {
	public_copy "$MMCPUS_BIN"
	run -1 --separate-stderr as_nobody "$public/mmcpus" pin
	expect_lines stderr "$stderr" 1
	expect_text stderr "$stderr" '^mmcpus: .*root'
	run -1 --separate-stderr as_nobody "$public/mmcpus" unpin
	expect_lines stderr "$stderr" 1
	expect_text stderr "$stderr" "^mmcpus: $DIR/snapshot: Permission denied; run with sudo"
	[ -e "$DIR/status" ]
}

@test "with the capabilities of the service, pin and unpin work twice" {
	public_copy "$MMCPUS_BIN"
	local confined=(setpriv --bounding-set=-all,+bpf,+perfmon,+chown --inh-caps=-all --no-new-privs
		env LD_LIBRARY_PATH="$public" "$public/mmcpus")
	"${confined[@]}" pin --group $GROUP
	"${confined[@]}" pin --group $GROUP
	"${confined[@]}" unpin
	[ ! -e "$DIR" ]
}

# ----------------------------------------------------------------------------------------------------- coming, going

@test "pin again replaces both files, and no reader meets a gap" {
	local before after reader
	before=$(stat -c %i "$DIR/status" "$DIR/snapshot")
	while [ -e "$BATS_TEST_TMPDIR/go" ] || [ ! -e "$BATS_TEST_TMPDIR/begun" ]; do
		touch "$BATS_TEST_TMPDIR/begun"
		cat "$DIR/status" "$DIR/snapshot" >/dev/null || exit 1
	done &
	reader=$!
	touch "$BATS_TEST_TMPDIR/go"
	for _ in {1..10}; do
		mmcpus pin
	done
	rm "$BATS_TEST_TMPDIR/go"
	wait $reader
	after=$(stat -c %i "$DIR/status" "$DIR/snapshot")
	[ "$before" != "$after" ]
	expect files "$(ls "$DIR")" $'snapshot\nstatus'
}

@test "unpin takes the files and the directory away" {
	run -0 mmcpus unpin
	[ ! -e "$DIR" ]
	run -1 mmcpus unpin
	expect output "$output" "mmcpus: nothing is pinned in $DIR; what was pinned in another directory is found with --dir"
	run -1 mmcpus show --backend pinned
	expect_text output "$output" 'nothing is pinned.*mmcpus pin'
}

@test "unpin leaves what is not ours" {
	mmcpus pin --dir /sys/fs/bpf/other
	mkdir /sys/fs/bpf/other/more
	run -0 mmcpus unpin --dir /sys/fs/bpf/other
	expect files "$(ls /sys/fs/bpf/other)" more
}

@test "a reader that has the file open reads on after unpin" {
	exec {file}<"$DIR/status"
	mmcpus unpin
	grep -q ^Pid: <&"$file"
	exec {file}<&-
}

# foreign NAME: what somebody else has pinned
foreign()
{
	PATH=$PATH:/usr/sbin bpftool map create "$1" type array key 4 value 4 entries 1 name foreign
}

@test "a foreign file in the way: one line, and nothing is changed" {
	PATH+=:/usr/sbin
	command -v bpftool || skip "needs bpftool"
	mkdir /sys/fs/bpf/other
	foreign /sys/fs/bpf/other/status
	for command in pin unpin; do
		run -1 --separate-stderr mmcpus $command --dir /sys/fs/bpf/other
		expect_lines stderr "$stderr" 1
		expect_text stderr "$stderr" '/sys/fs/bpf/other/status was not pinned by mmcpus'
		expect files "$(ls /sys/fs/bpf/other)" status
	done
}

@test "a directory where others can write: one line, and nothing is pinned there" {
	chmod 1777 /sys/fs/bpf
	as_nobody mkdir /sys/fs/bpf/other
	run -1 --separate-stderr mmcpus pin --dir /sys/fs/bpf/other
	expect_lines stderr "$stderr" 1
	expect_text stderr "$stderr" '^mmcpus: /sys/fs/bpf/other belongs to others, or others can write in it;'
	chown 0:0 /sys/fs/bpf/other
	chmod 775 /sys/fs/bpf/other
	run -1 mmcpus pin --dir /sys/fs/bpf/other
	expect files "$(ls /sys/fs/bpf/other)" ""
}

@test "where bpffs is not mounted: one line, and no directory" {
	run -1 --separate-stderr unshare --mount sh -c 'umount -a -t bpf; "$@"; s=$?; ls /sys/fs/bpf; exit $s' - \
		"$MMCPUS_BIN" pin
	expect_lines stderr "$stderr" 1
	expect_text stderr "$stderr" 'not on bpffs; mount'
	expect files "$output" ""
	mkdir "$BATS_TEST_TMPDIR/plain"
	run -1 mmcpus pin --dir "$BATS_TEST_TMPDIR/plain/new"
	run -1 mmcpus pin --dir "$BATS_TEST_TMPDIR/plain"
	expect files "$(ls "$BATS_TEST_TMPDIR/plain")" ""
}

@test "what fails half way leaves nothing behind" {
	# Two files and a directory must be made, and the kernel gives up after so many locked or open ones.
	local nr
	for nr in {4..24}; do
		bash -c "ulimit -n $nr; exec \"\$@\"" - timeout "$SECONDS_MAX" "$MMCPUS_BIN" pin --dir /sys/fs/bpf/other 2>/dev/null ||
			[ ! -e /sys/fs/bpf/other ]
	done
	expect files "$(ls /sys/fs/bpf/other)" $'snapshot\nstatus'
}

# A dead process's number: of a child that has been waited for.
@test "what a killed pin left is taken away, what another is making is not" {
	local dead
	bash -c 'exit' & dead=$!
	wait $dead
	mmcpus pin --dir /sys/fs/bpf/other
	mv /sys/fs/bpf/other/status "/sys/fs/bpf/other/status-new-$dead"
	mv /sys/fs/bpf/other/snapshot "/sys/fs/bpf/other/snapshot-new-$$"
	run -0 mmcpus pin --dir /sys/fs/bpf/other
	expect files "$(ls /sys/fs/bpf/other)" "snapshot"$'\n'"snapshot-new-$$"$'\n'"status"
	mv "/sys/fs/bpf/other/snapshot-new-$$" "/sys/fs/bpf/other/snapshot-new-$dead"
	run -0 mmcpus unpin --dir /sys/fs/bpf/other
	[ ! -e /sys/fs/bpf/other ]
}
