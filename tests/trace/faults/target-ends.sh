#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The target is killed, becomes another program, or ends, before the window and during it: there is a
# whole record each time, and the books of its memfds balance.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

cases=0

# The tracer must end by itself, with a record of so many pages: ends NAME PAGES
ends() {
	finish "$tracer"
	equal "$1: exit status" "$status" 0
	record_is_sound "$1" "$2"
	cases=$((cases + 1))
}

# by_pid NAME PAGES ENDING ACTIONS...: traced while it waits, then told to go on. ENDING is a command that is
# run once the target has said "done", with its pid.
by_pid() {
	local name=$1 pages=$2 ending=$3

	shift 3
	start "$name-target" "$target" memfd 50 say ready wait "$@"
	await "$name-target" ready
	trace "$name" -p "$said"
	go "$said"
	[[ $ending == : ]] || await "$name-target" "done"
	"$ending" "$said"
	ends "$name" "$pages"
}

# command NAME PAGES ENDING ACTIONS...
command_ends() {
	local name=$1 pages=$2 ending=$3

	shift 3
	trace "$name" -- "$target" "$@"
	[[ $ending == : ]] || await "$name" "done"
	[[ $ending == : ]] || "$ending" "$said"
	ends "$name" "$pages"
}

murder() { kill -KILL "$1"; }

by_pid pid-killed 100 murder memfd 100 say "done" hold
by_pid pid-ends 100 : memfd 100
by_pid pid-ends-badly 100 : memfd 100 raise 11
by_pid pid-execs 160 : memfd 100 exec memfd 60
by_pid pid-execs-and-is-killed 160 murder memfd 100 exec memfd 60 say "done" hold
by_pid pid-thread-execs 160 : memfd 100 thread-exec memfd 60
by_pid pid-first-thread-ends 160 : memfd 100 thread-rest memfd 60

command_ends command-killed 100 murder memfd 100 say "done" hold
command_ends command-ends 100 : memfd 100 exit 5
command_ends command-ends-badly 100 : memfd 100 raise 11
command_ends command-execs 160 : memfd 100 exec memfd 60
command_ends command-execs-and-is-killed 160 murder memfd 100 exec memfd 60 say "done" hold
command_ends command-thread-execs 160 : memfd 100 thread-exec memfd 60
command_ends command-first-thread-ends 160 : memfd 100 thread-rest anon 3000 memfd 60
# What the first thread had when it ended is not what the process had.
equal "command-first-thread-ends: residual of anonymous memory beyond its uncertainty" \
	"$(ask command-first-thread-ends '[.accounting[] | select(.kind == "anon")
		| select((.residual_pages // 0 | fabs) > .uncertainty_pages)] | length')" 0

# One that has ended already, but is not reaped yet, and one that is no more.
start zombie-family "$adopt" "$target" say ready wait
await zombie-family ready
zombie=$said
kill -STOP "$pid"
until_true "its parent stops" is_in_state "$pid" T
go "$zombie"
until_true "a process ends and is not reaped" is_in_state "$zombie" Z
start zombie "$migpop" trace --mode "$mode" --format json -o zombie.json -p "$zombie"
tracer=$pid
ends zombie 0
kill -CONT "${started[-2]}"

passed "$cases endings, a balanced record of each"
