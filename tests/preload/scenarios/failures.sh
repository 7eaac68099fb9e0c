# SPDX-License-Identifier: GPL-2.0-or-later
# Migrations that come to nothing: cancelled, or with one end killed. Sourced by scenario.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2317 # variables are scenario.sh's, which calls scenarios by their names

# killed END: without the shell's announcing it.
killed() {
	kill -KILL "${pid[$1]}"
	wait "${pid[$1]}" 2>/dev/null || true
	unset "pid[$1]"
}

# Its own way of ending, with the reason in its log: no crash.
destination_fails() {
	local status=0

	wait "${pid[destination]}" || status=$?
	unset 'pid[destination]'
	((status == 1)) || die "the destination ended with status $status: $(<"$out/destination.log")"
	ok "the destination said: $(tail -n 1 "$out/destination.log")"
}

underway() {
	prepare
	both
	parameters source "$throttle"
	run source
	connect
	go_rounds 2
}

again() {
	begin destination -incoming defer
	precopy
	equal
	sparse source destination
}

scenario_cancelled() {
	underway
	qmp source drive migrate_cancel >/dev/null
	await source '.status == "cancelled"'
	destination_fails
	rm -f "$work/stream"
	again
}

scenario_source_killed() {
	underway
	killed source
	destination_fails
}

scenario_destination_killed() {
	underway
	killed destination
	await source '.status == "failed"'
	run source
	halt source
	whole source
	sparse source
	rm -f "$work/stream"
	again
}
