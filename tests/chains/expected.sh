#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A program's call chains under the tracer are those that the program says it has: how many pages each
# function is in the chain of, how the chains end, how many frames they have. For machines without a
# debugger; oracle.sh compares them frame by frame. busybox sh and jq will do.
#
#	expected.sh MIGPOP PROGRAM [ARGS]

migpop=$1
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

"$migpop" trace -q --stack cfi --format json -o "$work/record.json" -- "$@" >"$work/said" 2>"$work/stderr"
status=$?
cat "$work/stderr"
[ $status -ne 3 ] || { echo "SKIP: $(tail -n 1 "$work/stderr")" && exit 77; }
[ $status -eq 0 ] || exit 1
[ "$(tail -n 1 "$work/said")" = "done" ] || { echo "FAIL: the program did not come to its end" && exit 1; }

# Inlined frames are none of the machine's, which are what programs count.
grep '^expect ' "$work/said" | jq -nRr --slurpfile record "$work/record.json" '
	[$record[0].callsites[]
		| {pages: ([.backing[] | select((.name // "") | startswith("memfd:chains")) | .populated_pages] | add // 0),
		   end: .chain_end, symbols: [.frames[].symbol],
		   frames: ([.frames[] | select(.inlined != true)] | length)}
		| select(.pages > 0)] as $sites
	| [inputs | split(" ")
		| . as [$_, $symbol, $pages, $ending, $frames]
		| [$sites[] | select(($symbol == "-" or any(.symbols[]; . == $symbol)) and ($ending == "-" or .end == $ending))]
		| ([.[].pages] | add // 0) as $had
		| if $had != ($pages | tonumber) then "FAIL: \($pages) pages of chains with \($symbol), end \($ending): \($had)"
		  elif $frames != "-" and any(.[]; .frames != ($frames | tonumber))
		  then "FAIL: \($symbol): \(map(.frames)) frames, not \($frames)"
		  else "ok" end]
	| "\(map(select(. == "ok")) | length) of \(length) expectations hold", (.[] | select(. != "ok"))' >"$work/result"
status=$?
cat "$work/result"
[ $status -eq 0 ] && ! grep -q '^FAIL\|^0 of' "$work/result" &&
	jq -e '.lost | .events == 0 and .stacks == 0' "$work/record.json" >/dev/null
