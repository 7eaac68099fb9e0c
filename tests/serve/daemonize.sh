#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A QEMU that goes on in a child of the process that was started (-daemonize) is watched: both ends of a
# migration of such ones have their record. Arguments: MIGPOP QMP-CLI
# shellcheck disable=SC2119 # start_service takes options of its own
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# start_daemon NAME [OPTIONS…]: the pid of the one that goes on is in $work/NAME.pid.
start_daemon() {
	local name=$1 started

	shift
	start_guest "$name" "${vm}daemon" -daemonize -pidfile "$work/$name.daemon" "$@"
	started=$(<"$work/$name.pid")
	wait "$started" || failed "QEMU does not start: $(<"$work/$name.log")"
	cp "$work/$name.daemon" "$work/$name.pid"
	[[ $(<"$work/$name.pid") != "$started" ]] || failed "$name goes on in the process that was started"
	echo "pid $(<"$work/$name.pid"): watched" >>"$work/started"
}

start_service
start_daemon s
start_daemon d -incoming "unix:$work/stream"
wait_known s d
qmp s migrate "{\"uri\": \"unix:$work/stream\"}"
qmp s --wait-migration completed
wait_until 60 has_records "${vm}daemon" || failed "no records: $(cat "$work/service.log")"
check_outcomes "${vm}daemon" completed
check_records
for end in s d; do kill -KILL "$(<"$work/$end.pid")"; done
stop_service
