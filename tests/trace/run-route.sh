#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs one route program under the tracer and has its record checked; busybox sh will do.
#
#	run-route.sh MIGPOP MODE ROUTE-BINARY [ARGS]
#
# MODE none runs the program without a tracer, for its own checks of the kernel only.
# Exit status: 0 PASS, 1 FAIL (the files are kept, their place is said), 77 SKIP. trace-check and
# record-validate are looked for beside this script. Where COUNTS names a directory, a file of the route's name is left in
# it: the counts (see check/main.c), or "NAME skip REASON".

migpop=$1 mode=$2 binary=$3
if [ $# -lt 3 ]; then
	echo "usage: $0 MIGPOP MODE ROUTE-BINARY [ARGS]" >&2
	exit 1
fi
shift 3

name=$(basename "$binary")
title="trace/$mode/$name"
check=$(dirname "$0")/trace-check
validate=$(dirname "$0")/record-validate
peer=

# On a disk if there is one, for the routes that are about files and swap: /tmp may be memory.
[ -n "$TMPDIR" ] || [ ! -d /var/tmp ] || TMPDIR=/var/tmp
[ -z "$COUNTS" ] || { mkdir -p "$COUNTS" && rm -f "$COUNTS/$name"; } || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/migpop-route.XXXXXX") || exit 1
export TMPDIR="$work"

end_peer()
{
	[ -z "$peer" ] || kill "$peer" 2>/dev/null
	[ -z "$peer" ] || wait "$peer" 2>/dev/null
	peer=
}

verdict()
{
	end_peer
	echo "$1: $title${2:+: $2}"
	case $1 in
	PASS) rm -rf "$work"; exit 0 ;;
	SKIP) [ -z "$COUNTS" ] || echo "$name skip $2" >"$COUNTS/$name"; rm -rf "$work"; exit 77 ;;
	esac
	for file in stderr.txt peer.txt; do
		[ ! -s "$work/$file" ] || sed "s/^/    $file: /" "$work/$file"
	done
	echo "    kept: $work"
	exit 1
}

trap 'end_peer; rm -rf "$work"; exit 1' INT TERM

# Its peer listens before the program starts, outside of what is traced.
if "$binary" --needs-peer; then
	mkfifo "$work/ready" || verdict FAIL "mkfifo"
	"$binary" --peer "$work/peer.sock" >"$work/ready" 2>"$work/peer.txt" &
	peer=$!
	read -r word <"$work/ready"
	[ "$word" = ready ] || verdict FAIL "the peer did not start"
	set -- "$work/peer.sock" "$@"
fi

if [ "$mode" = none ]; then
	"$binary" "$@" >"$work/expect.txt" 2>"$work/stderr.txt"
else
	"$migpop" trace --mode "$mode" --stack none -o "$work/rec.txt" --save "$work/rec.json" -- \
		"$binary" "$@" >"$work/expect.txt" 2>"$work/stderr.txt"
fi
status=$?

# The exit status may be the tracer's own, so a skip is said in words as well.
reason=$(sed -n 's/^skip //p' "$work/expect.txt")
[ -z "$reason" ] || verdict SKIP "$reason"
[ "$status" -eq 0 ] || verdict FAIL "exit status $status"
[ "$(tail -n 1 "$work/expect.txt")" = "done" ] || verdict FAIL "the program did not come to its end"
[ "$mode" != none ] || verdict PASS "by its own checks, not traced"

"$validate" "$work/rec.json" 2>>"$work/stderr.txt" || verdict FAIL "the record is not as its schema says"

# What was saved says all that was shown, in the same words.
"$migpop" report "$work/rec.json" >"$work/again.txt" 2>>"$work/stderr.txt" || verdict FAIL "report does not read the record"
cmp -s "$work/rec.txt" "$work/again.txt" || {
	diff "$work/rec.txt" "$work/again.txt" | sed 's/^/    /'
	verdict FAIL "report of the record differs from what trace said (<)"
}

"$check" "$work/rec.json" "$work/expect.txt" ${COUNTS:+"$COUNTS/$name"} >"$work/check.txt" 2>&1
status=$?
[ "$status" -eq 0 ] || grep -v '^  ok ' "$work/check.txt"
[ "$status" -eq 0 ] || verdict FAIL "the record is not what happened"
verdict PASS "$(tail -n 1 "$work/check.txt")"
