#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Huge pages that QEMU populates as it starts, while other guests migrate, are in no migration's record; what
# a migration populates of them is, with two at once as well. Arguments: MIGPOP QMP-CLI
# shellcheck disable=SC2119 # start_service takes options of its own
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

at_end=(return_huge_pages)
reserve_huge_pages $((6 * guest_memory)) || skip "$huge_missing"
pages=$((guest_memory / 4096))

# start_huge NAME PREALLOC [OPTIONS…]: its memory is ram1.
start_huge() {
	start_guest "$1" "$vm$1" -object "memory-backend-memfd,id=ram1,share=on,hugetlb=on,size=$guest_memory,prealloc=$2" \
		-machine pc,memory-backend=ram1 "${@:3}"
}

# begin NAME PREALLOC: one that the service knows.
begin() {
	start_huge "$1" "$2"
	wait_known "$1"
}
# end NAME: it is migrated, to nowhere.
end() {
	qmp "$1" migrate '{"uri": "exec:cat >/dev/null"}'
	qmp "$1" --wait-migration completed
}
has_record() { [[ $(find "$records" -name "*-$vm$1-source.json" | wc -l) -ge 1 ]]; }

# judge NAME PAGES: populated of huge memory.
judge() {
	wait_until 60 has_record "$1" || failed "no record of $1: $(tail -n 3 "$work/service.log")"
	jq -e --argjson pages "$2" '
		all(.accounting[]; .residual_pages == null or (.residual_pages | fabs) <= .uncertainty_pages) and
		([.accounting[] | select(.kind == "hugetlb") | .traced_pages] | add // 0) == $pages and
		all(.timeline[]; .populated_pages >= 0) and
		all(.backing[] | select(.kind == "hugetlb" and .populated_pages > 0); .ram_block == "ram1")' \
		"$records"/*-"$vm$1-source.json" >/dev/null ||
		failed "$1: $(jq -c '[.accounting, .timeline[:2], [.backing[] | select(.kind == "hugetlb")]]' "$records"/*-"$vm$1-source.json")"
	echo "ok  $1: $2 pages of $(jq -r '.totals.populated_pages' "$records"/*-"$vm$1-source.json")"
}

start_service
# The hooks that count stay attached as long as one waits for a stream.
start_guest waits "${vm}waits" -incoming "unix:$work/waits.stream"
wait_known waits
begin early on
# Its migration is read while the others' memory has come, and nobody counts theirs.
begin first off
end first
judge first "$pages"
end early
judge early 0
# Two at once: each has its own pages, whoever looks first.
begin one off
begin two off
qmp one migrate '{"uri": "exec:cat >/dev/null"}'
qmp two migrate '{"uri": "exec:cat >/dev/null"}'
qmp one --wait-migration completed
qmp two --wait-migration completed
judge one "$pages"
judge two "$pages"
stop_service
