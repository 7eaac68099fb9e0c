#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A migration of a real, stock QEMU with libmigfix-preload.so at both ends, without a tracer. What it
# must look like is the case's, which is the first argument; --build and --out are as for migrate.sh.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

case=$1 build='' out=''
take_options "build out" "${@:2}"
here=$top/tests/preload
library=$build/fix/libmigfix-preload.so
mkdir -p "$out"
rm -f "$out"/statistics.*

# Pages that a guest of 256 MiB has, and the most of them that firmware fills.
pages=65536 firmware=144

migrate() {
	MIGFIX_STATS=$out/statistics.%p "$top/tests/qemu/migrate.sh" --build "$build" --out "$out" \
		--no-trace --memory 256M --preload "$library" "$@" ||
		exit $?
}

qemu10() {
	"$top/scripts/qemu10.sh" || exit $?
}

# check WHAT JQ-CONDITION: of run.json, with the growth of RSS at both ends in kB and the statistics.
check() {
	local end files=()

	for end in source destination; do
		files+=("$out/statistics.$(jq ".$end.pid" "$out/run.json")")
	done
	jq -e --slurpfile s "${files[0]}" --slurpfile d "${files[1]}" --argjson pages "$pages" \
		--argjson firmware "$firmware" '
		(.source.after_kb.VmRSS - .source.before_kb.VmRSS) as $source |
		(.destination.after_kb.VmRSS - .destination.before_kb.VmRSS) as $destination |
		$s[0].source as $asked | $d[0].destination as $handled |
		'"$2" "$out/run.json" >/dev/null ||
		die "$1: $(jq -c '[.source, .destination] | map([.before_kb, .after_kb] |
			map(.VmRSS))' "$out/run.json") $(jq -c . "${files[@]}")"
	echo "ok    $1"
}

# said END REGEX: the one line that it says.
said() {
	local line

	line=$(grep '^libmigfix [0-9]' "$out/$1.log")
	[[ $line =~ ^libmigfix\ [0-9.]+:\ $2$ ]] || die "$1 said: $line"
	echo "ok    $1: $line"
}

# shellcheck disable=SC2016 # jq's names
case $case in
idle)
	migrate --done "$here/memory-compare"
	said source 'source hooked; destination hooked; replaced buffer_is_zero'
	check "neither end grows by more than 4 MB" '$source <= 4096 and $destination <= 4096'
	check "each page of the guest was asked about, nearly all were holes" '
		$asked.hole_pages >= $pages - $firmware and $handled.hole_pages >= $pages - $firmware'
	;;
content | private | ram)
	declare -A backing=([content]=memfd [private]=memfd-private [ram]=ram)
	migrate --backing "${backing[$case]}" --ready "$here/memory-fill" --done "$here/memory-compare"
	;;
content10)
	qemu=$(qemu10) || { echo "$qemu" && exit 77; }
	for MIGFIX_POLICY in auto madvise-first read-first; do
		export MIGFIX_POLICY
		migrate --qemu "$qemu" --ready "$here/memory-fill" --done "$here/memory-compare"
		# Of 24 MiB of rubbish 16 are in the way of zero pages; 8 MiB are overwritten.
		case $MIGFIX_POLICY in
		read-first) check "$MIGFIX_POLICY: all is populated" '$destination > 200000' ;;
		auto) check "$MIGFIX_POLICY: kept what was there before" '
			$destination > 0 and $destination <= 12288 and
			$handled.hole_pages > 0 and $handled.populated_pages > 0' ;;
		madvise-first) check "$MIGFIX_POLICY: kept what was there before" '
			$destination > 0 and $destination <= 12288' ;;
		esac
	done
	;;
postcopy)
	migrate --capability postcopy-ram --done "$here/memory-compare"
	check "every page is there at the destination, though postcopy was not needed" '
		$destination > 250000 and $handled.present_pages >= $pages - $firmware and
		$handled.hole_pages == 0'
	check "the source does not grow" '$source <= 4096'
	;;
postcopy10)
	qemu=$(qemu10) || { echo "$qemu" && exit 77; }
	migrate --qemu "$qemu" --capability postcopy-ram --done "$here/memory-compare"
	check "every page is there at the destination" '
		$destination > 250000 and $handled.present_pages >= $pages - $firmware'
	;;
idle10)
	qemu=$(qemu10) || { echo "$qemu" && exit 77; }
	migrate --qemu "$qemu" --done "$here/memory-compare"
	said source '.*reads each page before.*; destination hooked; replaced ram_handle_zero.*'
	check "the destination does not grow" '$destination <= 4096'
	check "the source is as it always was" '$source > 250000'
	;;
multifd10)
	qemu=$(qemu10) || { echo "$qemu" && exit 77; }
	migrate --qemu "$qemu" --capability multifd --done "$here/memory-compare"
	check "neither end grows" '$source <= 4096 and $destination <= 4096'
	;;
confined)
	migrate --qemu "$here/confined" --done "$here/memory-compare"
	check "neither end grows by more than 4 MB" '$source <= 4096 and $destination <= 4096'
	check "nearly all pages of the guest were holes" '
		$asked.hole_pages >= $pages - $firmware and $handled.hole_pages >= $pages - $firmware'
	check "the statistics say which blocks are asked" '
		[$s[0].blocks[] | select(.asked) | .bytes] == [$pages * 4096] and $s[0].blocks_met > 1'
	migrate --qemu "$here/confined" --ready "$here/memory-fill" --done "$here/memory-compare"
	migrate --qemu "$here/confined" --backing memfd-private --done "$here/memory-compare"
	for end in source destination; do
		told=$(grep -c '^libmigfix: a RAM block of 256 MiB is always read: private memory, and /proc/self/pagemap cannot be opened$' "$out/$end.log") || true
		((told == 1)) || die "$end does not say once why private memory is not asked: $(<"$out/$end.log")"
	done
	check "and the statistics say it" '
		[$s[0].blocks[] | select(.bytes == $pages * 4096) | .reason | test("pagemap")] == [true]'
	;;
one-end)
	MIGFIX=src migrate
	said destination 'source hooked; destination left alone; replaced buffer_is_zero'
	check "src: the destination is as it always was" '$source <= 4096 and $destination > 250000'
	MIGFIX=dst migrate
	check "dst: the source is as it always was" '$source > 250000 and $destination <= 4096'
	;;
broken)
	library=$build/tests/preload/libmigfix-broken.so
	! (migrate --ready "$here/memory-fill" --done "$here/memory-compare") 2>&1 |
		tee "$out/said" || die "a handler that leaves old content went unnoticed"
	grep -q 'memory-compare failed$' "$out/said" || die "it failed of something else"
	;;
*) die "no such case: $case" ;;
esac
