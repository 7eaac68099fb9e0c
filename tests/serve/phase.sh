#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One migration, each end traced twice at once: from before it until after it, and by its own threads and
# stream (--phase auto); the destination by --incoming as well. All must have seen the same. Options are those of tests/qemu/migrate.sh;
# --qemu 10 is scripts/qemu10.sh's.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=scripts/lib.sh
. "$here/../../scripts/lib.sh"

options=(--memory 128M) out=''
while (($#)); do
	case $1 in
	--names) options+=("$1") && shift && continue ;;
	--out) out=$2 ;;
	esac
	if [[ $1 == --qemu && $2 == 10 ]]; then
		qemu=$("$here/../../scripts/qemu10.sh") || { status=$? && echo "$qemu" && exit $status; }
		options+=(--qemu "$qemu")
	else
		options+=("$1" "$2")
	fi
	shift 2
done
"$here/../qemu/migrate.sh" "${options[@]}" --phase

# Anonymous memory moves before and after the migration: tens of pages. Guest memory does not.
# shellcheck disable=SC2016 # names with a dollar are jq's
checks='
def check(what; value; expected; holds):
	"\(if holds then "ok  " else "FAIL" end)  \($side)\t\(what)\t\(value)\t\(expected)";
def guest: [.accounting[] | select(.inode == $run[$side].inode)];
def others: .totals.populated_pages - .totals.zero_populated_pages;
$around[0] as $around |
check("opened by"; .window.opened_by_text; $opened; .window.opened_by_text == $opened),
check("closed by"; .window.closed_by_text; $closed; .window.closed_by_text == $closed),
check("zero pages"; .totals.zero_populated_pages; $around.totals.zero_populated_pages;
      .totals.zero_populated_pages == $around.totals.zero_populated_pages and
      .totals.zero_populated_pages > 30000),
check("guest memory, traced"; guest | map(.traced_pages); $around | guest | map(.traced_pages);
      guest | map(.traced_pages) == ($around | guest | map(.traced_pages)) and length == 1),
check("guest memory, residual"; guest | map(.residual_pages); [0];
      guest | map(.residual_pages) == [0]),
check("other pages"; others; "\($around | others) - 64 .. \($around | others)";
      others <= ($around | others) and others >= ($around | others) - 64),
check("books"; [.accounting[] | select(.residual_pages != null and
      ((.residual_pages | fabs) > .uncertainty_pages))] | length; 0;
      all(.accounting[]; .residual_pages == null or
          (.residual_pages | fabs) <= .uncertainty_pages)),
check("lost"; .lost.events; 0; .lost.events == 0),
check("unwind errors"; .lost.unwind_errors; {}; .lost.unwind_errors == {}),
check("begins and ends within the one around it"; .window.start_ns - $around.window.start_ns;
      ">= 0"; .window.start_ns >= $around.window.start_ns and .window.end_ns <= $around.window.end_ns)
'
declare -A opened=([source]="creation of QEMU's migration thread" [destination]="begin of the incoming stream")
declare -A closed=([source]="end of QEMU's migration thread, migration completed"
	[destination]="end of the incoming stream, migration completed")
failed=0
for record in source.phase destination.phase destination.incoming; do
	end=${record%.*}
	lines=$(jq -r --arg side "$end" --arg opened "${opened[$end]}" --arg closed "${closed[$end]}" \
		--slurpfile around "$out/$end.json" --argjson run "$(<"$out/run.json")" "$checks" \
		"$out/$record.json") || lines="FAIL  $record: no two records"
	column -t -s $'\t' <<<"$lines"
	! grep -q '^FAIL' <<<"$lines" || failed=1
done
((!failed)) || die "$out: a window around the migration and those of the migration do not agree"
