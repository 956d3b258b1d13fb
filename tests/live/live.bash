# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# What the live tests share: scenes to look at, mmcpus to look with, and comparisons that say what differs.
#
# Few processes are started for all this: a loaded machine takes its time for each.
#
# MMCPUS_BIN, MMCPUS_SCENE, MMCPUS_SNAPSHOTS, MMCPUS_TORN: the programs. MMCPUS_BACKEND: whom to ask. MMCPUS_REQUIRE: what
# may not be missing, of the names of backends and "root".

bats_require_minimum_version 1.5.0
export LC_ALL=C.UTF-8

: "${MMCPUS_BIN:?}" "${MMCPUS_SCENE:?}" "${MMCPUS_SNAPSHOTS:?}" "${MMCPUS_TORN:?}"

# ------------------------------------------------------------------------------------------------------ what is there

# lack WHAT REASON: skip the test for a reason, or fail where MMCPUS_REQUIRE names what is lacking.
lack()
{
	[[ " ${MMCPUS_REQUIRE:-} " != *" $1 "* ]] || {
		echo "MMCPUS_REQUIRE names $1, but: $2"
		return 1
	}
	skip "$2"
}

need_root()
{
	[ "$EUID" = 0 ] || lack root "needs root"
}

# try BACKEND: REPLY is why it does not work here, or empty. Fails if it does not say so in the proper way.
try()
{
	local status=0
	REPLY=$(mmcpus status --backend "$1" $$ 2>&1) || status=$?
	if [ "$status" = 0 ]; then
		REPLY=
	elif [ "$status" != 1 ] || [[ $REPLY != "mmcpus: "* ]] || [[ $REPLY == *$'\n'* ]]; then
		printf 'mmcpus status --backend %s: exit status %s, and:\n%s\n' "$1" "$status" "$REPLY"
		return 1
	fi
	REPLY=${REPLY#mmcpus: }
}

# need_bpf: the backend that is the best there is
need_bpf()
{
	try bpf
	[ -z "$REPLY" ] || lack bpf "$REPLY"
}

# find_out: once per file, whether MMCPUS_BACKEND works here, and which rule governs the mask.
find_out()
{
	export LIVE_UNUSABLE LIVE_RULE
	[ "$EUID" = 0 ] || return 0
	try "${MMCPUS_BACKEND:-bpf}"
	LIVE_UNUSABLE=$REPLY
	LIVE_RULE=$(mmcpus doctor -J | jq -r .rule.name)
}

# need_backend: MMCPUS_BACKEND, by what find_out has found.
need_backend()
{
	need_root
	[ -z "$LIVE_UNUSABLE" ] || lack "$MMCPUS_BACKEND" "$LIVE_UNUSABLE"
}

# pick_cpus: A and B, two CPUs that we may run on; the same one if there is only one.
pick_cpus()
{
	local -a own
	field_of Cpus_allowed_list /proc/self/status
	expand "$REPLY"
	# shellcheck disable=SC2206 # words
	own=($REPLY)
	A=${own[0]}
	B=${own[1]:-$A}
}

need_x86()
{
	[ "$(uname -m)" = x86_64 ] || skip "only x86 tells"
}

need_two_cpus()
{
	[ "$A" != "$B" ] || skip "needs two CPUs"
}

# ------------------------------------------------------------------------------------------------------------- scenes

started_pids=()
nr_started=0

# start COMMAND...: run what prints "ready PID...", wait for that line, and leave the PIDs in PIDS, the first in PID.
# It lives until the test ends; started is the command's own PID.
start()
{
	local pipe=$BATS_TEST_TMPDIR/scene.$((++nr_started)) word rest
	mkfifo "$pipe.in" "$pipe.out"
	"$@" <"$pipe.in" >"$pipe.out" 3>&- &
	started=$!
	started_pids+=("$started")
	exec {scene_in}>"$pipe.in" {scene_out}<"$pipe.out"
	read -r -t "$SECONDS_MAX" -u "$scene_out" word PID rest && [ "$word" = ready ] || {
		echo "no scene: $*"
		return 1
	}
	read -ra PIDS <<<"$PID $rest"
}

# scene NAME [ARGUMENT...]: start one of scene.c
scene()
{
	start "$MMCPUS_SCENE" "$@"
}

# end_scenes: in teardown. unshare ignores milder signals.
end_scenes()
{
	[ ${#started_pids[@]} = 0 ] || {
		kill -KILL "${started_pids[@]}" 2>/dev/null || true
		wait "${started_pids[@]}" 2>/dev/null || true
	}
	started_pids=()
}

# make_cgroup: cgroup is a new one, of version 2, until remove_cgroup. Skip where there can be none.
make_cgroup()
{
	local mounted
	mounted=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	[ -n "$mounted" ] || skip "no cgroup v2"
	mkdir "$mounted/mmcpus live.$$" 2>/dev/null || skip "no cgroup can be made in $mounted"
	cgroup="$mounted/mmcpus live.$$"
}

# remove_cgroup: in teardown, after end_scenes. What was in it may still be on its way out.
remove_cgroup()
{
	local tries
	for tries in {1..50}; do
		[ -d "${cgroup:-}" ] || return 0
		! rmdir "$cgroup" 2>/dev/null || return 0
		sleep 0.1
	done
	rmdir "$cgroup"
}

# public_copy FILE...: copies that anybody may run, with our library if they use it; public is their directory.
public_copy()
{
	local file library
	[ -n "${public:-}" ] || public=$(mktemp -d "${TMPDIR:-/tmp}/mmcpus-live.XXXXXX")
	for file; do
		library=$(ldd "$file" | awk '/libmmcpus/ { print $3 }')
		install -m 755 "$file" ${library:+"$library"} "$public"
	done
	chmod 755 "$public"
}

remove_public_copy()
{
	[ -z "${public:-}" ] || rm -r "$public"
	public=
}

# as_nobody COMMAND...: without root and without capabilities
as_nobody()
{
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all env LD_LIBRARY_PATH="$public" "$@"
}

# ------------------------------------------------------------------------------------------------------------ looking

# How many times as long things may take here: emulated machines take their time.
PATIENCE=${MMCPUS_PATIENCE:-1}
export SECONDS_MAX=$((20 * PATIENCE))

# mmcpus ARGUMENT...: in bounded time
mmcpus()
{
	timeout "$SECONDS_MAX" "$MMCPUS_BIN" "$@"
}

COLUMNS_ALL=PID,PPID,USER,UID,COMMAND,THREADS,RSS,CGROUP,SHARERS,ACTIVE,ACTIVE_MASK,NR_ACTIVE,ALLOWED,ALLOWED_MASK
COLUMNS_ALL+=,NR_ALLOWED,RUNNING,STRAY,NR_STRAY,EXPOSED,NODES,MM,QUALITY,BACKEND

declare -gA row=()

# read_row: the only row of the JSON on stdin, as the array row. Lists are joined by commas, unknown is "null".
read_row()
{
	local key value nr_rows
	row=()
	{
		read -r nr_rows
		while IFS=$'\t' read -r key value; do
			row[$key]=$value
		done
	} < <(jq -r '.address_spaces | length, (.[0] // {} | to_entries[] |
		[.key, (.value | if type == "array" then map(tostring) | join(",") else tostring end)] | @tsv)')
	expect "the number of rows" "$nr_rows" 1
}

# look PID [BACKEND]: the row of a process
look()
{
	read_row < <(mmcpus show -q -J -o "$COLUMNS_ALL" -p "$1" --backend "${2:-$MMCPUS_BACKEND}")
}

# field_of NAME FILE: REPLY is "Threads" of a /proc/PID/status. Read as a whole: line by line bash seeks back after each,
# and where a number has got another digit meanwhile it meets another place.
field_of()
{
	local key value
	REPLY=
	while IFS=$'\t' read -r key value; do
		[ "$key" != "$1:" ] || REPLY=$value
	done <<<"$(<"$2")"
	[ -n "$REPLY" ] || echo "$2 has no $1"
}

# processes: those with an address space. Of a process without leader another thread tells.
processes()
{
	grep -ls ^VmRSS /proc/[0-9]*/task/[0-9]*/status | cut -d / -f 3 | sort -u
}

# is_hidden PID: some kernels keep a process from everybody, root included
is_hidden()
{
	[ -z "$(readlink "/proc/$1"/task/*/cwd 2>/dev/null)" ]
}

# ---------------------------------------------------------------------------------------------------------- comparing

# expect WHAT VALUE EXPECTED
expect()
{
	[ "$2" = "$3" ] || {
		printf '%s is %q, should be %q\n' "$@"
		return 1
	}
}

# expect_between WHAT NUMBER MIN MAX: one, and in these bounds. Where two tests are joined by &&, bash goes on after the first
# that fails, whatever errexit says.
expect_between()
{
	[[ $2 =~ ^[0-9]+$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] || {
		printf '%s is %q, should be from %s to %s\n' "$@"
		return 1
	}
}

# expand LIST: REPLY is "0-2,8" as "0 1 2 8"
expand()
{
	local part cpu
	REPLY=
	for part in ${1//,/ }; do
		for ((cpu = ${part%-*}; cpu <= ${part#*-}; cpu++)); do
			REPLY+=" $cpu"
		done
	done
	REPLY=${REPLY# }
}

# minus LIST LIST: REPLY is what is in the first only
minus()
{
	local cpu rest='' all
	expand "$2"
	all=" $REPLY "
	expand "$1"
	for cpu in $REPLY; do
		[[ $all == *" $cpu "* ]] || rest+=,$cpu
	done
	REPLY=${rest#,}
}

# expect_within WHAT LIST LIMIT: known, and no CPU beyond LIMIT
expect_within()
{
	[[ $2 =~ ^[0-9,-]*$ ]] && minus "$2" "$3" && [ -z "$REPLY" ] || {
		echo "$1 is '$2', should be within '$3'"
		return 1
	}
}

# expect_cpus WHAT LIST EXPECTED
expect_cpus()
{
	expect_within "$1" "$2" "$3" && minus "$3" "$2" && [ -z "$REPLY" ] || {
		echo "$1 is '$2', should be '$3'"
		return 1
	}
}

# Does a CPU stay in the mask while others run there? So it is not with the eager rule.
mask_is_kept()
{
	[ "$LIVE_RULE" = lazy ] || [ "$LIVE_RULE" = never-cleared ]
}

# expect_active LIST: of the row, for a process that has been on these CPUs only
expect_active()
{
	expect_within ACTIVE "${row[active]}" "$1"
	! mask_is_kept || expect_cpus ACTIVE "${row[active]}" "$1"
}

# expect_lines WHAT TEXT N: that many lines
expect_lines()
{
	[ "$(grep -c '' <<<"$2")" = "$3" ] && [ -n "$2" ] || {
		printf '%s should have %s lines:\n%s\n' "$1" "$3" "$2"
		return 1
	}
}

# expect_text WHAT TEXT PATTERN: an extended regular expression
expect_text()
{
	grep -Eq -- "$3" <<<"$2" || {
		printf '%s should match %s:\n%s\n' "$1" "$3" "$2"
		return 1
	}
}
