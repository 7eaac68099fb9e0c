#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each reader is shot (SIGSEGV) as soon as it is there, as if every file made it crash: the trace starts
# and ends all the same, counts every page, gives up file by file, and names each of them at most once.
# Arguments: MIGPOP VICTIM LIBRARY SHOOT
# shellcheck source=tests/reader/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_victim "$2" "$3"
"$migpop" trace -p "$victim" --format json -o "$work/record.json" 2>"$work/log" &
tracer=$!
"$4" "$tracer" >"$work/shots" &
shoot=$!
wait_tracer "$work/log" '^tracing ' "$tracer" 120
populate
end_tracer
wait "$shoot"
shots=$(<"$work/shots")
((shots > 2)) || failed "$shots readers were shot: this test is blind"
(($(unreadable) > 0)) || failed "no file is said to be unreadable, of $shots that were shot"
twice=$(grep -o 'cannot read .*, which' "$work/log" | sed 's/ names of//' | sort | uniq -d)
[[ ! $twice ]] || failed "said twice: $twice"
[[ $(jq -c '[.totals.populated_pages >= 700, .lost.events]' "$work/record.json") == '[true,0]' ]] ||
	failed "the record has $(jq -c '[.totals, .lost]' "$work/record.json")"
echo "$shots readers were shot, $(unreadable) files given up"
