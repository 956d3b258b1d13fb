#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# TARGETS of a snapshot against the CPUs that the next flush really hits. MMCPUS_ROUNDS: how often.

load live

: "${MMCPUS_PREDICT:?}"

setup()
{
	need_root
	need_bpf
	pick_cpus
	need_x86
}

teardown()
{
	end_scenes
}

# own_cpus: REPLY is all CPUs that we may run on, 8 at most
own_cpus()
{
	field_of Cpus_allowed_list /proc/self/status
	expand "$REPLY"
	# shellcheck disable=SC2086 # words
	REPLY=$(printf '%s\n' $REPLY | head -n 8 | paste -sd ,)
}

@test "99 of 100 flushes hit just the CPUs that the snapshot before named" {
	local rounds exact spared unforeseen unknown hits
	need_two_cpus
	own_cpus
	run --separate-stderr "$MMCPUS_PREDICT" "${MMCPUS_ROUNDS:-1000}" "$REPLY"
	# shellcheck disable=SC2154 # set by run
	[ "$status" != 77 ] || lack hits "hits or residency are not seen here: $stderr"
	expect "status" "$status" 0
	echo "rounds, exact, spared, unforeseen, unknown, hits: $output"
	read -r rounds exact spared unforeseen unknown hits <<<"$output"
	expect unknown "$unknown" 0
	# A hypervisor leaves out CPUs that it does not run: of these a snapshot does not know.
	if [ "$(mmcpus show -q -n -p $$ -o FLUSH)" = paravirt ]; then
		exact=$((exact + spared))
	fi
	[ "$hits" -ge $((rounds / 10)) ]
	[ $((exact * 100)) -ge $((rounds * 99)) ]
}
