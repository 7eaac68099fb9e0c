#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Record the stream of a real source, and replay it: with every handler, batched or not, tracked or
# not, into every kind of memory the content is the source's, and what is populated is what the
# records of the stream, page by page, come to.
# By the QEMU that is installed, or a newer one; a mapped-ram file by one that can write it.
# Usage: recorded.sh idle|blocks|churn|xbzrle|mapped-ram [--full] [--newer 10|11]
set -euo pipefail

# shellcheck source=tests/stream/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case=${1:-} full='' newer=''
[[ $case != mapped-ram ]] || newer=10
take_options "full! newer" "${@:2}"
if [[ $newer ]]; then
	qemu=$("$top/scripts/qemu$newer.sh" | tail -n 1)
	[[ -x $qemu ]] || skip "${qemu#SKIP: }"
fi
stream=$work/stream digests=$work/digests

record() {
	local rounds=0 uri="exec:cat > $stream"

	case $case in
	idle) source_start idle 64M ;;
	blocks) source_start idle 64M 32M ;;
	churn | xbzrle)
		source_start churn 128M
		wait_until "$limit" guest_churns || die "the guest does not run"
		rounds=4
		;;
	mapped-ram)
		source_start churn 128M
		wait_until "$limit" guest_churns || die "the guest does not run"
		qmp stop >/dev/null
		uri=file:$stream
		capability mapped-ram
		;;
	*) die "usage: recorded.sh idle|blocks|churn|xbzrle|mapped-ram [--full] [--newer 10|11]" ;;
	esac
	[[ $case != xbzrle ]] || capability xbzrle
	migrate "$uri" "$rounds"
	source_digests >"$digests"
	[[ -s $digests ]] || die "the source has no memory that could be read"
	source_end
	[[ $case == mapped-ram ]] || "$tools/truncate" "$stream" || fail "truncation"
	"$tools/model" "$stream" >"$work/model" || die "the stream cannot be read"
}

model() {
	jq -r "$1" "$work/model"
}

# What is populated at the end, by what the handler does with a page that was populated.
check_populated() {
	local what=$1 backing=$2 handler=$3 track=$4 populated

	populated=$(figure .populated_pages)
	case $backing:$handler:$track in
	memfd:read-first:off | file:read-first:off)
		expect "$what: populated" "$populated" -eq "$(model '.pages - .untouched')" ;;
	memfd:*:* | file:*:* | ram:auto:* | ram:madvise-first:*)
		[[ $handler == read-first ]] ||
			expect "$what: populated" "$populated" -eq "$(model .payload_at_end)" ;;
	ram:read-first:*) expect "$what: populated" "$populated" -eq "$(model .payload_ever)" ;;
	esac
}

check() {
	local backing=$1 handler=$2 batch=$3 track=$4 what="$case: $*"

	replay "$stream" --backing "$backing" --handler "$handler" --batch "$batch" \
		--track "$track" || return 0
	check_digests "$what" "$digests"
	check_populated "$what" "$backing" "$handler" "$track"
	expect "$what: zero pages" "$(figure .pages.zero)" -gt 0
	expect "$what: payload" "$(figure .pages.payload)" -gt 0
}

# By the tracer: whoever reads first populates zero pages, auto does not.
check_traced() {
	[[ $case == idle ]] || return 0
	if ! "$migpop" replay --trace --json "$stream" >"$work/replay.json" 2>"$work/replay.log"; then
		echo "SKIP: traced replays: $(tail -n 1 "$work/replay.log")"
		return
	fi
	expect "$case: auto: zero pages populated" "$(figure .zero_populated_pages)" -eq 0
	expect "$case: auto: lost" "$(figure .record.lost.events)" -eq 0
	replay "$stream" --trace --handler read-first || return 0
	expect "$case: read-first: zero pages populated" "$(figure .zero_populated_pages)" -eq \
		"$(model '.pages - .payload_at_end')"
	expect "$case: read-first: lost" "$(figure .record.lost.events)" -eq 0
	expect "$case: read-first: residual" "$(figure '[.record.accounting[] |
		select(.kind == "shmem") | .residual_pages | fabs] | add')" -eq 0
}

record
backings=(memfd ram memfd-private file hugetlb)
if ! reserve_huge_pages $((80 << 21)); then
	echo "SKIP: hugetlb: $huge_missing"
	backings=(memfd ram memfd-private file)
fi
for backing in "${backings[@]}"; do
	for handler in auto read-first madvise-first; do
		for batch in on off; do
			for track in on off; do
				# All of it takes a while where there is much payload.
				[[ $full || $backing == memfd || $batch:$track == on:on ]] ||
					continue
				check "$backing" "$handler" "$batch" "$track"
			done
		done
	done
done
[[ $case != xbzrle ]] || expect "$case: XBZRLE pages" "$(figure .pages.xbzrle)" -gt 0
[[ $case != churn ]] || expect "$case: pages that came again" \
	"$(figure '.pages.zero + .pages.payload')" -gt "$(model .pages)"
[[ $case != mapped-ram ]] || [[ $(figure .stream.mapped_ram) == true ]] || fail "not mapped-ram"
check_traced
finish
