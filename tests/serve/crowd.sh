#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A neighbour of 13,000 threads leaves no room for those of a guest. The guest's window closes with its
# process all the same, in the kernel, and its record says what was lost.
# Arguments: MIGPOP QMP-CLI NEIGHBOUR
# shellcheck disable=SC2119 # start_service takes options of its own
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
neighbour=$(realpath "$3") threads=13000

(($(</proc/sys/kernel/pid_max) >= 2 * threads && $(</proc/sys/kernel/threads-max) >= 2 * threads)) ||
	skip "this machine does not have $threads threads to spare"
start_service

"$neighbour" crowd "$threads" >"$work/crowd.out" &
echo $! >"$work/crowd.pid"
echo "pid $!: watched" >>"$work/started"
wait_until 60 known crowd || failed "the neighbour is not taken in"
kill -USR1 "$(<"$work/crowd.pid")"
wait_line "$work/crowd.out" crowded "$(<"$work/crowd.pid")" 120 || failed "there are no $threads threads"

start_guest guest "$vm"guest
wait_known guest
qmp guest migrate-set-parameters '{"max-bandwidth": 4000}'
qmp guest migrate '{"uri": "exec:cat >/dev/null"}'
qmp guest --wait-migration active
kill -KILL "$(<"$work/guest.pid")"
has_record() {
	record=$(find "$records" -name "*-${vm}guest-source.json" 2>/dev/null | head -n 1)
	[[ $record ]]
}
wait_until 60 has_record || failed "no record: $(cat "$work/service.log")"
jq -e '.window.closed_by == "process-end" and .migration.outcome == "killed" and
	.lost.verdict == "events" and .lost.kinds.events_without_a_thread_entry > 0' "$record" >/dev/null ||
	failed "$(jq -c '.window, .migration, .lost' "$record")"
echo "ok  $(jq -c '.window.closed_by, .migration.outcome, .lost.kinds.events_without_a_thread_entry' "$record" | tr '\n' ' ')"
