#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Libraries whose files are damaged: a tracer that reads them neither dies nor hangs, counts every page,
# and shows no chain that is wrong. Each chain must be the beginning of the one that the same code has
# when its file is whole; what comes short must be counted.
#
#	damaged.sh MIGPOP DIR COUNT
#
# DIR has the programs damage and damaged, and the libraries victim.so and twin.so.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

migpop=$1 dir=$2 count=$3
batch=${BATCH:-50} timeout=60
work=$(mktemp -d)
tracer='' target=''
cleanup() {
	exec 2>/dev/null
	local p

	for p in $tracer $target; do
		kill -KILL "$p"
	done
	wait
	rm -rf "$work"
}
trap cleanup EXIT

((EUID == 0)) || skip "tracing needs root"

mkfifo "$work/orders"

offset() {
	nm -D "$1" | awk '$3 == "victim" { print $1 }'
}

# run LIBRARY…: leaves the record and what the program said in $work; 1 if the tracer fails.
run() {
	local good=$dir/victim.so status=0 to

	rm -f "$work/record.json" "$work/said" "$work/log"
	"$dir/damaged" "$good" "$(offset "$good")" "$@" <"$work/orders" >"$work/said" 2>"$work/stderr" &
	target=$!
	exec {to}>"$work/orders"
	wait_line "$work/said" '^ready' "$target" "$timeout" ||
		die "the program did not get ready: $(cat "$work/stderr")"
	"$migpop" trace -p "$target" --stack "${STACK:-cfi}" --format json -o "$work/record.json" 2>"$work/log" &
	tracer=$!
	if ! wait_line "$work/log" '^tracing ' "$tracer" "$timeout"; then
		ended "$tracer" || die "the tracer hangs on: $*"
		wait "$tracer" || status=$?
		tracer=''
		((status != 3)) || [[ -e $work/right ]] || skip "$(tail -n 1 "$work/log")"
		echo "FAIL: the tracer ended with status $status on ${*##*/}: $(tail -n 3 "$work/log")"
		exec {to}>&-
		ended "$target" && echo "the program ended on its own: $(cat "$work/stderr")"
		wait "$target" || echo "the program's status: $?"
		target=''
		return 1
	fi
	echo go >&"$to"
	exec {to}>&-
	wait_until "$timeout" ended "$target" || die "the program does not end"
	wait "$target" || die "the program failed: $(cat "$work/stderr")"
	target=''
	wait_until "$timeout" ended "$tracer" || die "the tracer does not end: $*"
	wait "$tracer" || status=$?
	tracer=''
	((!status)) || echo "FAIL: the tracer ended with status $status on ${*##*/}: $(tail -n 3 "$work/log")"
	((!status)) || return 1
	sed -n 's/^mapped //p' "$work/said" |
		jq -R -s 'split("\n") | map(split(" ") | select(length == 3)
			| {start: (.[0] | tonumber), end: (.[1] | tonumber), path: .[2]})' >"$work/mapped"
}

# Chains of the record as "PAGES END LIBRARY FRAME…". The frames of a library have the name of what
# it is a copy of, whether the tracer could make out the module or not.
# shellcheck disable=SC2016 # variables of jq
chains() {
	jq -r --slurpfile mapped "$work/mapped" '
		def place: . as $f
			| first($mapped[0][] | select($f.module == .path or $f.module == null
				and $f.offset >= .start and $f.offset < .end)) // null;
		def name: . as $f | place as $p | if $p == null then "\($f.module)+\($f.offset)"
			else "victim+\(if $f.module == null then $f.offset - $p.start else $f.offset end)" end;
		.callsites[] | select(.backing[0].name == "memfd:chains" and .populated_pages > 0)
		| ([.frames[] | place | select(. != null) | .path | sub(".*/"; "")] | unique) as $libraries
		| "\(.populated_pages) \(.chain_end) \($libraries | join(",") | if . == "" then "-" else . end) \(
			[.frames[] | select(.inlined != true) | name] | join(" "))"' "$work/record.json"
}

# check: the chains of the last run against those in $work/right; adds up what there was.
complete=0 short=0 wrong=0 errors=0
check() {
	local pages end library frames all=0 cut=0 said

	while read -r pages end library frames; do
		((all += pages))
		if [[ $library == *,* ]] || ! awk -v chain="$frames " \
			'index($0 " ", chain) == 1 { found = 1 } END { exit !found }' "$work/right"; then
			echo "WRONG: $library, $pages pages, end $end: $frames"
			((++wrong))
		elif [[ $end == complete ]] && ! grep -qxF "$frames" "$work/right"; then
			echo "WRONG: $library, $pages pages, said to be complete: $frames"
			((++wrong))
		elif [[ $end == complete ]]; then
			((complete += pages))
		else
			((short += pages, ++cut))
		fi
	done < <(chains)
	said=$(awk '$1 == "pages" { print $2 }' "$work/said")
	[[ $all == "$said" ]] || die "$all pages in chains of $said"
	errors=$((errors + $(jq '.lost.unwind_errors | add // 0' "$work/record.json")))
	((!cut)) || jq -e '.lost.unwind_errors | add // 0 > 0' "$work/record.json" >/dev/null ||
		die "$cut chains came short and nothing was counted"
}

# What is right: the same code in a file that is whole.
mkdir "$work/bad"
run "$dir/victim.so" || exit
chains >"$work/whole"
awk '$2 != "complete"' "$work/whole" | grep . && die "these chains of a whole file are not complete"
cut -d ' ' -f 4- "$work/whole" >"$work/right"
[[ $(wc -l <"$work/right") == 2 ]] || die "2 chains were expected: $(cat "$work/right")"

# Another library that has its build-id and its offsets, but not its frames.
run "$dir/victim.so" "$dir/twin.so" || exit
check
((complete == 4)) || echo "FAIL: with two libraries of one build-id $complete of 4 pages have a whole chain"
complete=0

"$dir/damage" "$dir/victim.so" "$work/bad" "$count"
files=("$work"/bad/*)
for ((i = 0; i < ${#files[@]}; i += batch)); do
	if run "${files[@]:i:batch}"; then
		check
	else
		((++wrong))
	fi
done
echo "${#files[@]} damaged files: $complete pages with the whole chain, $short with its beginning," \
	"$wrong chains wrong; $errors errors counted"
((wrong == 0))
