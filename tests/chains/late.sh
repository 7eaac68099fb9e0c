#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Code that is mapped while the tracer watches has whole chains soon after. How soon is said, in
# milliseconds; what must not be is a library whose chains never come, or a chain that is wrong.
#
#	late.sh MIGPOP LATE LIBRARY

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Copies are files of their own.
cp "$3" "$work/first.so"
cp "$3" "$work/second.so"
"$1" trace -q --stack cfi --format json -o "$work/record.json" -- "$2" "$work/first.so" "$work/second.so" \
	>"$work/said" 2>"$work/stderr"
status=$?
cat "$work/stderr"
[ $status -ne 3 ] || { echo "SKIP: $(tail -n 1 "$work/stderr")" && exit 77; }
[ $status -eq 0 ] || exit 1

status=0
for name in first second; do
	# Chains without whole ones come first; a page is in two chains, that of the library and that of touch.
	short=$(jq --arg name "/$name.so" '[.callsites[]
		| select(.backing[0].name == "memfd:chains" and .chain_end != "complete"
			and any(.frames[]; (.module // "") | endswith($name)))
		| .populated_pages] | add // 0' "$work/record.json")
	whole=$(jq --arg name "/$name.so" '[.callsites[]
		| select(.backing[0].name == "memfd:chains" and .chain_end == "complete"
			and any(.frames[]; (.module // "") | endswith($name)))
		| .populated_pages] | add // 0' "$work/record.json")
	after=$(awk -v name="$name.so" -v short="$short" '$1 == "library" { ours = index($2, name); n = 0 }
		ours && $1 == "page" && n++ >= short / 2 { print $2; exit }' "$work/said")
	echo "$name library: chains whole after ${after:-never} ms ($short pages without, $whole with)"
	[ "$whole" -gt 0 ] || { echo "FAIL: no chain through it is whole" && status=1; }
	[ $((short + whole)) -eq 120 ] || { echo "FAIL: 120 pages were touched" && status=1; }
	awk -v after="${after:-1e9}" 'BEGIN { exit !(after <= 100) }' || { echo "FAIL: not within 100 ms" && status=1; }
done
exit $status
