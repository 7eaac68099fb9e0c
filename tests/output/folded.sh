#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# flamegraph.pl draws the folded stacks of a record: every line is understood, and the widths are the
# pages, also where a function has a name that the format cannot hold.
# shellcheck source=tests/output/lib.sh
. "$(dirname "$0")/lib.sh"

flamegraph=$(command -v flamegraph.pl || true)
# Debian has it in libdevel-nytprof-perl.
[[ $flamegraph ]] || flamegraph=/usr/share/perl5/Devel/NYTProf/flamegraph.pl
[[ -r $flamegraph ]] || skip "no flamegraph.pl"

# draw RECORD: RECORD.svg; flamegraph.pl says something only of lines that it ignores.
draw() {
	"$migpop" report --format folded "$1.json" >"$1.folded"
	perl "$flamegraph" --countname pages --minwidth 0 "$1.folded" >"$1.svg" 2>said ||
		failed "flamegraph.pl: $(<said)"
	[[ ! -s said ]] || failed "flamegraph.pl: $(<said)"
	has "$1.svg" "<title>all \($(jq '[.callsites[].populated_pages] | add' "$1.json") pages, 100%\)"
}

record made
draw made
has made.svg '<title>first \(100 pages, '
has made.svg '<title>second \(50 pages, '

jq '(.. | objects | select(.function? == "first").function) |= "<b>;x\ny 7 12" |
	(.. | objects | select(.function? == "leaf").function) |= "leaf 7"' made.json >hostile.json
draw hostile
# Some versions write (b), some &lt;b&gt;.
has hostile.svg '<title>(\(|&lt;)b(\)|&gt;):x\\x0ay 7\\x2012 \(100 pages, '
has hostile.svg '<title>leaf\\x207 \(100 pages, '
has hostile.svg '<title>second \(50 pages, '

echo "PASS: $(wc -l <made.folded) lines, drawn by $flamegraph"
