#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Judge what migrate.sh left in a directory: did the tracer see the zero pages of an idle guest being
# populated, do its books balance with the kernel's, was nothing lost? Prints the figures; exit
# status 1 when one of them is wrong, or when a record is missing, empty or of another process.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

usage() {
	echo "usage: check-migration.sh [--memory SIZE] OUTDIR    (SIZE: default what the run was given)" >&2
	exit 2
}

memory=''
while [[ ${1:-} == --* ]]; do
	[[ $1 == --memory && $# -ge 2 ]] || usage
	memory=$(bytes "$2")
	shift 2
done
(($# == 1)) || usage
out=$1

command -v jq >/dev/null || skip "jq is not installed"
[[ -s $out/run.json ]] || die "$out: no run.json: not a finished run of migrate.sh"

# One line a check: "ok"/"FAIL", the end, what, the figure, what was expected.
#
# Expected of an idle guest: firmware fills fewer than 144 pages whatever the guest's size (49
# measured), so 262,000 of the 262,144 pages of 1 GiB are populated only to be found zero. Anonymous
# memory maps the shared zero page instead and populates nothing; huge pages cannot be told apart.
# shellcheck disable=SC2016 # names with a dollar are jq's
checks='
def check(what; value; expected; holds):
	"\(if holds then "ok  " else "FAIL" end)  \($side | .[0:11])\t\(what)\t\(value)\t\(expected)";
def sum(f): map(f) | add // 0;

$run[$side] as $process |
(if $memory == "" then $run.memory_bytes else $memory | tonumber end) as $bytes |
($bytes / $run.page_size) as $pages |
.totals as $totals |
[.accounting[]? | select($process.inode != null and .inode == $process.inode)] as $books |

check("schema"; .schema; "migpop.record/2"; .schema == "migpop.record/2"),
check("pid"; .target.pid; $process.pid; .target.pid == $process.pid),
check("emulator"; .target.vmm | "\(.name) emulator version \(.version) (\(.package))"; $run.qemu;
      (.target.vmm | "\(.name) emulator version \(.version) (\(.package))") == $run.qemu),
check("guest RAM"; .target.ram_bytes; $bytes; .target.ram_bytes == $bytes),
check("host"; .host | [.name, .boot_id]; $host.host; (.host | [.name, .boot_id]) == $host.host),
check("user, cgroup"; .target | [.uid, .cgroup]; $host.us; (.target | [.uid, .cgroup]) == $host.us),
(.window.end_ns - .window.start_ns) as $ns |
(.started_at | sub("[.][0-9]{6}Z$"; "Z") | fromdate) as $started |
check("started at"; .started_at; "\($ns / 1e9) s before it was written, within 30 s";
      $started + $ns / 1e9 | . <= $host.written and . > $host.written - 30),
check("populated pages"; $totals.populated_pages; "> 0"; ($totals.populated_pages // 0) > 0),
check("call sites"; .callsites | length; "> 0"; (.callsites | length) > 0),
check("populated by call sites"; .callsites | sum(.populated_pages); $totals.populated_pages;
      (.callsites | sum(.populated_pages)) == $totals.populated_pages),
check("zero by call sites"; .callsites | sum(.zero_populated_pages);
      $totals.zero_populated_pages;
      (.callsites | sum(.zero_populated_pages)) == $totals.zero_populated_pages),

(if $run.backing == "ram" then
	check("zero pages populated"; $totals.zero_populated_pages; "<= \($pages / 100 | floor)";
	      ($totals.zero_populated_pages // $pages) <= $pages / 100)
elif $run.backing != "hugetlb" then
	check("zero pages populated"; $totals.zero_populated_pages;
	      "\($pages - 144) .. \($totals.populated_pages)";
	      ($totals.zero_populated_pages // 0) >= $pages - 144 and
	      $totals.zero_populated_pages <= $totals.populated_pages)
else empty end),

(if $run.backing != "ram" and $run.backing != "hugetlb" then
	(if $side == "source" then "zero-detect" else "zero-page" end) as $category |
	([.callsites[] | select(.category == $category)] | sum(.zero_populated_pages)) as $named |
	check("of them \($category)"; $named; ">= \($pages - 144)"; $named >= $pages - 144)
else empty end),

(if $process.inode != null then
	check("guest memory in the books"; $books | length; 1; ($books | length) == 1),
	check("residual pages of it"; $books[0].residual_pages; 0; $books[0].residual_pages == 0)
else empty end),
(if $process.inode != null and $run.backing != "hugetlb" then
	check("kernel pages of it"; $books[0].kernel_pages; "\($pages - 144) .. \($pages)";
	      ($books[0].kernel_pages // 0) >= $pages - 144 and $books[0].kernel_pages <= $pages)
else empty end),

([.callsites[] | select(.chain_end == "complete")] | sum(.populated_pages)) as $complete |
check("with a complete chain"; $complete; ">= 99.9 % of \($totals.populated_pages)";
      $complete >= 0.999 * ($totals.populated_pages // 1e18)),
check("bytes of the record"; $size; "<= 1048576"; $size <= 1048576),
check("lost events"; .lost.events; 0; .lost.events == 0),
check("lost stacks"; .lost.stacks; 0; .lost.stacks == 0),
check("truncated stacks"; .lost.truncated_stacks; 0; .lost.truncated_stacks == 0),
check("unwind errors"; .lost.unwind_errors | tojson; 0;
      (.lost.unwind_errors | type) == "object" and ([.lost.unwind_errors[]] | sum(.)) == 0)
'

# What a record says of where and when it was made, from elsewhere.
host() {
	jq -n --arg name "$(uname -n)" --arg boot "$(</proc/sys/kernel/random/boot_id)" \
		--argjson uid "$(id -u)" --arg cgroup "$(sed -n 's/^0:://p' /proc/self/cgroup)" \
		--argjson written "$(stat -c %Y "$1")" \
		'{host: [$name, $boot], us: [$uid, if $cgroup == "" then null else $cgroup end],
		  written: ($written + 1)}'
}

failed=0
for end in source destination; do
	record=$out/$end.json
	if ! jq -es 'length == 1 and (.[0] | type == "object" and length > 0)' "$record" \
		>/dev/null 2>&1; then
		echo "FAIL  $end	record	missing, empty or not JSON"
		failed=1
		continue
	fi
	lines=$(jq -r --arg side "$end" --arg memory "$memory" \
		--argjson size "$(stat -c %s "$record")" \
		--argjson run "$(<"$out/run.json")" --argjson host "$(host "$record")" \
		"$checks" "$record") ||
		lines="FAIL  $end	record	does not have the shape of migpop.record/2"
	column -t -s $'\t' <<<"$lines"
	! grep -q '^FAIL' <<<"$lines" || failed=1
	jq -r '.callsites | sort_by(-.populated_pages)[:3][] |
		"      \(.populated_pages) pages \(.access) \(.category) by " +
		([.frames[:5][] | .symbol // .function // "\(.module)+\(.offset)"] | join(" ← "))' \
		"$record" 2>/dev/null || true
done
((!failed)) || die "$out: what the tracer recorded does not hold"
