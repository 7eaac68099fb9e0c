#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Callers that take turns have each their own chain and exactly their own pages.
#
#	alternate.sh MIGPOP ALTERNATE KIND TURNS

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

"$1" trace -q --stack "${STACK:-cfi}" --format json -o "$work/record.json" -- "$2" "$3" "$4" \
	>"$work/said" 2>"$work/stderr"
status=$?
cat "$work/stderr"
[ $status -ne 3 ] || { echo "SKIP: $(tail -n 1 "$work/stderr")" && exit 77; }
[ $status -eq 0 ] || exit 1
expected=$(awk '$1 == "turns" { for (i = 0; i < $3; i++) printf "%s%d", i ? " " : "", $4 }' "$work/said")

# Chains told apart by their offsets and modules; pages of each, and what else there may not be.
jq -r '[.callsites[] | select(.frames[0].symbol == "leaf" and .populated_pages > 0)]
	| group_by([.frames[] | select(.inlined != true) | [.module, .offset]])
	| map("\([.[].populated_pages] | add)") | sort | join(" ")' "$work/record.json" >"$work/chains"
others=$(jq '[.callsites[] | select(.frames[0].symbol == "leaf" and .chain_end != "complete")] | length' "$work/record.json")
echo "$3: $(cat "$work/chains")"
[ "$(cat "$work/chains")" = "${expected:-nothing}" ] || { echo "FAIL: not $expected" && exit 1; }
[ "$others" -eq 0 ] || { echo "FAIL: $others call sites with incomplete chains" && exit 1; }
jq -e '[.lost.events, .lost.stacks, .lost.truncated_stacks] | add == 0' "$work/record.json" >/dev/null || { echo "FAIL: lost $(jq -c .lost "$work/record.json")" && exit 1; }
