#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A record is written whole or not at all: what was there stays until then, and nothing else is left
# beside it. Ctrl-C and SIGTERM end a window; they do not spoil it.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir out
echo before >out/record.json
cp out/record.json before.txt

unchanged() {
	cmp -s out/record.json before.txt || failed "$1: the file has changed"
}
alone() {
	equal "$1: files" "$(ls -A out)" record.json
}

start target "$target" say ready wait memfd 10 say "done" wait
target_pid=$pid
await target ready

# traced NAME: the tracer is at work, its output is the file
traced() {
	start "$1" "$migpop" trace --mode "$mode" --format json -o out/record.json -p "$target_pid"
	tracer=$pid
	until_true "$1 traces" traces_or_ended "$1" "$tracer"
	unchanged "$1, at work"
}

traced killed
kill -KILL "$tracer"
status=0
finish "$tracer"
unchanged killed
rm -f out/.migpop-*

# It fails after its window: the disk is full by then. A file system of its own, with room for what
# is reserved at the start; the rest is taken away while the tracer works.
mkdir small
mount -t tmpfs -o size=4k,mode=755 migpop-faults small || failed "cannot mount a tmpfs"
unmount() { umount "$work/small"; }
at_end=(unmount)
start full "$migpop" trace --mode "$mode" --format json -o small/record.json -- true
finish "$pid"
equal "full: exit status" "$status" 4
grep -q '^migpop: cannot write small/record.json: No space' full.err || failed "full: $(<full.err)"
equal "full: files" "$(ls -A small)" ""
unmount
at_end=(:)

start fails "$migpop" trace --mode "$mode" --format json -o out/record.json -- /nonexistent
finish "$pid"
equal "fails: exit status" "$status" 2
unchanged fails
alone fails

for signal in INT TERM; do
	cp before.txt out/record.json
	traced "signal-$signal"
	kill "-$signal" "$tracer"
	finish "$tracer"
	equal "SIG$signal: exit status" "$status" 0
	alone "SIG$signal"
	equal "SIG$signal: schema" "$(jq -r .schema out/record.json)" migpop.record/2
done
equal "what closed the window" "$(jq -r .window.closed_by_text out/record.json)" SIGTERM

# The text too, and on the same file.
start text "$migpop" trace --mode "$mode" -o out/record.json -- "$target" memfd 10
finish "$pid"
equal "text: exit status" "$status" 0
alone text
grep -q '^books balance' out/record.json || failed "text: $(<out/record.json)"
go "$target_pid"
go "$target_pid"

passed "unchanged after SIGKILL and failures, whole after SIGINT and SIGTERM, no other file left"
