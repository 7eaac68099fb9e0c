#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A command gets its signals as it would without the tracer: it stops and goes on, its handlers run as
# often as signals come, its own children are its own, and it ends by the signal that ends it. When
# the tracer is asked to end, it ends the command and reaps it.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

stopped() { is_in_state "$1" T || is_in_state "$1" t; }

# One handler's run for each signal, none lost and none doubled: the next is sent when it is counted.
count=50
actions=()
for ((i = 0; i < count; i++)); do
	actions+=(wait counted)
done
trace handled -- "$target" on-usr2 say ready "${actions[@]}" forks 3 counted say "done" wait
await handled ready
child=$said
for ((i = 1; i <= count; i++)); do
	kill -USR2 "$child"
	go "$child"
	until_true "signal $i is handled" grep -qx "usr2 $i chld 0" handled.out
done
await handled "done"
grep -qx "usr2 $count chld 3" handled.out || failed "SIGCHLD: $(grep usr2 handled.out | tail -n 1)"

# It stops, stays stopped, and goes on; the tracer runs all the time.
kill -STOP "$child"
until_true "the command stops" stopped "$child"
go "$child"
stopped "$child" || failed "the command goes on without SIGCONT"
alive "$tracer" || failed "the tracer has ended"
kill -CONT "$child"
finish "$tracer"
equal "handled: exit status" "$status" 0
equal "handled: lost" "$(ask handled .lost.events)" 0

# asked NAME SIGNAL: the tracer is sent a signal; the command must be gone when it has ended.
asked() {
	kill "-$2" "$tracer"
	finish "$tracer"
	equal "$1: exit status" "$status" 0
	[[ -z $(state_of "$child") ]] || failed "$1: the command is left in state $(state_of "$child")"
	record_is_sound "$1" 100
}

command_of() {
	trace "$1" -- "$target" "${@:2}"
	await "$1" ready
	child=$said
}

command_of interrupted memfd 100 say ready wait
asked interrupted INT
command_of terminated memfd 100 say ready wait
asked terminated TERM

command_of stopped memfd 100 say ready wait
kill -STOP "$child"
until_true "the command stops" stopped "$child"
asked stopped INT

# SIGTERM is ignored: it takes a second word to the tracer.
command_of stubborn ignore-term memfd 100 say ready wait
kill -INT "$tracer"
until_true "the record is written" test -s stubborn.json
is_in_state "$child" S || failed "stubborn: it should run on"
asked stubborn INT

# The exit status of the tracer is its own, however the command ends.
for ending in "exit 3" "raise 9" "raise 6"; do
	# shellcheck disable=SC2086 # two words
	trace ended -- "$target" memfd 100 $ending
	finish "$tracer"
	equal "$ending: exit status" "$status" 0
	record_is_sound ended 100
done

passed "$count signals handled, stopped and continued, ended with the tracer 4 times"
