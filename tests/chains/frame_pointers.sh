#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# --stack fp: two callers of one function are two call sites, each with its own pages and chain; with
# --stack none they are one.
#
#	chains.sh MIGPOP CHAINS

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# Pages by the callers of leaf, as "NAME PAGES NAME PAGES".
pages() {
	"$1" trace -q --stack "$3" --format json -o "$work/$3.json" -- "$2" || exit 1
	jq -r '[.callsites[] | select(.frames[0].symbol == "leaf")] | group_by(.frames[1].symbol)
		| map("\(.[0].frames[1].symbol) \([.[].populated_pages] | add)") | join(" ")' "$work/$3.json"
}

fp=$(pages "$1" "$2" fp)
none=$(pages "$1" "$2" none)
echo "fp: $fp; none: $none"
[ "$fp" = "first 100 second 50" ] && [ "$none" = "null 150" ] &&
	jq -e '.lost | .events == 0 and .stacks == 0' "$work/fp.json" >/dev/null
