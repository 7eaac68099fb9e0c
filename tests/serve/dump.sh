#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Dumps of guest memory that QEMU makes in a thread of its own have a record each, which says what it
# is; one that cannot be written has failed. By each version, and by each format that is built in.
# Arguments: MIGPOP QMP-CLI
# shellcheck disable=SC2119 # start_service takes options of its own
# shellcheck source=tests/serve/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

declare -A qemus=([7]=qemu-system-x86_64)
for version in 10 11; do
	path=$("$top/scripts/qemu$version.sh") || { echo "SKIP: of the QEMUs, $version: $path" && continue; }
	qemus[$version]=$path
done
start_service

# has_record NAME: in $record.
has_record() {
	record=$(find "$records" -name "*-$1-source.json" 2>/dev/null | head -n 1)
	[[ $record ]]
}

# dumps NAME FILE OUTCOME: a new guest there.
dumps() {
	start_guest "$1" "$vm$1"
	wait_known "$1"
	qmp "$1" dump-guest-memory "{\"paging\": false, \"detach\": true, \"protocol\": \"file:$2\", \"format\": \"$format\"}"
	wait_until 60 has_record "$vm$1" || failed "no record of $1: $(cat "$work/service.log")"
	jq -e --arg outcome "$3" '.migration.purpose == "dump" and .migration.transport == "file" and
		.migration.role == "source" and .migration.outcome == $outcome and
		.window.opened_by == "thread-argument" and .window.closed_by == "thread-end" and
		all(.accounting[]; .residual_pages == null or (.residual_pages | fabs) <= .uncertainty_pages) and
		($outcome == "failed" or .totals.zero_populated_pages >= '$((guest_memory / 4096 - 144))')' \
		"$record" >/dev/null || failed "$1: $(jq -c '.window, .migration, .totals, .accounting' "$record")"
	echo "ok  $1: $(jq -c '.migration | [.purpose, .transport, .outcome]' "$record"), $(jq .totals.zero_populated_pages "$record") zero pages"
	end_guest "$1"
}

for version in "${!qemus[@]}"; do
	qemu=("${qemus[$version]}")
	for format in elf kdump-zlib; do
		dumps "$version-$format" "$work/dump" ended
	done
	rm "$work/dump"
	mkdir "$work/full"
	mount -t tmpfs -o size=1M none "$work/full"
	mounted=$work/full format=elf
	dumps "$version-full" "$work/full/dump" failed
	umount "$work/full"
	mounted=''
	rmdir "$work/full"
done
