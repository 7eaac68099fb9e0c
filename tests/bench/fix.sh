#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What it costs to make a page of guest memory zero, and what becomes populated by it: QEMU's way, the
# published fix, and libmigfix. Contestants alternate, each in a process and memory of its own; ratios
# are to reading first in the same round, since times drift from minute to minute. A number of populated or stale pages that is not the exact one expected fails
# the benchmark.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

usage() {
	cat <<'USAGE'
usage: fix.sh [options]
  --size LIST          of memory, multiples of 16M (default 1G)
  --full               1G, then 4G, and 16G of memfd; 3 rounds where it is 16G
  --rounds N           rounds a contestant, odd is best (default 5)
  --backings LIST      of memfd,anon,hugetlb (default: all of them)
  --states LIST        of hole,sparse,dirty,populate (default: all of them)
  --contestants LIST   of read-first,dontneed,madvise-first,auto,batched,tracked (default: all of them)
  --targets            fail where a figure misses its target
  --build DIR          where the build left the workload (default build/release)
hole: nothing was ever populated; sparse: one page in a hundred holds payload, the others are made zero;
dirty: all pages hold payload, and all are made zero. Calls are for 4 KiB each, as QEMU's are.
populate: one block of 2 MiB in eight for reading, the others are discarded (memfd).
Prints a table and, for each contestant, one line
  bench fix backing=B state=S size=BYTES contestant=NAME ns=N ratio=N populated=N stale=N rounds=N
ns is a page's; stale pages are those that do not hold what they should.
USAGE
}

size=1G full=0 rounds=5 backings=memfd,anon,hugetlb states=hole,sparse,dirty,populate targets=0
contestants=read-first,dontneed,madvise-first,auto,batched,tracked build=$top/build/release
take_options "size full! rounds backings states contestants targets! build" "$@"
((rounds > 0)) || { usage >&2 && exit 2; }
[[ ,$contestants == *,read-first,* ]] || contestants=read-first,$contestants
fix=$build/tests/bench/fix
[[ -x $fix ]] || die "no $fix; build first"

work=$(mktemp -d)
touch "$work/table" "$work/lines"
cleanup() {
	return_huge_pages
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# expected BACKING STATE CONTESTANT PAGES: how many are populated in the end, and how many are stale.
expected() {
	local backing=$1 state=$2 contestant=$3 pages=$4
	local payload=$(((pages + 49) / 100))

	# In huge pages of which each holds some payload, all is populated.
	[[ $backing != hugetlb ]] || payload=$pages
	case $backing-$state-$contestant in
	*-populate-byte-a-page) echo "$pages 0" ;;
	*-populate-*) echo "$((pages / 8)) 0" ;;
	anon-hole-*) echo "0 0" ;; # to read maps the shared zero page
	*-hole-read-first) echo "$pages 0" ;;
	*-hole-*) echo "0 0" ;;
	anon-sparse-* | hugetlb-sparse-*) echo "$payload 0" ;;
	*-sparse-read-first) echo "$pages 0" ;;
	*-sparse-*) echo "$payload 0" ;;
	anon-dirty-dontneed) echo "0 0" ;;
	*-dirty-dontneed) echo "$pages $pages" ;; # the old content is still there
	*-dirty-read-first | hugetlb-dirty-*) echo "$pages 0" ;;
	*-dirty-*) echo "0 0" ;;
	esac
}

# measure BACKING STATE SIZE CONTESTANT: appends the ns to its file. 1 if the huge pages are gone.
measure() {
	local answer status=0 ns pages populated stale want

	answer=$("$fix" "$1" "$3" "$2" "$4") || status=$?
	((status != 77)) || return 1
	((status == 0)) || die "$*: exit status $status"
	read -r ns pages populated stale <<<"$answer"
	want=$(expected "$1" "$2" "$4" $(($3 / 4096)))
	[[ "$populated $stale" == "$want" ]] ||
		die "$*: $populated pages populated and $stale stale, not $want"
	echo "$ns" >>"$work/$4"
	echo "$pages $populated $stale" >"$work/$4.pages"
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'
}

# most BACKING STATE CONTESTANT: the target of the ratio, where there is one.
most() {
	case $1-$2-$3 in
	memfd-hole-auto) echo 0.15 ;;
	memfd-hole-batched) echo 0.005 ;;
	memfd-hole-tracked) echo 0.003 ;;
	memfd-populate-sparse) echo 1.1 ;;
	esac
}

# report BACKING STATE SIZE ROUNDS CONTESTANT…: the first is what the others are compared with.
report() {
	local backing=$1 state=$2 size=$3 rounds=$4 ns ratio populated stale target

	shift 4
	for contestant in "$@"; do
		ns=$(median <"$work/$contestant")
		ratio=$(paste "$work/$contestant" "$work/$1" | awk '{ print $1 / $2 }' | median)
		read -r _ populated stale <"$work/$contestant.pages"
		printf '%s\t%s\t%s\t%s\t%.2f\t%.5f\t%s\t%s\n' "$(numfmt --to=iec "$size")" "$backing" \
			"$state" "$contestant" "$ns" "$ratio" "$populated" "$stale" >>"$work/table"
		echo "bench fix backing=$backing state=$state size=$size contestant=$contestant ns=$ns" \
			"ratio=$ratio populated=$populated stale=$stale rounds=$rounds" >>"$work/lines"
		target=$(most "$backing" "$state" "$contestant")
		if [[ $target ]] && awk -v r="$ratio" -v t="$target" 'BEGIN { exit !(r > t) }'; then
			echo "$size $backing $state: $contestant costs $ratio of $1, target $target"
		fi >>"$work/missed"
	done
}

# compete BACKING STATE SIZE ROUNDS CONTESTANT…
compete() {
	local backing=$1 state=$2 size=$3 rounds=$4 round contestant

	for contestant in "${@:5}"; do
		rm -f "$work/$contestant"
	done
	for ((round = 1; round <= rounds; round++)); do
		[[ ! -t 2 ]] || printf '\r\e[K%s %s %s round %d' "$size" "$backing" "$state" "$round" >&2
		for contestant in "${@:5}"; do
			measure "$backing" "$state" "$size" "$contestant" || return 1
		done
	done
	[[ ! -t 2 ]] || printf '\r\e[K' >&2
	report "$@"
}

# one BACKING SIZE ROUNDS: all states.
one() {
	local backing=$1 size=$2 rounds=$3 list

	IFS=, read -ra list <<<"$contestants"
	if ((size + size / 64 + (1 << 30) > $(memory_available))); then
		echo "left out: $backing of $(numfmt --to=iec "$size"): not enough memory available"
		return
	fi
	if [[ $backing == hugetlb ]] && ! reserve_huge_pages "$size"; then
		return_huge_pages
		echo "left out: hugetlb of $(numfmt --to=iec "$size"): $huge_missing"
		return
	fi
	for state in ${states//,/ }; do
		case $backing-$state in
		memfd-populate)
			compete "$backing" "$state" "$size" "$rounds" kernel sparse byte-sections byte-a-page
			;;
		*-populate) ;;
		*) compete "$backing" "$state" "$size" "$rounds" "${list[@]}" ||
			echo "left out: $backing $state: others took the huge pages meanwhile" ;;
		esac
	done
	return_huge_pages
}

((!full)) || size=1G,4G
sizes=${size//,/ }
for size in $sizes; do
	size=$(bytes "$size")
	((size > 0 && size % (16 << 20) == 0)) || { usage >&2 && exit 2; }
	for backing in ${backings//,/ }; do
		one "$backing" "$size" "$rounds"
	done
done
((!full)) || one memfd $((16 << 30)) 3

echo "a page of 4 KiB a call, medians, Linux $(uname -r), $(nproc) CPUs"
{
	printf 'size\tmemory\tstate\tcontestant\tns a page\tratio\tpopulated\tstale\n'
	cat "$work/table"
} | column -t -s $'\t'
echo
cat "$work/lines"
[[ ! -s $work/missed ]] || { cat "$work/missed" && ((!targets)); }
