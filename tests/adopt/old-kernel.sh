#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libmigfix on kernels that lack what it asks first: the same numbers of pages, the same content. And where
# the kernel refuses to take pages back: all stay, and are zero.
# Usage: old-kernel.sh BUILD
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"

build=$1 size=$((64 << 20))
pages=$((size / 4096))
# answer FEATURES POPULATED BACKING STATE CONTESTANT: of the benchmark's program; none is stale.
answer() {
	local features=$1 want="$2 0" got

	shift 2
	# shellcheck disable=SC2086 # a list
	got=$("$build/tests/adopt/without" $features -- "$build/tests/bench/fix" "$1" "$size" "$2" "$3")
	[[ ${got#* * } == "$want" ]] || die "without $features: $*: ${got#* * }, not $want"
}

for contestant in auto batched madvise-first; do
	answer pagemap-scan 0 anon hole "$contestant"
	answer pagemap-scan $(((pages + 49) / 100)) anon sparse "$contestant"
	answer pagemap-scan 0 anon dirty "$contestant"
done
answer populate-read $((pages / 8)) memfd populate sparse
for contestant in auto batched madvise-first; do
	answer dontneed "$pages" anon dirty "$contestant"
	answer remove "$pages" memfd dirty "$contestant"
done
# Every operation on the memory that is asked for by its page table; those of one huge page take long.
for kind in anon memfd-private hugetlb-anon; do
	for features in pagemap-scan "pagemap-scan populate-read"; do
		# shellcheck disable=SC2086 # a list
		log=$("$build/tests/adopt/without" $features -- "$build/tests/fix/model" \
			--seed 1 --operations 200 --case "$kind/*") || die "without $features: $log"
	done
done
# The kernel's own call shows that the filter is there.
if (answer populate-read $((pages / 8)) memfd populate kernel 2>/dev/null); then
	die "MADV_POPULATE_READ was not taken away"
fi
echo "as before PAGEMAP_SCAN (Linux 6.7), as before MADV_POPULATE_READ (Linux 5.14); no page taken back"
