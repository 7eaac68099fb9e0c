#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The counts of every route on every kernel and in every mode that it ran in, side by side: the same
# work has the same counts. What may differ, and why, is in differences.txt and nowhere else.
#
#	matrix.sh COUNTS MIGPOP [DIFFERENCES]
#
# COUNTS/KERNEL/MODE/ROUTE is what run-route.sh leaves; what is older than MIGPOP is of another one.
# Exit status: 0 all that ran agrees, 1 it does not, or a machine ran nothing, 77 there is nothing.

if [ $# -lt 2 ] || [ ! -e "$2" ]; then
	echo "usage: $0 COUNTS MIGPOP [DIFFERENCES]" >&2
	exit 2
fi
counts=$1 migpop=$2 differences=${3:-$(dirname "$0")/differences.txt}

# "machine KERNEL MODE", then a line for each of its routes: "KERNEL MODE ROUTE …".
machines() {
	find "$counts" -mindepth 2 -maxdepth 2 -type d -newer "$migpop" 2>/dev/null | sort -V | while read -r dir; do
		mode=$(basename "$dir") kernel=$(basename "$(dirname "$dir")")
		echo "machine $kernel $mode"
		find "$dir" -maxdepth 1 -type f -newer "$migpop" -exec sed "s|^|$kernel $mode |" {} + | sort
	done
}

machines | awk -v differences="$differences" '
function fail(text) {
	failures = failures "FAIL: " text "\n"
}
# What follows the first n words.
function after(text, n) {
	while (n--)
		sub(/^[^ \t]+[ \t]+/, "", text)
	return text
}
# Why this may differ; "" if it may not.
function excuse(route, column, machine,    i) {
	for (i = 1; i <= excuses; i++)
		if (may_route[i] == route && may_column[i] == column && machine ~ may_machine[i])
			return reason[i]
	return ""
}
BEGIN {
	split("populated zero released faults", columns)
	while ((got = getline line <differences) > 0) {
		if (line ~ /^(#|$)/)
			continue
		split(line, word)
		may_route[++excuses] = word[1]
		may_column[excuses] = word[2]
		may_machine[excuses] = "^" word[3] "$"
		reason[excuses] = after(line, 3)
	}
	if (got < 0) {
		print "cannot read " differences
		broken = 1
		exit
	}
}
$1 == "machine" {
	machine[++machines] = $2 " " $3
	mode[$2 " " $3] = $3
	next
}
{
	at = $1 " " $2
	if (!($3 in known))
		route[++routes] = $3
	known[$3] = 1
}
$4 == "skip" {
	skipped[$3, at] = 1
	why = $3 ": " after($0, 4)
	if (!(why in skips))
		skip[++nr_skips] = why
	skips[why] = skips[why] (skips[why] ? ", " : "") at
	next
}
NF != 8 {
	fail("no counts: " $0)
	next
}
{
	ran[at]++
	for (i = 1; i <= 4; i++)
		value[$3, at, i] = $(3 + i)
	value[$3, at] = $4 " " $5 " " $6 " " $7
	if (!($3 in first))
		first[$3] = at
	if (($8 == "null") != ($2 == "tracepoint"))
		fail($3 " on " at ": fault_ns is " $8)
}
END {
	if (broken)
		exit 1
	printf "%-24s%10s%10s%10s%10s", "", "populated", "zero", "released", "faults"
	for (m = 1; m <= machines; m++)
		printf "  %s", machine[m]
	print ""
	for (r = 1; r <= routes; r++) {
		name = route[r]
		printf "%-24s", name
		for (i = 1; i <= 4; i++)
			printf "%10s", name in first ? value[name, first[name], i] : "-"
		for (m = 1; m <= machines; m++)
			printf "  %-" length(machine[m]) "s", cell(name, machine[m])
		print ""
	}
	print "=: as on the left; -: skipped; .: did not run; *: differs, as it may; #: differs"
	for (i = 1; i <= nr_details; i++)
		print detail[i]
	for (i = 1; i <= nr_skips; i++)
		print "skipped " skip[i] " (" skips[skip[i]] ")"
	for (m = 1; m <= machines; m++)
		if (!ran[machine[m]])
			fail(machine[m] ": not one route ran, which proves nothing")
	if (!machines) {
		print "SKIP: no counts: the tests of routes leave them"
		exit 77
	}
	printf "%s", failures
	exit failures != ""
}
# One character, and what is to be said of it.
function cell(name, at,    i, found, should, because, mark) {
	if ((name, at) in skipped)
		return "-"
	if (!((name, at) in value)) {
		if (at !~ /^host / && ran[at])
			fail(name " on " at ": no counts")
		return "."
	}
	mark = "="
	for (i = 1; i <= 4; i++) {
		found = value[name, at, i]
		should = value[name, first[name], i]
		if (found == should && found != "null")
			continue
		because = excuse(name, columns[i], at)
		if (!because) {
			fail(name " on " at ": " columns[i] " " found ", on " first[name] " " should)
			mark = "#"
		} else if (mark == "=") {
			mark = "*"
		}
		detail[++nr_details] = name " on " at ": " columns[i] " " found ", on " first[name] " " \
			should (because ? ": " because : "")
	}
	return mark
}'
