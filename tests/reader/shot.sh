#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each reader is shot (SIGSEGV) as soon as it is there, as if every file made it crash: the trace starts
# and ends all the same, counts every page, gives up file by file, and names each of them at most once.
# Arguments: MIGPOP VICTIM LIBRARY
# shellcheck source=tests/reader/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_victim "$2" "$3"
"$migpop" trace -p "$victim" --format json -o "$work/record.json" 2>"$work/log" &
tracer=$!
shots=0
shoot() {
	local pid

	for pid in $(readers); do
		kill -SEGV "$pid" 2>/dev/null && shots=$((shots + 1))
	done
}
# shellcheck disable=SC2317 # called through wait_until
shoot_until_tracing() {
	shoot
	grep -q '^tracing ' "$work/log" || ended "$tracer"
}
wait_until 120 shoot_until_tracing || failed "it does not start"
wait_tracer "$work/log" '^tracing ' "$tracer" 1
echo >&3
# shellcheck disable=SC2317
shoot_until_done() {
	shoot
	grep -q '^done$' "$work/out"
}
wait_until 60 shoot_until_done || failed "the victim populates nothing"
kill -INT "$tracer"
# shellcheck disable=SC2317
shoot_until_over() {
	shoot
	is_over "$tracer"
}
wait_until 120 shoot_until_over || failed "it does not end"
status=0
wait "$tracer" || status=$?
tracer=''
((status == 0)) || failed "the tracer ended with $status"
((shots > 2)) || failed "$shots readers were shot: this test is blind"
(($(unreadable) > 0)) || failed "no file is said to be unreadable, of $shots that were shot"
twice=$(grep -o 'cannot read .*, which' "$work/log" | sed 's/ names of//' | sort | uniq -d)
[[ ! $twice ]] || failed "said twice: $twice"
[[ $(jq -c '[.totals.populated_pages >= 700, .lost.events]' "$work/record.json") == '[true,0]' ]] ||
	failed "the record has $(jq -c '[.totals, .lost]' "$work/record.json")"
echo "$shots readers were shot, $(unreadable) files given up"
