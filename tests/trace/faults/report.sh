#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A record that was written is read again: report shows what trace showed, and its JSON is the same
# record, byte for byte.
# shellcheck source=tests/trace/faults/lib.sh
. "$(dirname "$0")/lib.sh"

trace made -- "$target" memfd 100 anon 50 warm sites files 20 children 2 memfd 30 exec memfd 10
finish "$tracer"
equal "exit status" "$status" 0
equal "pages of memfds" "$(populated_of_memfds made)" $((100 + 256 + 20 + 1 + 2 * (30 + 10)))

"$migpop" report --format json made.json >again.json
cmp made.json again.json || failed "JSON read and written again differs"
"$migpop" report --format json - <made.json >again.json
cmp made.json again.json || failed "JSON from standard input and written again differs"
"$migpop" report -o third.json --format json again.json
cmp third.json made.json || failed "to a file"

pages=$(ask made .totals.populated_pages)
"$migpop" report made.json >made.txt
grep -q "^populated $(printf "%'d" "$pages" | sed 's/,/[, ]*/g')" made.txt ||
	grep -q "^populated $pages" made.txt || failed "not $pages pages: $(head -n 3 made.txt)"
for by in callsite category backing syscall; do
	equal "pages by $by" "$("$migpop" report --by $by --format json made.json |
		jq '[.groups[].populated_pages] | add')" "$pages"
	"$migpop" report --by $by made.json >by.txt
	[[ -s by.txt ]] || failed "--by $by says nothing"
done

passed "$pages pages, the same in JSON, text and four sums"
