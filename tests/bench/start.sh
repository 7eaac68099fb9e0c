#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How long from the start of the tracer to the first event that it counts: of a process that populates
# pages all the time, with the executable mappings of a QEMU. The process writes down when it
# populated each page; the pages in the record are the last ones, so the first of them says when.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

usage() {
	cat <<'USAGE'
usage: start.sh [options]
  --rounds N      starts of each kind, odd is best (default 5)
  --modes LIST    of auto,fentry,kprobe,tracepoint (default auto,tracepoint)
  --stacks LIST   of cfi,fp,none (default cfi,none)
  --runs FILE     whose executable mappings the process has (default: a QEMU in PATH, else none)
  --build DIR     where the build left migpop and the workload (default build/release)
Prints, for each kind, one line
  bench start mode=MODE stack=STACK ms=MEDIAN ms_min=MS ms_max=MS rss_mib=MEDIAN rounds=N
rss_mib is the most memory that the tracer had resident; the maps in the kernel are not in it.
USAGE
}

rounds=5 modes=auto,tracepoint stacks=cfi,none build=$top/build/release
runs=$(command -v qemu-system-x86_64 || true)
take_options "rounds modes stacks runs build" "$@"
((rounds > 0)) || { usage >&2 && exit 2; }
((EUID == 0)) || skip "tracing needs root"
command -v jq >/dev/null || skip "jq is not installed"
[[ -x $build/migpop && -x $build/tests/bench/start ]] || die "no migpop in $build; build first"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
code=()
if [[ $runs ]]; then
	while read -r file; do
		code+=(-x "$file")
	done < <(echo "$runs" && ldd "$runs" | awk '$3 ~ /^\// { print $3 }')
fi

# start MODE STACK: one start; the ms until the first page that was counted, and the tracer's KiB.
start() {
	local counted pages first kib

	kib=$("$build/tests/bench/start" "${code[@]}" "$work/log" -- "$build/migpop" trace -p PID \
		--mode "$1" --stack "$2" --format json -o "$work/record") || return
	counted=$(jq '[.callsites[].backing[] | select(.name | test("memfd:start")).populated_pages]
		| add // 0' "$work/record")
	pages=$(wc -l <"$work/log")
	((counted > 0 && counted < pages)) || die "$counted pages counted of $pages"
	first=$(sed -n "$((pages - counted + 1))p" "$work/log")
	((first > 0)) || die "a page was counted $((-first)) ns before the tracer was there"
	awk -v ns="$first" -v kib="$kib" 'BEGIN { printf "%.1f %.1f\n", ns / 1e6, kib / 1024 }'
}

for mode in ${modes//,/ }; do
	for stack in ${stacks//,/ }; do
		for ((i = 0; i < rounds; i++)); do
			start "$mode" "$stack"
		done | sort -n >"$work/ms"
		awk -v kind="mode=$mode stack=$stack" '
			{ v[NR] = $1; rss[NR] = $2 }
			END {
				middle = int((NR + 1) / 2)
				median = (v[middle] + v[int((NR + 2) / 2)]) / 2
				print "bench start", kind, "ms=" median, "ms_min=" v[1], "ms_max=" v[NR],
					"rss_mib=" rss[middle], "rounds=" NR
			}' "$work/ms"
	done
done
