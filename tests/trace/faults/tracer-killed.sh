#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tracer is killed: its targets do not notice, run to their end and end as they would have, and
# nothing of it stays in the kernel.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

# kill_tracer WHAT
kill_tracer() {
	bpf_of "$tracer" >held.txt
	(($(grep -c ^prog held.txt) >= 8 && $(grep -c ^link held.txt) >= 8)) ||
		failed "$1: the tracer held too few programs and links: $(wc -l <held.txt)"
	bpf_is_gone held.txt && failed "$1: the tracer traces with nothing in the kernel"
	kill -KILL "$tracer"
	until_true "$1: programs and links go" bpf_is_gone held.txt
	held=$(wc -l <held.txt)
}

# A process that ran before, killed in the middle of what it does.
start running "$target" say ready wait memfd 100 say half wait memfd 100 say whole exit 7
running=$pid
await running ready
trace by-pid -p "$running"
go "$running"
await running half
kill_tracer "by pid"
go "$running"
finish "$running"
equal "by pid: exit status of the target" "$status" 7
has_said running whole || failed "by pid: the target did not come to its end"
[[ ! -e by-pid.json ]] || failed "by pid: there is a record"

# A command: its parent goes, and somebody else learns how it ends. It works all the time, so that
# the tracer is killed at any instant of a fault, and once stands still in a stop of its own.
command_survives() {
	local name=$1 ending=$2

	shift 2
	start "$name" "$adopt" "$migpop" trace --mode "$mode" --format json -o "$name.json" -- "$target" say ready "$@"
	family=$pid
	await "$name" ready
	child=$said
	tracer=$(sed -n 's/ started$//p' "$name.out")
	"during_$name"
	kill_tracer "$name"
	"after_$name"
	finish "$family"
	grep -qx "$child $ending" "$name.out" ||
		failed "$name: the command should have $ending: $(grep "^$child " "$name.out")"
	grep -qx "$tracer killed 9" "$name.out" || failed "$name: the tracer was not killed"
}

during_waiting() { :; }
after_waiting() { go "$child"; }
command_survives waiting "exited 9" wait memfd 100 exit 9

during_signalled() { :; }
after_signalled() { go "$child"; }
command_survives signalled "killed 12" wait memfd 100 raise 12

during_working() { :; }
after_working() {
	is_in_state "$child" R || is_in_state "$child" S || failed "working: it does not run"
	kill -TERM "$child"
}
command_survives working "killed 15" hold

during_stopped() {
	kill -STOP "$child"
	until_true "the command stops" stopped "$child"
}
stopped() { is_in_state "$1" T || is_in_state "$1" t; }
after_stopped() {
	kill -CONT "$child"
	go "$child"
}
command_survives stopped "exited 3" wait exit 3

passed "5 targets ran on, each of $held programs and links gone"
